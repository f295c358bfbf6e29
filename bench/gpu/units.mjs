// npm run bench:units: a candidate of the fused kernel whose products run on matrix units, beside the fused kernel.
//
// It needs matrices of unsigned bytes, a draft feature of Dawn. On an adapter without them this says so and measures
// nothing. The candidate is in bench/gpu/units/ and not in the library, which keeps a variant only if it wins
// on some adapter.
//
// First the candidate is checked, on any adapter: every shape compiles on Dawn's null device, which has the feature, and
// with its matrices in plain WGSL it gives the bits of WebAssembly. A failed check ends the run with exit code 1. --check
// ends the run after the checks.
//
// Times are those of compute passes, by timestamp queries if the adapter has them; medians over batches after a warm-up. The
// library's kernel is timed before all shapes and after them. Every shape's results are compared with the WebAssembly
// backend's, bit for bit: small sets of all kinds, then tasks of the measured batches.
//
// Options: --tasks N (rounded up to whole batches), --only 0,3 (numbers of shapes), --toggles NAME,NAME (Dawn's, to be
// enabled; disable_robustness leaves out its checks of indices), --emulated (matrices in plain WGSL, on any adapter:
// it tells whether the bits are right, not how fast it is), --check, --json FILE.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { machine, median, table, version } from "../support.mjs";
import { Clock, openDevice } from "./device.mjs";
import { withFused } from "./fused.mjs";
import { examples } from "./images.mjs";
import { walk } from "./library.mjs";
import { Recorder } from "./recorder.mjs";
import { timeRounds } from "./stages.mjs";
import { checkCases } from "./units/cases.mjs";
import { compile, Setting, WrongResult } from "./units/kernel.mjs";
import { selfCheck } from "./units/self-check.mjs";
import { derived } from "./units/shader.mjs";
import { CARD_CONFIGS, nameOf, SUBGROUP, shapesOf, usable } from "./units/shapes.mjs";

const FEATURE = "chromium-experimental-subgroup-matrix";
/** The batch of bench/gpu.mjs: 200 tasks are the most that the library puts into one dispatch. */
const HARDWARE = { tasks: 2200, batch: 200, warm: 3 };
const SOFTWARE = { tasks: 2, batch: 1, warm: 1 };
/** Different batches written in turn, so that none finds its examples and outputs in a cache. */
const BATCHES = 3;
const MANY = 2 ** 16;
const OPTIONS = { seed: 42, sequenceLength: 100 };

const { values: given } = parseArgs({
  options: {
    tasks: { type: "string" },
    only: { type: "string" },
    toggles: { type: "string" },
    emulated: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    json: { type: "string" },
  },
});
const toggles = given.toggles?.split(",") ?? [];
const bench = await openDevice([FEATURE, "subgroups"], ["allow_unsafe_apis", ...toggles]);
const { device, adapter, info, limits } = bench;
const configs = configsOf(adapter.info);
describe();
const clock = bench.timestamps ? new Clock(device) : undefined;
const recorder = new Recorder(device, clock);
const dataset = await examples();
const normal = new Uint32Array(await withFused({ device, recorder }, dataset, OPTIONS, 1, ({ bytes }) => bytes.table));
await selfCheck(device, FEATURE, normal);
const shapes = given.check ? [] : chosenShapes();
const rows = [];
if (shapes.length > 0) {
  await measure();
  report();
}
device.destroy();

/** Matrices that the adapter has, as plain objects. */
function configsOf({ subgroupMatrixConfigs = [] }) {
  return Array.from(subgroupMatrixConfigs, ({ componentType, resultComponentType, M, N, K }) => {
    return { componentType, resultComponentType, M, N, K };
  });
}

function describe() {
  const { subgroupMinSize, subgroupMaxSize } = adapter.info;
  console.log(`taskloom ${version()} on ${machine()}`);
  console.log(`adapter: ${info.vendor}, ${info.architecture}, ${info.device}, ${info.description}`);
  console.log(`subgroups of ${subgroupMinSize} to ${subgroupMaxSize}; matrices (M x N x K):`);
  const names = configs.map(({ componentType, resultComponentType, M, N, K }) => {
    return `  ${componentType} to ${resultComponentType}, ${M}x${N}x${K}`;
  });
  console.log(names.length > 0 ? names.join("\n") : "  none");
}

/** Empty, and said why, where there is nothing to measure. */
function chosenShapes() {
  const { subgroupMinSize, subgroupMaxSize } = adapter.info;
  const found = (given.emulated ? CARD_CONFIGS : configs).filter(usable);
  const missing = [
    [!given.emulated && !bench.features.includes(FEATURE), `the adapter has no ${FEATURE}`],
    [found.length === 0, "no matrices of unsigned bytes as the kernel can use them"],
    [
      !given.emulated && (subgroupMinSize !== SUBGROUP || subgroupMaxSize !== SUBGROUP),
      `subgroups are not of ${SUBGROUP}`,
    ],
  ].find(([is]) => is);
  if (missing) {
    console.log(`not measured here: ${missing[1]}`);
    return [];
  }
  const all = found.flatMap((config) => shapesOf(config, SUBGROUP, limits));
  const only = given.only?.split(",").map(Number) ?? [...all.keys()];
  const wrong = only.find((number) => !all[number]);
  if (wrong !== undefined) throw new Error(`--only ${given.only}: there are shapes 0 to ${all.length - 1}`);
  return only.map((number) => ({ number, shape: all[number] }));
}

async function measure() {
  const sizes = info.software ? SOFTWARE : HARDWARE;
  const batch = sizes.batch;
  const batches = Math.ceil((given.tasks === undefined ? sizes.tasks : Number(given.tasks)) / batch);
  if (!(batches >= 1)) throw new Error(`--tasks ${given.tasks}: a whole number from 1 is needed`);
  console.log(`examples: ${dataset.name}; ${batches} batches of ${batch} tasks`);
  console.log(clock ? "" : "NO TIMESTAMP QUERIES HERE: host clock around submissions\n");
  const library = async (name) => {
    const { wall, passes } = await walk({ device, recorder, sizes }, dataset, OPTIONS, batches * batch, batch);
    const milliseconds = passes.size > 0 ? [...passes.values()].reduce((a, b) => a + b) : wall;
    rows.push({ name, bits: "the same", milliseconds: milliseconds * batch, seconds: (milliseconds * MANY) / 1000 });
  };
  await library("the library's kernel");
  const setting = new Setting(device, dataset, OPTIONS, normal);
  for (const { number, shape } of shapes) {
    // Said before, as a driver that fails may take the process along.
    console.log(`${number}: ${nameOf(shape)}`);
    rows.push(await measureShape({ number, shape, setting, batch, batches }));
  }
  setting.destroy();
  await library("the library's kernel, again");
}

async function measureShape({ number, shape, setting, batch, batches }) {
  const { sums, storage, threads } = derived(shape);
  const row = { number, name: nameOf(shape), shape, threads, sums, storage };
  try {
    await checkCases(device, shape, normal, given.emulated);
    const pipeline = await compile(device, shape, setting.blocks, given.emulated);
    const firsts = Array.from({ length: BATCHES }, (_, i) => i * batch);
    const turns = firsts.map((first) => setting.prepare(pipeline, shape, first, batch));
    const times = await timeRounds({ device, clock }, { pipeline, turns, grid: turns[0].grid }, batches);
    for (const [i, first] of firsts.entries()) await setting.check(turns[i], first, batch);
    // Of plain WGSL the time says nothing.
    if (given.emulated) return { ...row, bits: "the same" };
    const milliseconds = median(times);
    return { ...row, bits: "the same", milliseconds, seconds: (milliseconds / batch / 1000) * MANY };
  } catch (error) {
    console.log(`   ${error.message}`);
    process.exitCode = 1;
    return { ...row, bits: error instanceof WrongResult ? "WRONG" : "failed" };
  } finally {
    setting.release();
  }
}

function report() {
  const [library] = rows;
  const batch = info.software ? SOFTWARE.batch : HARDWARE.batch;
  console.log();
  table(
    rows.map(({ number = "", name, threads = "", sums = "", storage, bits, milliseconds, seconds }) => ({
      shape: `${number === "" ? "" : `${number}: `}${name}`,
      threads,
      "sums each": sums,
      KiB: storage ? (storage / 1024).toFixed(1) : "",
      bits,
      [`ms, ${batch} tasks`]: milliseconds ? Number(milliseconds.toPrecision(4)) : "",
      "s, 2^16 tasks": seconds ? Number(seconds.toPrecision(4)) : "",
      "of the library's": milliseconds ? (milliseconds / library.milliseconds).toFixed(3) : "",
    })),
  );
  if (given.json) writeJson(resolve(given.json));
  if (bench.failures.length > 0) throw new Error(`WebGPU: ${bench.failures.join("; ")}`);
}

function writeJson(file) {
  const what = { version: version(), machine: machine(), adapter: info, limits, features: bench.features };
  const how = { configs, toggles, emulated: given.emulated, timestamps: bench.timestamps };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...what, ...how, rows }, null, 2)}\n`);
}
