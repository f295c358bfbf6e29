// npm run bench:growth: how the cost of a task set grows with its tasks, the length of sequences, the inputs and the
// classes; a table, and the picture bench/growth.svg.
//
// The WebAssembly backend on one thread and on all. Every point is a process of its own, which warms up and says how long
// a walk over the set took and how much memory the process had at most. Points take turns in several passes, of which the
// quickest counts, as other programs on the machine only ever add; of memory it is the most. Memory is what `reuse: true`
// needs: nothing is kept, so it must not grow with the tasks.
//
//   npm run bench:growth -- [--passes 3] [--out bench/growth.svg]
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { growthPlot } from "./growth/plot.mjs";
import { SWEEPS } from "./growth/sweeps.mjs";
import { machine, table, version } from "./support.mjs";

const { values: given } = parseArgs({
  options: { passes: { type: "string", default: "3" }, out: { type: "string" } },
});
const passes = Number(given.passes);
const point = fileURLToPath(new URL("growth/point.mjs", import.meta.url));
const out = given.out ?? fileURLToPath(new URL("growth.svg", import.meta.url));
const threads = [...new Set([1, availableParallelism()])];

const points = SWEEPS.flatMap((sweep) =>
  sweep.values.flatMap((x) => threads.map((count) => ({ sweep, x, threads: count, runs: [] }))),
);
for (let pass = 0; pass < passes; pass++) {
  for (const { sweep, x, threads: count, runs } of points) {
    const args = [point, sweep.name, x, count].map(String);
    runs.push(JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })));
  }
}

const measured = SWEEPS.map((sweep) => ({
  sweep,
  series: threads.map((count) => ({
    threads: count,
    points: points
      .filter((p) => p.sweep === sweep && p.threads === count)
      .map(({ x, runs }) => ({
        x,
        milliseconds: Math.min(...runs.map((run) => run.milliseconds)),
        tasks: runs[0].tasks,
        memory: Math.max(...runs.map((run) => run.peak)),
      })),
  })),
}));
const when = new Date().toISOString().slice(0, 10);
console.log(`taskloom ${version()} on ${machine()}; ${when}; the quickest of ${passes} processes`);
for (const { sweep, series } of measured) {
  console.log(`\n${sweep.title}: ${sweep.setting}\n`);
  table(
    sweep.values.map((x, i) => {
      const row = { [sweep.name]: sweep.label(x) };
      for (const { threads: count, points: own } of series) {
        const { milliseconds, memory } = own[i];
        row[`ms a task, ${count} thr.`] = milliseconds.toPrecision(3);
        row[`tasks/s, ${count} thr.`] = (1000 / milliseconds).toFixed(0);
        // How the time of all of the work grows from the point before: 1 is in proportion.
        row[`exponent, ${count} thr.`] = i ? exponent(sweep, own[i - 1], own[i]).toFixed(2) : "";
        row[`peak MiB, ${count} thr.`] = memory.toFixed(0);
      }
      return row;
    }),
  );
}
writeFileSync(out, growthPlot(measured, `taskloom ${version()}, ${machine()}, ${when}`));
console.log(`\n${out}`);

/** d log y / d log x between two points, y being what the picture shows. */
function exponent(sweep, before, here) {
  return Math.log(sweep.cost(here) / sweep.cost(before)) / Math.log(here.x / before.x);
}
