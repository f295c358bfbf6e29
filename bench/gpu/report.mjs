// What bench/gpu.mjs prints, and its JSON.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { machine, table, version } from "../support.mjs";

const GIGA_PER_MILLI = 1e6;
const JOB = 2 ** 16;

const digits = (value, count = 4) => Number(value.toPrecision(count));
const percent = (share) => `${(100 * share).toFixed(1)}%`;

export function printSetting({ info, limits, features, clock }, dataset, shape) {
  const list = Object.entries(limits).map(([name, value]) => `${name} ${value}`);
  console.log(`taskloom ${version()} on ${machine()}`);
  console.log(`adapter: ${info.vendor}, ${info.architecture}, ${info.device}, ${info.description}`);
  console.log(`limits: ${list.join(", ")}`);
  console.log(`features: ${features.join(", ") || "none"}; examples: ${dataset.name}`);
  if (shape) {
    const { GROUPS, ROW_GROUPS, DEPTH, THREADS, ROWS, POSITIONS } = shape;
    const tile = `${ROWS} rows x ${16 * DEPTH} columns x ${POSITIONS} positions`;
    console.log(`tile: ${tile}, ${GROUPS}x${ROW_GROUPS} = ${THREADS} invocations`);
  }
  const times = clock
    ? "GPU time of passes by timestamp queries"
    : "NO TIMESTAMP QUERIES HERE: host clock around submissions";
  console.log(`${times}; medians. Results checked, exact ones bit for bit.`);
}

/** Rates of the last sizes, the smallest first: bytes of memory, or steps of each invocation. */
export function printRates(rates, overlap) {
  console.log("\nThe adapter's rates, of the fastest rounds, at sizes that double:\n");
  table(
    Object.values(rates).map(({ what, unit, perMillisecond, sizes, plateau }) => ({
      rate: what,
      "": `${digits(perMillisecond / GIGA_PER_MILLI)} ${unit}`,
      sizes: sizes.map((size) => digits(size.perMillisecond / GIGA_PER_MILLI, 3)).join(" "),
      "ms of the last": digits(sizes.at(-1).milliseconds, 3),
      plateau: plateau ? "yes" : "NO",
    })),
  );
  console.log(`\nOf dot products and integer operations, ${percent(overlap)} of the shorter go beside the longer.`);
}

export function printTimes(rows) {
  console.log("\nStages, kernels, and the host:\n");
  table(
    rows.map(({ stage, for: unit, milliseconds, rate, unit: rateUnit, share }) => ({
      stage,
      for: unit,
      ms: digits(milliseconds),
      rate: `${digits(rate)} ${rateUnit}`,
      "of fused": share === undefined ? "" : percent(share),
    })),
  );
}

/** Rows with floors: how near to them they come, and what both would be for 2^16 tasks. */
export function printFloors(rows) {
  console.log(`\nFloors by these rates, and the seconds of ${JOB} tasks:\n`);
  const job = (milliseconds, tasks) => (tasks ? digits((milliseconds / tasks / 1000) * JOB, 3) : "");
  table(
    rows.map(({ stage, milliseconds, floor, tasks }) => ({
      stage,
      ms: digits(milliseconds),
      "floor ms": digits(floor.milliseconds),
      share: percent(floor.milliseconds / milliseconds),
      "bound by": floor.bound,
      "s, 2^16 tasks": job(milliseconds, tasks),
      "floor s": job(floor.milliseconds, tasks),
    })),
  );
  for (const { stage, milliseconds, floor } of rows) {
    if (floor.milliseconds <= milliseconds) continue;
    console.log(
      `\nABOVE 100%: ${stage}. The rate of ${floor.bound} is too low (not saturated, or the machine was busy), ` +
        "or more operations were counted than are needed: this floor is none.",
    );
  }
}

export function writeJson(file, { info, limits, features, clock, shape }, rest) {
  const setting = { version: version(), machine: machine(), adapter: info, limits, features, shape };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...setting, timestamps: !!clock, ...rest }, null, 2)}\n`);
}
