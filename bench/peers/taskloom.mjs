/*
 * Taskloom itself, speaking the peers' protocol: batches of tasks through the public API, on --threads worker threads.
 *
 *   node taskloom.mjs --data DIR [--device wasm] [--threads 1] [--tasks 50] [--repeats 5]
 *
 * With --device webgpu, on the adapter that the other libraries get too, and with results read back as theirs are.
 * Its results are checked bit by bit in the test suite; here the shapes are.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readIdxDataset, TaskAugmentor } from "../../dist/index.js";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    threads: { type: "string", default: "1" },
    tasks: { type: "string", default: "50" },
    repeats: { type: "string", default: "5" },
    device: { type: "string", default: "wasm" },
  },
});
const { device } = values;
const [threads, tasks, repeats] = [values.threads, values.tasks, values.repeats].map(Number);
const dataset = await readIdxDataset({
  images: join(values.data, "train-images-idx3-ubyte"),
  labels: join(values.data, "train-labels-idx1-ubyte"),
});
const augmentor = new TaskAugmentor({
  taskCount: 2 ** 32,
  seed: 42,
  ...(device === "webgpu" ? { backend: device } : { backend: device, workers: threads }),
});
const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
const { reason } = await augmentor.describeBackend().catch((error) => {
  console.log(JSON.stringify({ peer: "taskloom", device, absent: error.message }));
  process.exit();
});

let next = 0;
let ok = true;
async function round(count) {
  const batchSize = Math.max(1, Math.min(16, Math.floor(count / threads / 2)));
  for await (const { inputs, targets } of augmentor.batches(dataset, {
    start: next,
    stop: next + count,
    batchSize,
    reuse: true,
  })) {
    ok &&= inputs.shape[1] === 100 && inputs.shape[2] === 794 && targets.data.length === inputs.shape[0] * 100;
  }
  next += count;
}

// Long enough for the engine to have optimised the module in every thread.
await round(device === "webgpu" ? tasks : Math.max(tasks, 100 * threads));
const seconds = [];
for (let i = 0; i < repeats; i++) {
  const start = performance.now();
  await round(tasks);
  seconds.push((performance.now() - start) / 1000);
}
augmentor.dispose();
console.log(JSON.stringify({ peer: "taskloom", version, device, adapter: reason, threads, tasks, seconds, ok }));
