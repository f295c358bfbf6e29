// The output of bench/gpu.mjs, and its JSON.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { machine, table, version } from "../support.mjs";
import { variantName } from "./variants.mjs";

const GIGA_PER_MILLI = 1e6;
const JOB = 2 ** 16;

const digits = (value, count = 4) => Number(value.toPrecision(count));
const percent = (share) => `${(100 * share).toFixed(1)}%`;

export function printSetting({ info, limits, features, clock }, dataset, fused) {
  const list = Object.entries(limits).map(([name, value]) => `${name} ${value}`);
  console.log(`taskloom ${version()} on ${machine()}`);
  console.log(`adapter: ${info.vendor}, ${info.architecture}, ${info.device}, ${info.description}`);
  console.log(`limits: ${list.join(", ")}`);
  console.log(`features: ${features.join(", ") || "none"}; examples: ${dataset.name}`);
  if (fused) {
    console.log(`the library's kernel: ${variantName(fused.shape)}`);
    console.log(`key-stream blocks that its tiles use: ${usedText(fused)}; stages alone are over all`);
  }
  const times = clock
    ? "GPU time of passes by timestamp queries"
    : "NO TIMESTAMP QUERIES HERE: host clock around submissions";
  console.log(`${times}; medians. Results checked, exact ones bit for bit.`);
}

function usedText({ shape, used, blocks }) {
  const text = `${digits(used)} of ${blocks} on average`;
  return shape.SKIP > 0 ? text : `${text}, as none are left out`;
}

/** Returns the rates of the last sizes, the smallest first: bytes of memory, or steps of each invocation. */
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

/** Returns rows with floors: the measured time in units of the floor, and both times for 2^16 tasks. */
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

/** Prints the results of `measureVariants`. */
export function printVariants({ tasks, variants }) {
  const chosen = variants.find((variant) => variant.chosen);
  console.log(
    `\nVariants of the fused kernel, ${digits(tasks)} tasks a dispatch, turn by turn, all of the same bits:\n`,
  );
  table(
    variants.map(({ shape, milliseconds }) => ({
      variant: variantName(shape),
      KiB: (shape.storage / 1024).toFixed(1),
      blocks: shape.SKIP > 0 ? "used" : "all",
      "ms a task": digits(milliseconds),
      "of the chosen": (milliseconds / chosen.milliseconds).toFixed(3),
    })),
  );
  console.log(`\nThe tuning run chose: ${variantName(chosen.shape)}.`);
  if (chosen.shape.SKIP === 0) console.log("No example has a block of zeros, so none can be left out.");
}

export function writeJson(file, { info, limits, features, clock, fused }, rest) {
  const setting = { version: version(), machine: machine(), adapter: info, limits, features, fused };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...setting, timestamps: !!clock, ...rest }, null, 2)}\n`);
}
