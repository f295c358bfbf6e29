import type { ItemBuffers } from "../backend.js";
import { Loans, USAGE } from "./device/buffers.js";
import type { DrawnDispatch } from "./dispatches.js";
import type { Session } from "./session.js";

const OUTPUT = USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST;
const STAGING = USAGE.MAP_READ | USAGE.COPY_DST;
const MAP_MODE_READ = 1;

/** Submits a dispatch whose results stay on the device. */
export async function submit(
  { gpu, path, buffers }: Session,
  dispatch: DrawnDispatch,
  woven: ItemBuffers,
): Promise<void> {
  const { inputs, targets, labels } = woven;
  const { queue } = gpu.device;
  const loans = new Loans(buffers);
  let submitted: Promise<void>;
  try {
    const encode = await path.stage({ ...dispatch, outputFirst: dispatch.first }, loans);
    submitted = gpu.submit("batch", (encoder) => {
      queue.writeBuffer(targets, dispatch.first * 4, dispatch.targets);
      if (labels) queue.writeBuffer(labels, dispatch.first * 4, dispatch.labels);
      encode(encoder, inputs);
    });
  } finally {
    loans.giveBack();
  }
  await submitted;
}

/** Submits a dispatch and copies its results to `to`. */
export async function submitAndRead(
  { gpu, path, buffers }: Session,
  dispatch: DrawnDispatch,
  to: Uint8Array,
): Promise<void> {
  const loans = new Loans(buffers);
  const reading = new Loans(buffers);
  const bytes = Math.ceil(to.length / 4) * 4;
  try {
    let staging: GPUBuffer;
    let submitted: Promise<void>;
    try {
      staging = await reading.take("staging", bytes, STAGING);
      const output = await loans.take("output", bytes, OUTPUT);
      const encode = await path.stage({ ...dispatch, outputFirst: 0 }, loans);
      submitted = gpu.submit("batch", (encoder) => {
        encode(encoder, output);
        encoder.copyBufferToBuffer(output, 0, staging, 0, bytes);
      });
    } finally {
      loans.giveBack();
    }
    submitted.catch(() => undefined); // awaited below, unless mapAsync throws
    const mapped = staging.mapAsync(MAP_MODE_READ, 0, bytes);
    mapped.catch(() => undefined); // awaited below, unless the submission failed
    await submitted;
    await mapped;
    to.set(new Uint8Array(staging.getMappedRange(0, bytes), 0, to.length));
    staging.unmap();
    reading.giveBack();
  } catch (error) {
    reading.discard();
    throw error;
  }
}
