// One point of bench:growth: node point.mjs SWEEP VALUE THREADS. Prints one line of JSON.
import { Dataset, TaskAugmentor } from "../../dist/index.js";
import { mnist } from "../../dist/node.js";
import { SWEEPS } from "./sweeps.mjs";

const EXAMPLES = 2000; // of made-up datasets
const WARM_UP_TASK = 2 ** 24; // far from those that are timed
const WARM_UP = 500; // milliseconds after which the engine has optimised the module in every thread

const [name, value, threads] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const sweep = SWEEPS.find((candidate) => candidate.name === name);
const dataset = await examples(sweep.examples(value));
const tasks = sweep.tasks(value);
const options = { seed: 42, backend: "wasm", workers: threads, ...sweep.options(value) };
const augmentor = new TaskAugmentor({ ...options, taskCount: 2 ** 32 });
const begin = performance.now();
do {
  // Two batches for each thread: a thread that never ran is not warm.
  await walk(augmentor, { start: WARM_UP_TASK, stop: WARM_UP_TASK + 8 * threads, batchSize: 4 });
} while (performance.now() - begin < WARM_UP);
const start = performance.now();
const seen = await walk(augmentor, { start: 0, stop: tasks });
const milliseconds = (performance.now() - start) / tasks;
augmentor.dispose();
if (seen !== tasks) throw new Error(`${seen} tasks were made, not ${tasks}`);
console.log(JSON.stringify({ milliseconds, tasks, peak: process.resourceUsage().maxRSS / 1024 }));

async function walk(augmentor, range) {
  let seen = 0;
  for await (const { tasks: made } of augmentor.batches(dataset, { ...range, reuse: true }))
    seen += made.stop - made.start;
  return seen;
}

/** MNIST, or with labels of its own, or bytes without a zero: a photograph's, say. */
async function examples({ features, classes }) {
  if (features !== undefined) {
    const images = new Uint8Array(EXAMPLES * features);
    for (let i = 0, word = 1; i < images.length; i++) {
      word = (Math.imul(word, 1664525) + 1013904223) >>> 0; // any numbers do, the same in every run
      images[i] = 1 + ((word >>> 16) % 255);
    }
    const targets = Uint8Array.from({ length: EXAMPLES }, (_, i) => i % 10);
    return Dataset.from({ images, targets, shape: [features] });
  }
  const digits = await mnist();
  if (classes === undefined) return digits;
  const targets = Uint16Array.from({ length: digits.length }, (_, i) => i % classes);
  return Dataset.from({ images: digits.images, targets, shape: digits.shape, classes });
}
