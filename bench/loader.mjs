// npm run bench:loader: opening task sets of 2^4, 2^24 and 2^32 tasks of MNIST, each in a process of its own: the last
// sequence, the beginning of a shuffled epoch, and the memory, none of which may grow with the number of tasks.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { machine, median, table, version } from "./support.mjs";

const script = fileURLToPath(import.meta.url);
const ROUNDS = 3;
const BATCHES = 200;
const BATCH_SIZE = 16;

if (process.argv[2]) {
  console.log(JSON.stringify(await measure(Number(process.argv[2]))));
} else {
  const rows = [];
  for (const exponent of [4, 24, 32]) {
    const runs = Array.from({ length: ROUNDS }, () =>
      JSON.parse(execFileSync(process.execPath, ["--expose-gc", script, String(2 ** exponent)], { encoding: "utf8" })),
    );
    const of = (name, digits) => median(runs.map((run) => run[name])).toFixed(digits);
    rows.push({
      tasks: `2^${exponent}`,
      "open, ms": of("open", 1),
      "at(last), ms": of("last", 1),
      "first shuffled batch, ms": of("first", 1),
      "sequences/s": of("rate", 0),
      "heap after open, MiB": of("heap", 1),
      "memory after 20 batches, MiB": of("early", 0),
      "after 200": of("late", 0),
      "peak, MiB": of("peak", 0),
    });
  }
  console.log(`taskloom ${version()} on ${machine()}; medians of ${ROUNDS} processes`);
  console.log(`${BATCHES} shuffled batches of ${BATCH_SIZE} sequences of MNIST [100, 794], epochs without end\n`);
  table(rows);
}

async function measure(taskCount) {
  const { openTasks, recipeOf, TaskAugmentor } = await import("../dist/index.js");
  const { mnist } = await import("../dist/node.js");
  const dataset = await mnist();
  const recipe = await recipeOf(new TaskAugmentor({ taskCount, seed: 42 }), dataset);
  globalThis.gc();
  const before = process.memoryUsage();
  let start = performance.now();
  const lap = () => {
    const now = performance.now();
    const elapsed = now - start;
    start = now;
    return elapsed;
  };
  const tasks = await openTasks(recipe, { dataset, backend: "wasm" });
  const open = lap();
  globalThis.gc();
  const after = process.memoryUsage();
  const heap = (after.heapUsed + after.external - before.heapUsed - before.external) / 2 ** 20;
  lap();
  await tasks.at(tasks.length - 1);
  const last = lap();
  const batches = tasks.batches({ batchSize: BATCH_SIZE, shuffle: true, epochs: Number.POSITIVE_INFINITY });
  await batches.next();
  const first = lap();
  const memory = () => {
    globalThis.gc();
    return process.memoryUsage.rss() / 2 ** 20;
  };
  let early = 0;
  for (let i = 1; i < BATCHES; i++) {
    await batches.next();
    if (i === 20) early = memory();
  }
  const rate = ((BATCHES - 1) * BATCH_SIZE * 1000) / lap();
  const late = memory();
  await batches.return();
  await tasks.dispose();
  return { open, last, first, rate, heap, early, late, peak: process.resourceUsage().maxRSS / 1024 };
}
