import type { Dataset } from "../../../dataset/index.js";
import type { MatrixChoice } from "../../../draws/draws.js";
import type { Plan } from "../../../plan/plan.js";
import type { Loans } from "../device/buffers.js";
import type { Gpu } from "../device/device.js";

/**
 * A way to make the values of a plan on a GPU. The weaver draws tasks, examples and labels, cuts them into dispatches, and
 * handles outputs, copies and errors. A path turns a dispatch into GPU commands.
 */
export interface Path {
  readonly name: string;
  /**
   * Uploads the data that all dispatches share, and compiles the kernels.
   *
   * @param table the 768 entries of the deviates' table; see shaders/deviate.wgsl
   */
  prepare(gpu: Gpu, plan: Plan, dataset: Dataset, table: Uint32Array<ArrayBuffer>): Promise<PreparedPath>;
}

export interface PreparedPath {
  /**
   * The most positions of a dispatch: even and at least 2. The limits are bindings, workgroup counts and the time after
   * which drivers reset a device. The weaver limits the output.
   */
  readonly maxPositions: number;
  /**
   * Takes the buffers for a dispatch. Returns a function that writes them through the queue and encodes the work. The
   * weaver calls that function once, and gives the loans back when the work is submitted.
   */
  stage(dispatch: Dispatch, loans: Loans): Promise<(encoder: GPUCommandEncoder, output: GPUBuffer) => void>;
  destroy(): void;
}

/** Consecutive positions of a call that are made together. They may begin and end within an item. */
export interface Dispatch {
  /** Runs of positions with the same matrix. They cover the dispatch, in order. */
  readonly runs: readonly TaskRun[];
  /** The example of each position. */
  readonly indices: Uint32Array<ArrayBuffer>;
  /** The label that each position is given, `NO_LABEL` for none. Empty if the plan has no one-hots. */
  readonly given: Uint32Array<ArrayBuffer>;
  /**
   * Place of the first position in the output, in rows of `rowLength(plan)` values. It is even, so that float16 results
   * begin at a whole word. The output has room for the dispatch, rounded up to a word, and fits into one binding.
   */
  readonly outputFirst: number;
}

/** Consecutive positions with the same matrix. */
export interface TaskRun {
  readonly matrix: MatrixChoice;
  /** The first position, counted from the dispatch's first, and the number of positions. */
  readonly first: number;
  readonly count: number;
}

/**
 * The most work of a dispatch, in multiplications. 2e10 take a tenth of a second on a slow integrated GPU; drivers reset a
 * device whose work takes some seconds.
 */
export const MAX_WORK = 2e10;
/** The work of making one deviate, in multiplications. */
export const MAKING = 60;

/** Rounds a limit down to an even number of positions; the result is at least 2. */
export function evenPositions(limit: number): number {
  return Math.max(2, Math.floor(Math.min(limit, 2 ** 31) / 2) * 2);
}

/** Splits workgroups into two dimensions, for shaders that count `y * num_workgroups.x + x` and ignore the excess. */
export function grid(workgroups: number, { limits }: Gpu): [x: number, y: number] {
  const x = Math.min(workgroups, limits.maxComputeWorkgroupsPerDimension);
  return [x, Math.ceil(workgroups / x)];
}

/** Returns the usual number of consecutive positions with the same matrix. */
export function typicalRun(plan: Plan): number {
  return plan.mode === "samples" ? 1 : plan.itemsPerTask * plan.length;
}

/** Returns the work of one position in multiplications, with its share of the deviates of a run. */
export function workOf(plan: Plan, run: number): number {
  return plan.outFeatures * plan.features * (1 + MAKING / run);
}
