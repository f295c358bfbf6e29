import { bytesPerElement } from "../../../base/tensor.js";
import type { Dataset } from "../../../dataset/index.js";
import { type Plan, rowLength } from "../../../plan/plan.js";
import { Buffers, Loans, USAGE } from "../device/buffers.js";
import type { Gpu } from "../device/device.js";
import { FusedInputs } from "./fused-inputs.js";
import { MAKING, MAX_WORK, type Path, type PreparedPath, workOf } from "./path.js";
import { PreparedFused } from "./prepared-fused.js";
import { Choices, fastest, type Trial } from "./tuning.js";
import { candidates, defaultVariant, type Variant } from "./variants.js";

/**
 * The exact projection of uint8 and int16 examples. One dispatch makes the deviates, the products and the one-hots: see
 * shaders/project-tile.wgsl. It is right for every mode. For a task with very many positions it is slow, because each
 * tile of positions makes the matrix again.
 */
export const fusedPath: Path = {
  name: "fused",
  prepare: (gpu, plan, dataset, table) => prepareFused(gpu, plan, dataset, table),
};

/**
 * Prepares the fused path with one variant of its kernel.
 *
 * @param fixed the variant, for measurements and tests. Default: the fastest one in trials on this adapter, if there were
 *   trials; else the one that a model of the adapter prefers
 */
export async function prepareFused(
  gpu: Gpu,
  plan: Plan,
  dataset: Dataset,
  table: Uint32Array<ArrayBuffer>,
  fixed?: Variant,
): Promise<PreparedPath> {
  const inputs = await FusedInputs.upload(gpu, plan, dataset, table);
  try {
    const { variant, maxWork } = fixed ? { variant: fixed, maxWork: MAX_WORK } : await choiceFor(gpu, plan, inputs);
    return await PreparedFused.create(gpu, plan, inputs, variant, maxWork);
  } catch (error) {
    inputs.destroy();
    throw error;
  }
}

/** A variant, and the most work that one dispatch of it may have, in the unit of `MAX_WORK`. */
interface Choice {
  readonly variant: Variant;
  readonly maxWork: number;
}

/** The fastest variants found so far, by adapter and problem. */
const tuned = new Choices<Choice>();

/** Work of a set, in the unit of `MAX_WORK`, from which on a second of tuning pays: 2^16 tasks of MNIST. */
const TUNE_FROM = 2 ** 16 * (100 + MAKING) * 784 ** 2;
/** The most bytes of a trial's results. */
const TRIAL_BYTES = 64 * 2 ** 20;
/** Target length of a dispatch on a device of known speed, in ms. The device idles at both ends of a short dispatch. */
const DISPATCH_MS = 20;

async function choiceFor(gpu: Gpu, plan: Plan, inputs: FusedInputs): Promise<Choice> {
  const problem = inputs.problem;
  const device = { adapter: gpu.adapter, limits: gpu.limits, packedDot: await gpu.packedDot() };
  const key = JSON.stringify([device, problem, plan.dtype]);
  const untuned = () => ({ variant: defaultVariant(device, problem), maxWork: MAX_WORK });
  const work = plan.itemCount * plan.length * workOf(plan, problem.count);
  if (!(gpu.tune ?? (work >= TUNE_FROM && !gpu.adapter.software))) {
    return (await tuned.get(key)) ?? untuned();
  }
  try {
    return await tuned.of(key, () => tune(gpu, plan, inputs, candidates(device, problem)));
  } catch (error) {
    // A trial can fail where the work itself succeeds. If the work fails too, its own error is thrown then.
    if (gpu.lost) throw error;
    return untuned();
  }
}

/** Finds the fastest of some variants by trials. Variants that the device refuses are left out. */
async function tune(gpu: Gpu, plan: Plan, inputs: FusedInputs, variants: Variant[]): Promise<Choice> {
  const made = await Promise.allSettled(
    variants.map((variant) => PreparedFused.create(gpu, plan, inputs, variant, MAX_WORK)),
  );
  const prepared = made.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const buffers = new Buffers(gpu);
  try {
    if (prepared.length === 0) throw (made[0] as PromiseRejectedResult).reason;
    const trials: { trial: Trial; work: number }[] = [];
    const most = plan.itemCount * plan.length * rowLength(plan) * bytesPerElement(plan.dtype);
    const bytes = Math.min(most, TRIAL_BYTES, gpu.limits.maxStorageBufferBindingSize, gpu.limits.maxBufferSize);
    const loans = new Loans(buffers);
    const output = await loans.take("output of trials", Math.ceil(bytes / 4) * 4, USAGE.STORAGE | USAGE.COPY_DST);
    for (const one of prepared) trials.push(await one.trial(loans, output, bytes));
    const { number, milliseconds } = await fastest(trials.map(({ trial }) => trial));
    const perMillisecond = (trials[number] as { work: number }).work / milliseconds;
    return {
      variant: (prepared[number] as PreparedFused).variant,
      maxWork: Math.max(MAX_WORK, perMillisecond * DISPATCH_MS),
    };
  } catch (cause) {
    throw await gpu.explain(cause, "tuning");
  } finally {
    for (const one of prepared) one.release();
    buffers.destroy();
  }
}
