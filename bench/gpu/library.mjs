// Runs the library through its public API, and compares its results with those of the WebAssembly backend.
import { TaskAugmentor } from "../../dist/index.js";
import { median } from "../median.mjs";
import { readBack } from "./device.mjs";

/**
 * Walks over `tasks` tasks in batches that stay on the GPU, in reused buffers, after a warm-up.
 *
 * Returns the milliseconds of a task: by the clock, and of each kind of pass by its label. These are medians over batches.
 */
export async function walk({ device, recorder, sizes }, dataset, options, tasks, batchSize) {
  const warm = sizes.warm * batchSize;
  const all = { seed: 42, ...options, taskCount: warm + tasks };
  return withAugmentor({ ...all, backend: device }, async (augmentor) => {
    const batches = (range) => augmentor.gpuBatches(dataset, { ...range, batchSize, reuse: true });
    for await (const _ of batches({ stop: warm }));
    recorder.start();
    const start = performance.now();
    for await (const batch of batches({ start: warm })) {
      if (batch.tasks.stop < all.taskCount) continue;
      // The last batch, which is valid until the walk goes on.
      const wall = (performance.now() - start) / tasks;
      const passes = new Map();
      for (const [label, times] of await recorder.stop()) {
        passes.set(label, perBatch(times, tasks / batchSize) / batchSize);
      }
      await check(dataset, all, batch);
      return { wall, passes };
    }
    throw new Error("the walk ended before its last task");
  });
}

/** Runs some work with an augmentor, and disposes of it. */
export async function withAugmentor(options, work) {
  const augmentor = new TaskAugmentor(options);
  try {
    return await work(augmentor);
  } finally {
    augmentor.dispose();
  }
}

/** Returns the median over batches of a batch's time; a batch may have several passes. */
function perBatch(times, batches) {
  const each = Math.ceil(times.length / batches);
  const sums = [];
  for (let i = 0; i < times.length; i += each) sums.push(times.slice(i, i + each).reduce((a, b) => a + b));
  return median(sums);
}

/** Makes a few tasks in memory that is full of 0xCD, and checks the first and the last one. */
export async function checkPoisoned({ device, recorder }, dataset, options, tasks) {
  const all = { seed: 42, ...options, taskCount: tasks };
  recorder.poisoning = true;
  const before = recorder.poisoned;
  await withAugmentor({ ...all, backend: device }, async (augmentor) => {
    for await (const batch of augmentor.gpuBatches(dataset, { batchSize: tasks })) {
      await check(dataset, all, batch);
      batch.destroy();
    }
  });
  recorder.poisoning = false;
  if (recorder.poisoned < before + 2) throw new Error("no output was poisoned: the library's labels have changed");
}

/** @throws Error if the first or the last task of a batch differs from the WebAssembly backend's */
async function check(dataset, options, { tasks, inputs, targets, device }) {
  const count = tasks.stop - tasks.start;
  const part = async (task, { buffer, offset, size }) =>
    readBack(device, buffer, offset + ((task - tasks.start) * size) / count, size / count);
  await withAugmentor({ ...options, backend: "wasm", workers: 0 }, async (wasm) => {
    for (const task of new Set([tasks.start, tasks.stop - 1])) {
      const expected = await wasm.batch(dataset, task);
      compareTargets(task, new Uint32Array(await part(task, targets)), expected.targets.data);
      const got = new Float32Array(await part(task, inputs));
      if (dataset.dtype === "uint8") compareBits(task, got, expected.inputs.data);
      else compareFloats(task, got, expected.inputs.data);
    }
  });
}

function compareTargets(task, got, expected) {
  if (got.length === expected.length && got.every((target, i) => target === expected[i])) return;
  throw new Error(`wrong result: targets of task ${task}`);
}

function compareBits(task, got, expected) {
  const [a, b] = [got, expected].map(({ buffer, byteOffset, length }) => new Uint32Array(buffer, byteOffset, length));
  const wrong = a.findIndex((word, i) => word !== b[i]);
  if (a.length !== b.length || wrong >= 0) {
    throw new Error(`wrong result: value ${wrong} of task ${task} is ${got[wrong]}, should be ${expected[wrong]}`);
  }
}

/** Compares within 2e-4 of the root mean square, because float sums depend on their order. */
export function compareFloats(task, got, expected) {
  const like = Math.sqrt(expected.reduce((sum, x) => sum + x * x, 0) / expected.length);
  const wrong = got.findIndex((value, i) => !(Math.abs(value - expected[i]) <= 2e-4 * like));
  if (got.length !== expected.length || wrong >= 0) {
    throw new Error(`wrong result: value ${wrong} of task ${task} is ${got[wrong]}, should be ${expected[wrong]}`);
  }
}
