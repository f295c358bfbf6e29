// node bench/gpu/summary.mjs FOLDER: the results of bench/gpu/compare.sh, in seconds for 2^16 tasks of MNIST whose results
// stay in the device's memory. A measurement that is not in the folder has no row.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { median, table } from "../support.mjs";

const JOB = 2 ** 16;
const folder = process.argv[2];

/** Reads the JSON of a file, or of its last line; undefined without one. */
function read(name) {
  const file = join(folder, name);
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, "utf8").trim();
  const json = name.startsWith("torch") ? text.split("\n").at(-1) : text;
  return json.startsWith("{") ? JSON.parse(json) : undefined;
}

const found = [];
const gpu = read("gpu.json");
for (const stage of ["fused kernel", "gpuBatches, host clock"]) {
  const row = gpu?.rows.find((candidate) => candidate.stage === stage);
  if (!row) continue;
  const seconds = (milliseconds) => ((milliseconds / 1000) * JOB) / row.tasks;
  found.push({ what: stage, seconds: seconds(row.milliseconds) });
  if (row.floor && stage === "fused kernel")
    found.push({ what: `${stage}, its floor`, seconds: seconds(row.floor.milliseconds) });
}
const right =
  read("units.json")?.rows.filter(({ shape, bits, seconds }) => shape && seconds && bits === "the same") ?? [];
if (right.length > 0) {
  const best = right.reduce((a, b) => (a.seconds <= b.seconds ? a : b));
  found.push({ what: `matrix units (a candidate), ${best.name}`, seconds: best.seconds });
}
for (const precision of ["fp32", "tf32"]) {
  const torch = read(`torch-${precision}.json`);
  if (!torch?.seconds || !torch.ok) continue;
  found.push({ what: `PyTorch ${torch.version}, ${precision}`, seconds: (median(torch.seconds) / torch.tasks) * JOB });
}
const whole = found.find(({ what }) => what === "gpuBatches, host clock")?.seconds;
if (found.length === 0) console.log(`nothing was measured in ${folder}`);
else {
  table(
    found.map(({ what, seconds }) => ({
      "2^16 tasks": what,
      seconds: Number(seconds.toPrecision(3)),
      "times gpuBatches": whole ? (seconds / whole).toFixed(2) : "",
    })),
  );
}
