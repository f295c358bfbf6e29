// npm run bench:gpu: the rates of the adapter; the stages of the fused kernel, each alone; the kernels in the library's own
// dispatches; all of these beside their floors at those rates; the candidates of the library's tuning; and the work of the
// calling thread for a batch.
//
// Times are those of compute passes, by timestamp queries if the adapter has them; medians after a warm-up, with several
// outputs in turn. Results are checked in memory that was full of 0xCD, exact ones bit for bit, floats within a tolerance:
// the library's tasks against the WebAssembly backend, stages against plain JavaScript. A wrong result ends its part of the
// benchmark, and the benchmark fails.
//
// Options: --tasks N (for the fused kernel; rounded up to whole batches), --only rates,fused,variants,whole,float,
// statistics,host (without rates there are no floors), --json FILE. Deno runs it too, on wgpu: deno run -A bench/gpu.mjs.
import { cpus } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { Clock, openDevice } from "./gpu/device.mjs";
import { Floors, fusedWork, together, WORK } from "./gpu/floors.mjs";
import { withFused } from "./gpu/fused.mjs";
import { examples, subset } from "./gpu/images.mjs";
import { checkPoisoned, hostTime, walk } from "./gpu/library.mjs";
import { measureRates } from "./gpu/rates.mjs";
import { Recorder } from "./gpu/recorder.mjs";
import { printFloors, printRates, printSetting, printTimes, printVariants, writeJson } from "./gpu/report.mjs";
import { measureStages } from "./gpu/stages.mjs";
import { measureStatistics } from "./gpu/statistics.mjs";
import { measureVariants } from "./gpu/variants.mjs";

/**
 * The amounts of work. A batch of 200 tasks is the most that the library puts into one dispatch; whole datasets begin to
 * have their own kernel at 513 examples.
 * Tuning is for a set of so many tasks, of which a trial takes ten at most; then variants take so many turns.
 * Rates are of so many workgroups, grown until a dispatch takes so many milliseconds, and of memory of so many bytes,
 * more than caches hold.
 */
const HARDWARE = {
  tasks: 2 ** 16,
  batch: 200,
  warm: 3,
  tuned: 2 ** 16,
  turns: 31,
  rounds: 31,
  wholeExamples: 60000,
  wholeTasks: 8,
  statistics: 60000,
  steps: 100,
  rates: { workgroups: 8192, milliseconds: 20, rounds: 9, bytes: 2 ** 29 },
};
const SOFTWARE = {
  tasks: 8,
  batch: 2,
  warm: 1,
  tuned: 2,
  turns: 7,
  rounds: 3,
  wholeExamples: 520,
  wholeTasks: 1,
  statistics: 1000,
  steps: 20,
  rates: { workgroups: 4 * cpus().length, milliseconds: 30, rounds: 5, bytes: 2 ** 26 },
};

const LENGTH = 100;
const MEGA = 1e6;

const { values: given } = parseArgs({
  options: { tasks: { type: "string" }, only: { type: "string" }, json: { type: "string" } },
});
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

const problems = [];
let floors;
let variants;
const PARTS = {
  rates: ratesPart,
  fused: fusedRows,
  variants: variantsPart,
  whole: wholeRows,
  float: floatRows,
  statistics: statisticsRow,
  host: hostRows,
};
for (const name of chosenParts()) await part(name);
report();
bench.device.destroy();

function chosenParts() {
  const names = Object.keys(PARTS);
  const chosen = given.only?.split(",") ?? names;
  const wrong = chosen.find((name) => !names.includes(name));
  if (wrong !== undefined) throw new Error(`--only ${given.only}: ${wrong} is none of ${names.join(", ")}`);
  return names.filter((name) => chosen.includes(name));
}

/** Parts stand alone: a machine with a GPU is seldom at hand, and what one part found is not lost with another. */
async function part(name) {
  try {
    await PARTS[name]();
  } catch (error) {
    problems.push(`${name}: ${error.message}`);
  }
}

async function ratesPart() {
  floors = new Floors(await measureRates(bench));
}

async function variantsPart() {
  variants = await measureVariants(bench, dataset, batch, LENGTH);
}

/** The fused kernel and its stages: those over all key-stream blocks, the kernel's floor of those that its tiles use. */
async function fusedRows() {
  await checkPoisoned(bench, dataset, {}, batch);
  const { wall, passes } = await walk(bench, dataset, {}, tasks, batch);
  const fused = passes.get("taskloom fused projection") ?? wall;
  const { setting, stages } = await withFused(bench, dataset, {}, batch, async (setting) => {
    return { setting, stages: await measureStages(bench, setting, LENGTH, sizes.rounds) };
  });
  const { plan, shape, used } = setting;
  bench.fused = { shape, used, blocks: plan.blocks };
  const problem = { rows: plan.rows, columns: 16 * plan.blocks, length: LENGTH, width: plan.width };
  const entries = problem.rows * problem.columns;
  const operations = 2 * plan.rows * plan.columns * LENGTH;
  const bytes = 4 * plan.width * LENGTH;
  const { making, products } = fusedWork(shape.product, problem);
  const [words, deviates, epilogue] = [WORK.words(problem), WORK.deviates(problem), WORK.epilogue(problem)];
  const needed = fusedWork(shape.product, { ...problem, columns: 16 * used });
  const whole = together(needed.making, needed.products, epilogue, WORK.read(16 * used * LENGTH));
  const add = (stage, milliseconds, rate, work) =>
    row(stage, milliseconds * tasks, rate(milliseconds), { tasks, work, share: milliseconds / fused });
  const per = (unit) => (ms) => [(ms * MEGA) / entries, `ns/${unit}`];
  const nominal = (ms) => [operations / ms / MEGA, "Gop/s nominal"];
  const stored = (ms) => [bytes / ms / MEGA, "GB/s"];
  const perSecond = (ms) => [1000 / ms, "tasks/s"];
  const steps = stages.making + stages.multiply;
  add("words (ChaCha8)", stages.words, per("word"), words);
  add("deviates of given words", stages.deviates, per("deviate"), deviates);
  add("tiles: words, deviates, kept", stages.making, per("entry"), making);
  add("products of prepared tiles", stages.multiply, nominal, products);
  add("epilogue: convert, scale, one-hot, store", stages.epilogue, stored, epilogue);
  add("sum of the last three", steps + stages.epilogue, perSecond);
  add("sum, by the share of used blocks", (steps * used) / plan.blocks + stages.epilogue, perSecond);
  add("fused kernel", fused, perSecond, whole);
  add("fused kernel, its products", fused, nominal);
  add("gpuBatches, host clock", wall, perSecond, whole);
}

/** mode: "dataset", whose matrices are written out. */
async function wholeRows() {
  const data = subset(dataset, sizes.wholeExamples);
  const options = { drawSequence: false };
  await checkPoisoned(bench, data, options, 1);
  const { wall, passes } = await walk(bench, data, options, sizes.wholeTasks, 1);
  const unit = `1 task, ${data.length} examples`;
  const problem = { ...square(data), length: data.length };
  const entries = data.features ** 2;
  const operations = 2 * entries * data.length;
  const outputs = 4 * data.features * data.length;
  const limbs = together(WORK.words(problem), WORK.deviates(problem), WORK.limbs(problem), WORK.written(2 * entries));
  // An invocation of shaders/product.wgsl has 4 rows of 8 examples.
  const product = together(WORK.packedProducts(problem, [4, 8]), WORK.read(problem.columns * data.length));
  const works = { limbs, product: together(product, WORK.written(outputs)) };
  for (const [label, milliseconds] of passes) {
    const kind = label.split(" ").at(-1);
    const rate =
      kind === "product"
        ? [operations / milliseconds / MEGA, "Gop/s nominal"]
        : [(milliseconds * MEGA) / entries, "ns/entry"];
    row(nameOf(label), milliseconds, rate, { unit, work: works[kind] });
  }
  const nominal = [operations / wall / MEGA, "Gop/s nominal"];
  row("whole dataset: gpuBatches, host clock", wall, nominal, { unit, work: together(...Object.values(works)) });
}

/** float32 examples: matrices in f32 and their products. */
async function floatRows() {
  const data = subset(dataset, sizes.wholeExamples, true);
  await checkPoisoned(bench, data, {}, Math.min(batch, 2));
  const count = batch * Math.min(5, tasks / batch);
  const { wall, passes } = await walk(bench, data, {}, count, batch);
  const problem = { ...square(data), length: LENGTH };
  const entries = data.features ** 2;
  const bytes = 4 * entries;
  // A conversion and a multiplication for each entry, as the scale is part of the matrix.
  const scaled = { conversions: entries, fmas: entries };
  const outputs = 4 * data.features * LENGTH;
  const works = {
    matrix: together(WORK.words(problem), WORK.deviates(problem), scaled, WORK.written(bytes)),
    "project-float": together(WORK.floatProducts(problem), WORK.read(bytes), WORK.written(outputs)),
    "one-hot": WORK.written(4 * data.classes * LENGTH),
  };
  const rates = {
    matrix: (ms) => [bytes / ms / MEGA, "GB/s"],
    "project-float": (ms) => [(2 * entries * LENGTH) / ms / MEGA, "Gop/s"],
  };
  const perSecond = (ms) => [1000 / ms, "tasks/s"];
  for (const [label, milliseconds] of passes) {
    const kind = label.split(" ").at(-1);
    const rate = (rates[kind] ?? perSecond)(milliseconds);
    row(nameOf(label), milliseconds * count, rate, { tasks: count, work: works[kind] });
  }
  row("float: gpuBatches, host clock", wall * count, perSecond(wall), {
    tasks: count,
    work: together(...Object.values(works)),
  });
}

/** The matrix of a dataset's tasks. */
function square({ features }) {
  return { rows: features, columns: Math.ceil(features / 16) * 16 };
}

async function statisticsRow() {
  const { milliseconds, bytes } = await measureStatistics(bench, sizes.statistics, sizes.rounds);
  const rate = [(2 * bytes) / milliseconds / MEGA, "GB/s, read twice"];
  row("statistics of each feature", milliseconds, rate, {
    unit: `${sizes.statistics} examples`,
    work: WORK.read(bytes),
  });
}

/** Tasks of one row each, which cost a GPU next to nothing: what remains is the host's, and the way there and back. */
async function hostRows() {
  const tiny = { outFeatures: 1 };
  const one = await hostTime(bench, dataset, tiny, 1);
  const many = await hostTime(bench, dataset, tiny, batch);
  const further = (many.work - one.work) / Math.max(1, batch - 1);
  const add = (stage, unit, milliseconds) => row(stage, milliseconds, [milliseconds * 1000, "us"], { unit });
  add("host: clock, steps of 1 tiny task", "1 step", one.wall);
  add("host: the thread's work in one", "1 step", one.work);
  add(`host: clock, steps of ${batch} tiny tasks`, "1 step", many.wall);
  add("host: the thread's work in one", "1 step", many.work);
  add("host: work for a further task", "1 task", further);
}

function nameOf(label) {
  return label.replace(/^taskloom /, "").replace("taskloom ", "");
}

/** `work` is that of one task where there are `tasks`. */
function row(stage, milliseconds, [rate, rateUnit], { tasks, unit = `${tasks} tasks`, share, work }) {
  const floor = work && floors?.of(work);
  if (floor) floor.milliseconds *= tasks ?? 1;
  rows.push({ stage, for: unit, milliseconds, rate, unit: rateUnit, share, tasks, floor });
}

function report() {
  problems.push(...bench.failures.map((failure) => `WebGPU: ${failure}`));
  printSetting(bench, dataset, bench.fused);
  if (floors) printRates(floors.rates, floors.overlap);
  if (rows.length > 0) printTimes(rows);
  const floored = rows.filter(({ floor }) => floor);
  if (floored.length > 0) printFloors(floored);
  if (variants) printVariants(variants);
  if (given.json) {
    const { rates, overlap } = floors ?? {};
    writeJson(resolve(given.json), bench, { dataset: dataset.name, tasks, rates, overlap, rows, variants, problems });
  }
  for (const problem of problems) console.error(`\nFAILED: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
}
