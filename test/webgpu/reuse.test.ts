import {
  Dataset,
  type GpuBatch,
  type GpuTensor,
  openTasks,
  recipeOf,
  TaskAugmentor,
  type TaskAugmentorOptions,
} from "taskloom";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { dawn } from "./dawn.js";

/** The variable keeps the host alive: Dawn destroys its devices when the host is collected. */
const host = dawn(); // @module-tag webgpu
let device: GPUDevice;
/** Buffers of batches that were made and not destroyed. */
const live = new Set<GPUBuffer>();
/** All that were made. */
const made = new Set<GPUBuffer>();
/** Errors that no scope of the library caught. */
const uncaptured: string[] = [];

async function newDevice(): Promise<GPUDevice> {
  const adapter = await host.requestAdapter();
  if (!adapter) throw new Error("no WebGPU adapter: install a driver, or see VK_DRIVER_FILES");
  const created = await adapter.requestDevice();
  created.addEventListener("uncapturederror", ({ error }) => uncaptured.push(error.message));
  const createBuffer = created.createBuffer.bind(created);
  created.createBuffer = (descriptor) => {
    const buffer = createBuffer(descriptor);
    if (!/woven|loaded/.test(descriptor.label ?? "")) return buffer;
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      live.delete(buffer);
      destroy();
    };
    live.add(buffer);
    made.add(buffer);
    return buffer;
  };
  return created;
}

beforeAll(async () => {
  device = await newDevice();
});
afterAll(() => device?.destroy());
beforeEach(() => {
  live.clear();
  made.clear();
});
/** Whatever became of the walk, nothing of it is left. */
afterEach(async () => {
  await vi.waitFor(() => expect(live.size).toBe(0), 20_000);
  expect(uncaptured).toEqual([]);
});

const dataset = Dataset.from({
  images: Uint8Array.from({ length: 40 * 30 }, (_, i) => ((i * 2654435761) >>> 24) * (i % 3 === 0 ? 1 : 0)),
  targets: Array.from({ length: 40 }, (_, i) => i % 7),
  shape: [5, 6],
});
const options = { taskCount: 50, seed: 3, sequenceLength: 11 } as const;
/** Compiled in no time. */
const simple = { ...options, identity: { projection: true } };

/** Submits a copy at once; the function that it returns reads the copied bytes later. */
function copy({ buffer, offset, size }: GpuTensor): () => Promise<ArrayBuffer> {
  const bytes = Math.ceil(size / 4) * 4;
  const staging = device.createBuffer({ size: bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, offset, staging, 0, bytes);
  device.queue.submit([encoder.finish()]);
  return async () => {
    await staging.mapAsync(GPUMapMode.READ);
    const copied = staging.getMappedRange().slice(0, size);
    staging.destroy();
    return copied;
  };
}

/** The arrays of a batch, copied by commands that the walk does not wait for. */
function copies({ inputs, targets, labels }: Pick<GpuBatch, "inputs" | "targets" | "labels">) {
  const [values, integers, given] = [copy(inputs), copy(targets), labels && copy(labels)];
  return async () => ({
    inputs: new Uint8Array(await values()),
    targets: [...new Uint32Array(await integers())],
    labels: given && [...new Uint32Array(await given())],
  });
}

const kinds = [
  {},
  { dtype: "float16", outFeatures: 4 },
  { labelFormat: "integer", identity: 0.5 },
  { drawSequence: false },
  { outputScaling: "example" },
] as const satisfies TaskAugmentorOptions[];

describe("batches whose buffers serve again", () => {
  test.each(kinds)("%o have the values of those that keep theirs", async (kind) => {
    using tasks = new TaskAugmentor({ ...options, ...kind, backend: device });
    const range = { start: 4, stop: 27, batchSize: 3 };
    const expected: unknown[] = [];
    for await (const batch of tasks.gpuBatches(dataset, range)) {
      expected.push(await copies(batch)());
      batch.destroy();
    }
    expect(expected.length).toBe(8);
    const fresh = made.size;
    made.clear();

    const read: ReturnType<typeof copies>[] = [];
    const buffers: GPUBuffer[] = [];
    const spans: (readonly [number, number])[] = [];
    for await (const batch of tasks.gpuBatches(dataset, { ...range, reuse: true })) {
      // Submitted, not awaited: the next batch is filled behind it.
      read.push(copies(batch));
      buffers.push(batch.inputs.buffer);
      spans.push([batch.tasks.start, batch.tasks.stop]);
      batch.destroy();
      expect(live.has(batch.inputs.buffer)).toBe(true);
    }
    expect(live.size).toBe(0);
    expect(await Promise.all(read.map((each) => each()))).toEqual(expected);
    expect(spans).toEqual(Array.from({ length: 8 }, (_, i) => [4 + 3 * i, Math.min(7 + 3 * i, 27)]));
    // Seven batches in three sets, in turn. The last one is shorter: a set is destroyed for one of its size.
    expect(new Set(buffers).size).toBe(4);
    for (let i = 3; i < 7; i++) expect(buffers[i]).toBe(buffers[i - 3]);
    expect(made.size).toBe((fresh / 8) * 4);
  });

  test("a walk that is left early destroys them all, those under way too", async () => {
    using tasks = new TaskAugmentor({ ...simple, backend: device });
    let seen = 0;
    for await (const batch of tasks.gpuBatches(dataset, { batchSize: 5, reuse: true })) {
      expect(live.has(batch.inputs.buffer)).toBe(true);
      if (++seen === 4) break;
    }
    await vi.waitFor(() => expect(live.size).toBe(0), 20_000);
    expect(made.size).toBe(6);
  });

  test("an aborted walk rejects with the reason and destroys them", async () => {
    using tasks = new TaskAugmentor({ ...simple, backend: device });
    const reason = new Error("enough");
    const abort = new AbortController();
    const walk = async () => {
      for await (const { tasks: span } of tasks.gpuBatches(dataset, {
        batchSize: 2,
        reuse: true,
        signal: abort.signal,
      })) {
        if (span.start === 6) abort.abort(reason);
      }
    };
    await expect(walk()).rejects.toBe(reason);
    await vi.waitFor(() => expect(live.size).toBe(0), 20_000);
    expect(made.size).toBe(6);
    expect((await tasks.batch(dataset, 49)).inputs.shape).toEqual([1, 11, 37]);
  });

  test("a walk whose buffers were destroyed by the caller fails with the task that could not be made", async () => {
    using tasks = new TaskAugmentor({ ...simple, backend: device });
    const starts: number[] = [];
    const walk = async () => {
      for await (const { tasks: span, targets } of tasks.gpuBatches(dataset, { batchSize: 2, reuse: true })) {
        starts.push(span.start);
        if (span.start === 4) targets.buffer.destroy();
      }
    };
    // The set of tasks 4 and 5 was to hold 10 and 11; what was under way came before.
    await expect(walk()).rejects.toMatchObject({ name: "WebGpuError", reason: "validation", nextTask: 10 });
    expect(starts).toEqual([0, 2, 4, 6, 8]);
    const again = await tasks.gpuBatches(dataset, { start: 10, batchSize: 2 }).next();
    expect(again.value?.tasks).toEqual({ start: 10, stop: 12 });
    again.value?.destroy();
    await vi.waitFor(() => expect(live.size).toBe(4), 20_000);
    for (const buffer of live) buffer.destroy();
  });

  test("a device that is lost fails the walk with the next task, and the augmentor goes on with another", async () => {
    using tasks = new TaskAugmentor({ ...simple, backend: "webgpu" });
    let last: GpuBatch | undefined;
    const walk = async () => {
      for await (const batch of tasks.gpuBatches(dataset, { batchSize: 2, reuse: true })) {
        last = batch;
        if (batch.tasks.start === 4) batch.device.destroy();
      }
    };
    const error = await walk().catch((reason) => reason);
    expect(error).toMatchObject({ name: "WebGpuError", reason: "device lost", nextTask: last?.tasks.stop });
    for await (const batch of tasks.gpuBatches(dataset, { start: 4, stop: 12, batchSize: 2, reuse: true })) {
      expect(batch.device).not.toBe(last?.device);
    }
  });
});

describe("batches of a loader whose buffers serve again", () => {
  async function open() {
    using tasks = new TaskAugmentor(simple);
    const recipe = await recipeOf(tasks, dataset);
    const cpu = await openTasks(recipe, { dataset, workers: 0, backend: "wasm" });
    return { cpu, gpu: await openTasks(recipe, { dataset, backend: device }) };
  }

  test.each(["made on the device", "uploaded"] as const)("%s: the values of those in arrays", async (how) => {
    const { cpu, gpu } = await open();
    const walk = { batchSize: 4, shuffle: true, epochs: 1 };
    const expected: unknown[] = [];
    for await (const { inputs, targets } of cpu.batches(walk)) {
      expected.push({ inputs: new Uint8Array(inputs.data.buffer), targets: [...targets.data], labels: undefined });
    }
    const source = how === "uploaded" ? cpu : gpu;
    const read: ReturnType<typeof copies>[] = [];
    for await (const batch of source.gpuBatches({ ...walk, device, prefetch: 1, reuse: true })) {
      read.push(copies(batch));
      batch.destroy();
      expect(live.has(batch.inputs.buffer)).toBe(true);
    }
    expect(await Promise.all(read.map((each) => each()))).toEqual(expected);
    // Two sets in turn, and one for the short batch at the end.
    expect(made.size).toBe(2 * 3);
    expect(live.size).toBe(0);
    await Promise.all([cpu.dispose(), gpu.dispose()]);
  });

  test("a walk that is left early destroys them; batches() has no use for the option", async () => {
    const { cpu, gpu } = await open();
    let seen = 0;
    for await (const { inputs } of gpu.gpuBatches({ batchSize: 4, device, reuse: true })) {
      expect(live.has(inputs.buffer)).toBe(true);
      if (++seen === 5) break;
    }
    await vi.waitFor(() => expect(live.size).toBe(0), 20_000);
    expect(made.size).toBe(2 * 3);
    expect(() => cpu.batches({ reuse: true } as never)).toThrow(/reuse is true; allowed: for gpuBatches\(\) only/);
    await Promise.all([cpu.dispose(), gpu.dispose()]);
  });
});
