// npm run bench:overlap: whether making, reading back and writing overlap. Each is measured alone, in turns with
// `generate`, which does them all. `generate` cannot take less than
//
// - the slowest of its parts alone, nor
// - the CPU seconds of all of it, divided by the cores: threads that make tasks, a software adapter, digests and copies all
//   need the same cores.
//
// The greater of the two is the bound; what `generate` takes beyond it is waiting, its start and its last sync, and what
// other programs took of the cores meanwhile, which the last column says. How long the threads that make tasks had nothing
// to do between their first piece and their last is measured by itself (the event loops of the workers say it), as it does
// not depend on other programs.
//
// Making on all cores leaves none to the writer, so the WebAssembly backend is measured with one core free, too.
//
//   npm run bench:overlap -- [--only wasm,webgpu] [--tasks 1024] [--rounds 7] [--gpu-tasks N]
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { TaskAugmentor } from "../dist/index.js";
import { generate, mnist } from "../dist/node.js";
import { openDevice } from "./gpu/device.mjs";
import { watchedThreads } from "./overlap/threads.mjs";
import { machine, median, table, version } from "./support.mjs";

const { values: given } = parseArgs({
  options: {
    only: { type: "string", default: "wasm,webgpu" },
    tasks: { type: "string", default: "1024" },
    rounds: { type: "string", default: "7" },
    "gpu-tasks": { type: "string" },
  },
});
const PIECE = 4 * 2 ** 20; // bytes that `generate` writes at a time, about
const CHUNK = 32 * 2 ** 20; // bytes of a chunk of a store, about
const CORES = availableParallelism();
const TASK = 100 * 794 * 4 + 100; // bytes of a task: inputs and targets
const SOFTWARE_TASKS = 16; // three pieces: a software adapter makes one or a few tasks a second
const SOFTWARE_ROUNDS = 3;

const folder = mkdtempSync(join(process.env.TASKLOOM_BENCH_DIR ?? tmpdir(), "taskloom-bench-"));
const dataset = await mnist();
console.log(`taskloom ${version()} on ${machine()}`);
try {
  const only = given.only.split(",");
  const taskCount = Number(given.tasks);
  for (const workers of only.includes("wasm") ? new Set([Math.max(1, CORES - 1), CORES]) : []) {
    const size = { taskCount, warmUp: taskCount, rounds: Number(given.rounds) };
    await compare(`wasm, ${workers} of ${CORES} cores`, size, { backend: "wasm", workers });
  }
  if (only.includes("webgpu")) await compareGpu();
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
  const name = `webgpu, ${info.description || info.device}${info.software ? " (software)" : ""}`;
  const taskCount = Number(given["gpu-tasks"] ?? (info.software ? SOFTWARE_TASKS : given.tasks));
  const size = {
    taskCount,
    warmUp: info.software ? 1 : taskCount,
    rounds: info.software ? Math.min(SOFTWARE_ROUNDS, given.rounds) : Number(given.rounds),
  };
  await compare(name, size, { backend: device }, async (taskCount) => {
    const augmentor = new TaskAugmentor({ taskCount, seed: 42, backend: device });
    for await (const batch of augmentor.gpuBatches(dataset)) batch.destroy();
    await device.queue.onSubmittedWorkDone();
    augmentor.dispose();
  });
  device.destroy();
}

/**
 * The costs of each way to do a part of the work, and each way to do all of it.
 *
 * @param compute makes tasks without reading them back, where that is something else than making
 */
async function compare(backend, { taskCount, warmUp, rounds }, options, compute) {
  const set = (count) => ({ taskCount: count, seed: 42, ...options });
  const into = (format) => (count, out) => generate(dataset, { ...set(count), out, format });
  const making = compute ? ["compute alone", "compute and read-back"] : ["making alone"];
  const parts = {
    ...(compute ? { "compute alone": compute } : {}),
    [making.at(-1)]: (count) => make(set(count)),
    "writing alone, one file": (count, out) => write(out, count * TASK, Number.POSITIVE_INFINITY, false),
    "writing alone, chunks with digests": (count, out) => write(out, count * TASK, CHUNK, true),
  };
  const ends = {
    "generate, npy": into("npy"),
    "generate, safetensors": into("safetensors"),
    "generate, zarr": into("zarr"),
  };
  // What an end consists of.
  const partsOf = (end) => [...making, `writing alone, ${end.endsWith("zarr") ? "chunks with digests" : "one file"}`];
  const ways = { ...parts, ...ends };
  for (const way of Object.values(ways)) await measure(way, warmUp);
  const runs = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, way] of Object.entries(ways)) runs[name].push(await measure(way, taskCount));
  }
  const size = `${((taskCount * TASK) / 2 ** 20).toFixed(0)} MiB`;
  console.log(`\n${backend}, ${taskCount} tasks of MNIST, ${size}; medians of ${rounds} rounds\n`);
  const rows = Object.entries(runs).map(([name, own]) => {
    const of = (value) => median(own.map(value));
    const row = {
      what: name,
      seconds: of((run) => run.seconds).toFixed(2),
      "tasks/s": (taskCount / of((run) => run.seconds)).toFixed(taskCount > 99 ? 0 : 2),
      "CPU s": of((run) => run.cpu).toFixed(2),
    };
    // Rounds are compared one by one, as other work on the machine makes a whole round slow.
    const slowest = (round) => Math.max(...partsOf(name).map((part) => runs[part][round].seconds));
    const bound = (run, round) => Math.max(slowest(round), run.cpu / CORES);
    return {
      ...row,
      "times the slowest alone": name in ends ? median(own.map((run, i) => run.seconds / slowest(i))).toFixed(2) : "",
      "bound, s": name in ends ? median(own.map(bound)).toFixed(2) : "",
      "times the bound": name in ends ? median(own.map((run, i) => run.seconds / bound(run, i))).toFixed(2) : "",
      "threads idle": own[0].idle === undefined ? "" : `${(100 * of((run) => run.idle)).toFixed(1)}%`,
      "cores taken by others": of((run) => run.others).toFixed(2),
    };
  });
  table(rows);
}

/** Seconds of a way to make so many tasks, CPU seconds of this process, and what threads and other programs did meanwhile. */
async function measure(way, taskCount) {
  const out = join(folder, "out");
  const threads = watchedThreads();
  const before = { ...process.cpuUsage(), busy: busySeconds(), at: performance.now() };
  await way(taskCount, out);
  const seconds = (performance.now() - before.at) / 1000;
  const { user, system } = process.cpuUsage(before);
  const cpu = (user + system) / 1e6;
  const others = Math.max(0, busySeconds() - before.busy - cpu) / seconds;
  rmSync(out, { recursive: true, force: true }); // not part of the work
  return { seconds, cpu, others, idle: threads.idle() };
}

/** CPU seconds of all programs on all cores since the machine started. */
function busySeconds() {
  return cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0) / 1000;
}

async function make(set) {
  const tasks = new TaskAugmentor(set);
  for await (const batch of tasks.batches(dataset, { reuse: true })) void batch;
  tasks.dispose();
}

/** Writes so many bytes, a sync and where wanted a SHA-256 for every `each` of them. */
async function write(out, bytes, each, digests) {
  await mkdir(out);
  const block = new Uint8Array(PIECE).map((_, i) => i * 31);
  for (let file = 0, left = bytes; left > 0; file++) {
    const handle = await open(join(out, `plain-${file}`), "w");
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
}
