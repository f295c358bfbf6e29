import type { Dataset } from "../../../dataset/index.js";
import type { MatrixChoice } from "../../../draws/draws.js";
import type { Plan } from "../../../plan/plan.js";
import type { Loans } from "../device/buffers.js";
import type { Gpu } from "../device/device.js";

/**
 * A way to make the values of a plan on a GPU. The weaver draws tasks, examples and labels, cuts them into batches, and
 * takes care of outputs, copies and errors; a path turns a batch into GPU commands.
 */
export interface Path {
  readonly name: string;
  /**
   * Uploads what all batches share and compiles.
   *
   * @param table the 768 entries of the deviates' table, see shaders/deviate.wgsl
   */
  prepare(gpu: Gpu, plan: Plan, dataset: Dataset, table: Uint32Array<ArrayBuffer>): Promise<PreparedPath>;
}

export interface PreparedPath {
  /**
   * The most positions of a batch, at least 2 and even: as much as bindings, dispatches and a driver's patience allow,
   * besides the output, which the weaver sees to.
   */
  readonly maxPositions: number;
  /**
   * Takes the buffers a batch needs. The function it returns is called once, soon, and synchronously: it writes them
   * through the queue and encodes the work. The loans are given back when that is submitted.
   */
  stage(batch: Dispatch, loans: Loans): Promise<(encoder: GPUCommandEncoder, output: GPUBuffer) => void>;
  destroy(): void;
}

/** Positions to be made: those of item after item, in order. Not necessarily whole items. */
export interface Dispatch {
  /** Neighbouring positions with the same matrix; together all of the batch, in order. */
  readonly runs: readonly TaskRun[];
  /** The example of each position. */
  readonly indices: Uint32Array<ArrayBuffer>;
  /** The label each position is given, `NO_LABEL` for none. Empty where there are no one-hots. */
  readonly given: Uint32Array<ArrayBuffer>;
  /**
   * Where the batch begins in the output, in positions of `rowLength(plan)` values. Even, so that a batch of float16
   * begins with a word. The output has room for the batch, rounded up to a word, and is no larger than a binding may be.
   */
  readonly outputFirst: number;
}

export interface TaskRun {
  readonly matrix: MatrixChoice;
  /** First position, counted in the batch, and how many. */
  readonly first: number;
  readonly count: number;
}

/**
 * Multiplications of a batch at most, those of deviates counted as `MAKING` each. 2e10 take a tenth of a second on a
 * slow integrated GPU, and drivers reset a device whose work takes some seconds.
 */
export const MAX_WORK = 2e10;
export const MAKING = 60;

/** The even number of positions that `limit` allows, at least 2. */
export function evenPositions(limit: number): number {
  return Math.max(2, Math.floor(Math.min(limit, 2 ** 31) / 2) * 2);
}

/** Workgroups in two dimensions, for shaders that count `y * num_workgroups.x + x` and ignore what is too much. */
export function grid(workgroups: number, { limits }: Gpu): [x: number, y: number] {
  const x = Math.min(workgroups, limits.maxComputeWorkgroupsPerDimension);
  return [x, Math.ceil(workgroups / x)];
}
