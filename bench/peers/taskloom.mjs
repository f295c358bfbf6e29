/*
 * Taskloom itself, speaking the peers' protocol: batches of tasks through the public API, on --threads worker threads.
 *
 *   node taskloom.mjs --data DIR [--device wasm] [--threads 1] [--tasks 50] [--repeats 5] [--kind mnist]
 *
 * With --device webgpu, on the adapter that the other libraries get too, and with results read back as theirs are; with
 * --device webgpu-kept results stay on it, as PyTorch's and JAX's do on CUDA.
 * Its results are checked bit by bit in the test suite; here the shapes are.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Dataset, readIdxDataset, TaskAugmentor } from "../../dist/index.js";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    threads: { type: "string", default: "1" },
    tasks: { type: "string", default: "50" },
    repeats: { type: "string", default: "5" },
    device: { type: "string", default: "wasm" },
    kind: { type: "string", default: "mnist" },
  },
});
const { device, kind } = values;
const [threads, tasks, repeats] = [values.threads, values.tasks, values.repeats].map(Number);
const dataset = kind === "mnist" ? await readMnist() : makeDense(...kind.split("-"));

function readMnist() {
  return readIdxDataset({
    images: join(values.data, "train-images-idx3-ubyte"),
    labels: join(values.data, "train-labels-idx1-ubyte"),
  });
}

/** Dense examples: bytes without a zero, or about normal, in 16 bits too. */
function makeDense(dtype, features) {
  const count = 30000;
  const shape = [Number(features)];
  const targets = Uint16Array.from({ length: count }, (_, i) => i % 10);
  const values = dtype === "uint8" ? new Uint8Array(count * shape[0]) : new Float32Array(count * shape[0]);
  let state = 1;
  for (let i = 0; i < values.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    // The sum of four uniforms has a deviation of sqrt(1 / 3).
    const bytes = (state & 255) + ((state >>> 8) & 255) + ((state >>> 16) & 255) + (state >>> 24);
    values[i] = dtype === "uint8" ? 1 + (state >>> 24) * (254 / 255) : (bytes / 255 - 2) * Math.sqrt(3);
  }
  const made = Dataset.from({ images: values, targets, shape, classes: 10 });
  return dtype === "int16" ? made.quantize({ bits: 16 }) : made;
}
const kept = device === "webgpu-kept";
const augmentor = new TaskAugmentor({
  taskCount: 2 ** 32,
  seed: 42,
  ...(kind === "mnist" ? {} : { inputScaling: "unit" }),
  ...(device === "wasm" ? { backend: device, workers: threads } : { backend: "webgpu" }),
});
const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
const { reason } = await augmentor.describeBackend().catch((error) => {
  console.log(JSON.stringify({ peer: "taskloom", device, absent: error.message }));
  process.exit();
});
const batch = device === "wasm" ? Math.max(1, Math.min(16, Math.floor(tasks / threads / 2))) : Math.min(tasks, 64);

let next = 0;
let ok = true;
async function round(count) {
  const walk = { start: next, stop: next + count, batchSize: batch };
  next += count;
  let queue;
  for await (const made of kept
    ? augmentor.gpuBatches(dataset, walk)
    : augmentor.batches(dataset, { ...walk, reuse: true })) {
    const [n, length, width] = made.inputs.shape;
    ok &&=
      length === 100 && width === dataset.features + 10 && made.targets.shape[0] === n && made.targets.shape[1] === 100;
    if (kept) {
      queue = made.device.queue;
      made.destroy();
    }
  }
  await queue?.onSubmittedWorkDone();
}

// Long enough for the engine to have optimised the module in every thread.
await round(device === "wasm" ? Math.max(tasks, 100 * threads) : tasks);
const seconds = [];
for (let i = 0; i < repeats; i++) {
  const start = performance.now();
  await round(tasks);
  seconds.push((performance.now() - start) / 1000);
}
augmentor.dispose();
const adapter = device === "wasm" ? undefined : reason.replace("asked for: ", "");
console.log(JSON.stringify({ peer: "taskloom", version, device, adapter, threads, batch, tasks, seconds, ok }));
process.exit(); // a WebGPU device would keep the process
