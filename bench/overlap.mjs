// npm run bench:overlap: whether making, reading back and writing overlap. Each is measured alone, in turns with
// `generate`, which does them all; the last column says how much longer than the slowest of them it takes.
//
// Making on all cores leaves none to the writer, so the WebAssembly backend is measured with one core free, too.
//
//   npm run bench:overlap -- [--tasks 1024] [--rounds 7] [--gpu-tasks N]
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { TaskAugmentor } from "../dist/index.js";
import { generate, mnist } from "../dist/node.js";
import { openDevice } from "./gpu/device.mjs";
import { machine, median, table, takeTurns, version } from "./support.mjs";

const { values: given } = parseArgs({
  options: {
    tasks: { type: "string", default: "1024" },
    rounds: { type: "string", default: "7" },
    "gpu-tasks": { type: "string" },
  },
});
const PIECE = 4 * 2 ** 20; // bytes that `generate` writes at a time, about
const CHUNK = 32 * 2 ** 20; // bytes of a chunk of a store, about
const TASK = 100 * 794 * 4 + 100; // bytes of a task: inputs and targets
const SOFTWARE_TASKS = 4; // a software adapter makes one or a few tasks a second
const SOFTWARE_ROUNDS = 3;

const folder = mkdtempSync(join(process.env.TASKLOOM_BENCH_DIR ?? tmpdir(), "taskloom-bench-"));
const dataset = await mnist();
console.log(`taskloom ${version()} on ${machine()}`);
try {
  const tasks = Number(given.tasks);
  const all = availableParallelism();
  for (const workers of new Set([Math.max(1, all - 1), all])) {
    await compare(`wasm, ${workers} of ${all} cores`, tasks, Number(given.rounds), { backend: "wasm", workers });
  }
  await compareGpu();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The same with WebGPU, where there is an adapter. */
async function compareGpu() {
  let gpu;
  try {
    gpu = await openDevice();
  } catch (error) {
    console.log(`WebGPU is not measured: ${error.message}`);
    return;
  }
  const { device, info } = gpu;
  const tasks = Number(given["gpu-tasks"] ?? (info.software ? SOFTWARE_TASKS : given.tasks));
  const name = `webgpu, ${info.description || info.device}${info.software ? " (software)" : ""}`;
  await compare(name, tasks, info.software ? SOFTWARE_ROUNDS : Number(given.rounds), { backend: device }, async () => {
    const augmentor = new TaskAugmentor({ taskCount: tasks, seed: 42, backend: device });
    for await (const batch of augmentor.gpuBatches(dataset)) batch.destroy();
    await device.queue.onSubmittedWorkDone();
    augmentor.dispose();
  });
  device.destroy();
}

/**
 * A table with a row for each way to do a part of the work, and for both ways to do all of it.
 *
 * @param compute making tasks without reading them back, where that is something else than making
 */
async function compare(backend, taskCount, rounds, options, compute) {
  const set = { taskCount, seed: 42, ...options };
  const into = (format) => generate(dataset, { ...set, out: join(folder, format), format, force: true });
  const alone = {
    ...(compute ? { "compute alone": compute } : {}),
    [compute ? "compute and read-back" : "making alone"]: () => make(set),
    "writing alone, one file": () => write(taskCount * TASK, Number.POSITIVE_INFINITY, false),
    "writing alone, chunks with digests": () => write(taskCount * TASK, CHUNK, true),
  };
  const ends = { "generate, npy": () => into("npy"), "generate, zarr": () => into("zarr") };
  const ways = { ...alone, ...ends };
  for (const way of Object.values(ways)) await way(); // engines optimise, files of earlier runs are there to replace
  const times = await takeTurns(ways, rounds);
  // Rounds are compared one by one, as other work on the machine makes a whole round slow.
  const slowest = Array.from({ length: rounds }, (_, i) =>
    Math.max(...Object.keys(alone).map((name) => times[name][i])),
  );
  console.log(`\n${backend}, ${taskCount} tasks of MNIST; medians of ${rounds} rounds\n`);
  const rows = Object.entries(times).map(([name, all]) => {
    return {
      what: name,
      seconds: median(all).toFixed(2),
      "tasks/s": (taskCount / median(all)).toFixed(0),
      "MiB/s": ((taskCount * TASK) / median(all) / 2 ** 20).toFixed(0),
      "times the slowest alone": name in ends ? median(all.map((s, i) => s / slowest[i])).toFixed(2) : "",
    };
  });
  table(rows);
}

async function make(set) {
  const tasks = new TaskAugmentor(set);
  for await (const batch of tasks.batches(dataset, { reuse: true })) void batch;
  tasks.dispose();
}

/** Writes so many bytes, a sync and where wanted a SHA-256 for every `each` of them. */
async function write(bytes, each, digests) {
  const block = new Uint8Array(PIECE).map((_, i) => i * 31);
  for (let file = 0, left = bytes; left > 0; file++) {
    const path = join(folder, `plain-${file}`);
    const handle = await open(path, "w");
    const hash = createHash("sha256");
    const size = Math.min(each, left);
    for (let at = 0; at < size; at += block.length) {
      const part = block.subarray(0, Math.min(block.length, size - at));
      const written = handle.write(part, 0, part.length, at);
      if (digests) hash.update(part);
      await written;
    }
    await handle.datasync();
    await handle.close();
    if (digests) hash.digest();
    left -= size;
  }
  await Promise.all(
    Array.from({ length: Math.ceil(bytes / Math.min(each, bytes)) }, (_, i) => rm(join(folder, `plain-${i}`))),
  );
}
