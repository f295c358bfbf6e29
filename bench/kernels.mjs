// npm run bench: each stage of the WebAssembly module alone, on one core, and a whole task.
//
// "nominal" operations count two for every entry of the matrix and example, as a dense product has them; the module
// leaves out what is zero, so its nominal rate can be above what the hardware multiplies.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TaskAugmentor } from "taskloom";
import { mnist } from "taskloom/node";
import { machine, median, mnistFolder, table, time, version } from "./support.mjs";

const L = 100;
const C = 784;
const R = 784;
const TILE = 16;

const root = fileURLToPath(new URL("..", import.meta.url));
const output = join(root, "build", "bench.wasm");
const asc = createRequire(import.meta.url).resolve("assemblyscript/bin/asc.js");
const { options } = JSON.parse(readFileSync(join(root, "asconfig.json"), "utf8"));
const flags = [
  "--runtime",
  options.runtime,
  "--optimizeLevel",
  options.optimizeLevel,
  "--shrinkLevel",
  options.shrinkLevel,
];
execFileSync(process.execPath, [
  asc,
  join(root, "assembly", "bench.ts"),
  "-o",
  output,
  "--enable",
  "simd",
  "--noAssert",
  "--converge",
  ...flags.map(String),
]);
const { exports: m } = (await WebAssembly.instantiate(readFileSync(output), {})).instance;

let end = m.heapBase();
const place = (bytes) => {
  const at = Math.ceil(end / 64) * 64;
  end = at + bytes;
  return at;
};
const examples = place(L * C);
const out = place(L * (R + 10) * 4);
const workspace = place(m.workspaceUint8(L, C));
const state = place(m.mtStateBytes());
const normals = place(R * C * 4);
m.memory.grow(Math.ceil(end / 65536));
const region = new Uint8Array(m.memory.buffer, examples, L * C);
const images = readFileSync(join(mnistFolder(), "train-images-idx3-ubyte")).subarray(16);

/** Fills the examples: MNIST's first ones, or pixels none of which is zero. */
const inputs = {
  MNIST: () => region.set(images.subarray(0, L * C)),
  dense: () => {
    for (let i = 0; i < region.length; i++) region[i] = 1 + (((i * 2654435761) >>> 24) % 255);
  },
};

m.setSeed(42, 0);
const rows = [];
const add = (stage, milliseconds, count, unit) =>
  rows.push({ stage, "ms a task": milliseconds.toFixed(3), rate: `${count.toPrecision(3)} ${unit}` });
const wordsOfTask = R * C;
const perWord = time(() => m.words(1000)) / 64000;
add("words (ChaCha8)", perWord * wordsOfTask, perWord * 1e6, "ns/word");
const perDeviate = time(() => m.deviates(1000)) / 64000;
add("deviates of given words", perDeviate * wordsOfTask, perDeviate * 1e6, "ns/deviate");
for (const [name, fill] of Object.entries(inputs)) {
  fill();
  const listing = time(() => m.lists(examples, L, C, workspace));
  add(`lists of non-zero pairs, ${name}`, listing, (L * C) / listing / 1e6, "G pixels/s");
  const tiles = time(() => m.tiles(C, R, workspace));
  add(`tiles: words and deviates, ${name}`, tiles, (tiles / wordsOfTask) * 1e6, "ns/entry");
  const product = (time(() => m.products(L, C, 8, out, (R + 10) * 4, workspace)) / 8 / TILE) * R;
  add(`product, ${name}`, product, (2 * L * C * R) / product / 1e6, "G op/s nominal");
}

// PyTorch's generator; a million words left out are those of 10,000 tasks of 100 examples.
m.mtSeed(state, 69);
const skipped = time(() => m.mtSkip(state, 1e6, 0));
rows.push({ stage: "MT19937, 1e6 words left out", "ms a task": "", rate: `${skipped.toPrecision(3)} ms` });
const jumped = time(() => m.mtSkip(state, 0, 100));
rows.push({ stage: "MT19937, 100 * 2^32 words left out", "ms a task": "", rate: `${jumped.toPrecision(3)} ms` });
const twisted = time(() => m.mtWords(state, wordsOfTask, normals));
add("words (MT19937)", twisted, (twisted / wordsOfTask) * 1e6, "ns/word");
const normal = time(() => m.torchNormal(state, wordsOfTask, 1 / C, normals));
add("PyTorch's normals, words included", normal, (normal / wordsOfTask) * 1e6, "ns/deviate");

// A whole task through the public API, in the calling thread: drawing, gathering, projecting, packing, copying out. A walk
// that reuses its batches fills the same memory again; one array of 100 tasks is fresh memory, which costs page faults.
const dataset = await mnist();
const tasks = new TaskAugmentor({ taskCount: 2 ** 32, seed: 42, workers: 0 });
await tasks.batch(dataset, 0, 200);
const walked = [];
const collected = [];
for (let i = 0; i < 9; i++) {
  const range = { start: i * 100, stop: (i + 1) * 100, batchSize: 4, reuse: true };
  let start = performance.now();
  for await (const { inputs } of tasks.batches(dataset, range)) inputs.data[0];
  walked.push((performance.now() - start) / 100);
  start = performance.now();
  await tasks.batch(dataset, range.start, range.stop);
  collected.push((performance.now() - start) / 100);
}
add("whole task, one thread, batches reused", median(walked), 1000 / median(walked), "tasks/s");
add("whole task, one thread, 100 in one array", median(collected), 1000 / median(collected), "tasks/s");

console.log(`taskloom ${version()} on ${machine()}`);
console.log(`${L} examples of ${C} pixels by a ${R} x ${C} matrix; medians\n`);
table(rows);
