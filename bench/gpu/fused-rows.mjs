// The fused kernel of the library, whole and stage by stage, as rows of a table. Pages run it too.
import { fusedWork, together, WORK } from "./floors.mjs";
import { withFused } from "./fused.mjs";
import { checkPoisoned, walk } from "./library.mjs";
import { measureStages } from "./stages.mjs";

const MEGA = 1e6;

/**
 * Measures the fused kernel and its stages: those over all key-stream blocks, the kernel's floor of those that its tiles use.
 *
 * @param floors undefined without rates
 */
export async function measureFused(bench, dataset, { tasks, batch, length }, floors) {
  await checkPoisoned(bench, dataset, {}, batch);
  const { wall, passes } = await walk(bench, dataset, {}, tasks, batch);
  const fused = passes.get("taskloom fused projection") ?? wall;
  const { setting, stages } = await withFused(bench, dataset, {}, batch, async (setting) => {
    return { setting, stages: await measureStages(bench, setting, length, bench.sizes.rounds) };
  });
  const { plan, shape, used } = setting;
  bench.fused = { shape, used, blocks: plan.blocks };
  const problem = { rows: plan.rows, columns: 16 * plan.blocks, length, width: plan.width };
  const entries = problem.rows * problem.columns;
  const operations = 2 * plan.rows * plan.columns * length;
  const bytes = 4 * plan.width * length;
  const { making, products } = fusedWork(shape.product, problem);
  const [words, deviates, epilogue] = [WORK.words(problem), WORK.deviates(problem), WORK.epilogue(problem)];
  const needed = fusedWork(shape.product, { ...problem, columns: 16 * used });
  const whole = together(needed.making, needed.products, epilogue, WORK.read(16 * used * length));
  const rows = [];
  const add = (stage, milliseconds, rate, work) => {
    const about = { tasks, work, share: milliseconds / fused };
    rows.push(rowOf(stage, milliseconds * tasks, rate(milliseconds), about, floors));
  };
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
  return rows;
}

/** A row of the table. `work` is that of one task where there are `tasks`. */
export function rowOf(stage, milliseconds, [rate, rateUnit], { tasks, unit = `${tasks} tasks`, share, work }, floors) {
  const floor = work && floors?.of(work);
  if (floor) floor.milliseconds *= tasks ?? 1;
  return { stage, for: unit, milliseconds, rate, unit: rateUnit, share, tasks, floor };
}
