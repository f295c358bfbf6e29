// npm run bench:gpu: the stages of the fused kernel, each alone, the kernels as the library dispatches them, and what a
// batch costs the calling thread.
//
// Times are of compute passes, by timestamp queries, where the adapter has them; medians after a warm-up, into several
// outputs in turn. Results are checked in memory that was full of 0xCD before, exact ones bit for bit, floats within a
// tolerance: the library's tasks against the WebAssembly backend, stages alone against plain JavaScript. A wrong result
// ends the benchmark.
//
// Options: --tasks N (for the fused kernel; rounded up to whole batches), --json FILE.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Clock, openDevice } from "./gpu/device.mjs";
import { examples, subset } from "./gpu/images.mjs";
import { checkPoisoned, hostTime, walk } from "./gpu/library.mjs";
import { Recorder } from "./gpu/recorder.mjs";
import { fusedSetting, measureStages } from "./gpu/stages.mjs";
import { measureStatistics } from "./gpu/statistics.mjs";
import { machine, table, version } from "./support.mjs";

/**
 * How much is done. A batch of 200 tasks is the most that the library puts into one dispatch; whole datasets begin to
 * have their own kernel at 513 examples.
 */
const HARDWARE = {
  tasks: 8200,
  batch: 200,
  warm: 3,
  rounds: 31,
  wholeExamples: 60000,
  wholeTasks: 8,
  statistics: 60000,
  steps: 100,
};
const SOFTWARE = {
  tasks: 8,
  batch: 2,
  warm: 1,
  rounds: 3,
  wholeExamples: 520,
  wholeTasks: 1,
  statistics: 1000,
  steps: 20,
};

const LENGTH = 100;
const MEGA = 1e6;

const { values: given } = parseArgs({ options: { tasks: { type: "string" }, json: { type: "string" } } });
const device = await openDevice();
const clock = device.timestamps ? new Clock(device.device) : undefined;
const sizes = device.info.software ? SOFTWARE : HARDWARE;
const bench = { ...device, clock, sizes, recorder: new Recorder(device.device, clock) };
const wanted = given.tasks === undefined ? sizes.tasks : Number(given.tasks);
if (!Number.isInteger(wanted) || wanted < 1) throw new Error(`--tasks ${given.tasks}: a whole number from 1 is needed`);
const batch = Math.min(sizes.batch, wanted);
const tasks = Math.ceil(wanted / batch) * batch;
const dataset = await examples();
const rows = [];

await fusedRows();
await wholeRows();
await floatRows();
await statisticsRow();
await hostRows();
report();
bench.device.destroy();

/** The fused kernel and its stages. */
async function fusedRows() {
  await checkPoisoned(bench, dataset, {}, batch);
  const setting = fusedSetting(bench.recorder);
  const { wall, passes } = await walk(bench, dataset, {}, tasks, batch);
  const fused = passes.get("taskloom fused projection") ?? wall;
  const stages = await measureStages(bench, setting, sizes.rounds);
  const { plan, shape } = setting;
  bench.shape = shape;
  const entries = plan.rows * plan.blocks * 16;
  const operations = 2 * plan.rows * plan.columns * LENGTH;
  const bytes = 4 * plan.width * LENGTH;
  const add = (stage, milliseconds, rate) =>
    row(stage, `${tasks} tasks`, milliseconds * tasks, ...rate(milliseconds), milliseconds / fused);
  const per = (unit) => (ms) => [(ms * MEGA) / entries, `ns/${unit}`];
  const nominal = (ms) => [operations / ms / MEGA, "Gop/s nominal"];
  const stored = (ms) => [bytes / ms / MEGA, "GB/s"];
  const perSecond = (ms) => [1000 / ms, "tasks/s"];
  add("words (ChaCha8)", stages.words, per("word"));
  add("deviates of given words", stages.deviates, per("deviate"));
  add("tiles: words, deviates, limbs", stages.making, per("entry"));
  add("products of prepared tiles", stages.multiply, nominal);
  add("epilogue: convert, scale, one-hot, store", stages.epilogue, stored);
  add("sum of the last three", stages.making + stages.multiply + stages.epilogue, perSecond);
  add("fused kernel", fused, perSecond);
  add("fused kernel, its products", fused, nominal);
  add("gpuBatches, host clock", wall, perSecond);
}

/** mode: "dataset", whose matrices are written out. */
async function wholeRows() {
  const data = subset(dataset, sizes.wholeExamples);
  const options = { drawSequence: false };
  await checkPoisoned(bench, data, options, 1);
  const { wall, passes } = await walk(bench, data, options, sizes.wholeTasks, 1);
  const unit = `1 task, ${data.length} examples`;
  const entries = data.features ** 2;
  const operations = 2 * entries * data.length;
  for (const [label, milliseconds] of passes) {
    const isProduct = label.endsWith("product");
    const rate = isProduct
      ? [operations / milliseconds / MEGA, "Gop/s nominal"]
      : [(milliseconds * MEGA) / entries, "ns/entry"];
    row(nameOf(label), unit, milliseconds, ...rate);
  }
  row("whole dataset: gpuBatches, host clock", unit, wall, operations / wall / MEGA, "Gop/s nominal");
}

/** float32 examples: matrices in f32 and their products. */
async function floatRows() {
  const data = subset(dataset, sizes.wholeExamples, true);
  await checkPoisoned(bench, data, {}, Math.min(batch, 2));
  const count = batch * Math.min(5, tasks / batch);
  const { wall, passes } = await walk(bench, data, {}, count, batch);
  const unit = `${count} tasks`;
  const entries = data.features ** 2;
  for (const [label, milliseconds] of passes) {
    const rate = label.endsWith("matrix")
      ? [(4 * entries) / milliseconds / MEGA, "GB/s"]
      : label.endsWith("project-float")
        ? [(2 * entries * LENGTH) / milliseconds / MEGA, "Gop/s"]
        : [1000 / milliseconds, "tasks/s"];
    row(nameOf(label), unit, milliseconds * count, ...rate);
  }
  row("float: gpuBatches, host clock", unit, wall * count, 1000 / wall, "tasks/s");
}

async function statisticsRow() {
  const { milliseconds, bytes } = await measureStatistics(bench, sizes.statistics, sizes.rounds);
  const unit = `${sizes.statistics} examples`;
  row("statistics of each feature", unit, milliseconds, (2 * bytes) / milliseconds / MEGA, "GB/s, read twice");
}

/** Tasks of one row each, which cost a GPU next to nothing: what remains is the host's, and the way there and back. */
async function hostRows() {
  const tiny = { outFeatures: 1 };
  const one = await hostTime(bench, dataset, tiny, 1);
  const many = await hostTime(bench, dataset, tiny, batch);
  const further = (many.work - one.work) / Math.max(1, batch - 1);
  const add = (stage, unit, milliseconds) => row(stage, unit, milliseconds, milliseconds * 1000, "us");
  add("host: clock, steps of 1 tiny task", "1 step", one.wall);
  add("host: the thread's work in one", "1 step", one.work);
  add(`host: clock, steps of ${batch} tiny tasks`, "1 step", many.wall);
  add("host: the thread's work in one", "1 step", many.work);
  add("host: work for a further task", "1 task", further);
}

function nameOf(label) {
  return label.replace(/^taskloom /, "").replace("taskloom ", "");
}

function row(stage, unit, milliseconds, rate, rateUnit, share) {
  rows.push({ stage, for: unit, milliseconds, rate, unit: rateUnit, share });
}

function report() {
  if (bench.failures.length > 0) throw new Error(`WebGPU: ${bench.failures.join("; ")}`);
  const { info, limits, features } = device;
  const { GROUPS, ROW_GROUPS, DEPTH, THREADS, ROWS, POSITIONS } = bench.shape;
  console.log(`taskloom ${version()} on ${machine()}`);
  console.log(`adapter: ${info.vendor}, ${info.architecture}, ${info.device}, ${info.description}`);
  console.log(
    `limits: ${Object.entries(limits)
      .map(([name, value]) => `${name} ${value}`)
      .join(", ")}`,
  );
  console.log(`features: ${features.join(", ") || "none"}; examples: ${dataset.name}`);
  console.log(
    `tile: ${ROWS} rows x ${16 * DEPTH} columns x ${POSITIONS} positions, ${GROUPS}x${ROW_GROUPS} = ${THREADS} invocations`,
  );
  console.log(
    clock
      ? "GPU time of passes by timestamp queries; medians. Results checked, exact ones bit for bit.\n"
      : "NO TIMESTAMP QUERIES HERE: host clock around submissions; medians. Results checked, exact ones bit for bit.\n",
  );
  table(
    rows.map(({ stage, for: unit, milliseconds, rate, unit: rateUnit, share }) => ({
      stage,
      for: unit,
      ms: Number(milliseconds.toPrecision(4)),
      rate: `${Number(rate.toPrecision(4))} ${rateUnit}`,
      "of fused": share === undefined ? "" : `${(100 * share).toFixed(1)}%`,
    })),
  );
  if (given.json) writeJson(resolve(given.json));
}

function writeJson(file) {
  const { info, limits, features } = device;
  const what = { version: version(), machine: machine(), adapter: info, limits, features, shape: bench.shape };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(
    file,
    `${JSON.stringify({ ...what, timestamps: !!clock, dataset: dataset.name, tasks, rows }, null, 2)}\n`,
  );
}
