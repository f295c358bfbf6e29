import { checkInteger } from "../base/check.js";
import { InvalidOptionError } from "../base/errors.js";
import type { Dataset } from "../dataset/index.js";
import type { ResolvedOptions } from "../plan/options.js";
import { batchesSchema, parse } from "../plan/schemas.js";
import type { BatchOptions } from "./batch-options.js";
import type { Loom } from "./loom.js";
import type { Looms } from "./looms.js";
import { checkResultSize } from "./result-size.js";

/** A walk over batches, in items. */
export interface Walk {
  readonly loom: Loom;
  readonly first: number;
  readonly count: number;
  /** Items of a batch. */
  readonly size: number;
  readonly signal: AbortSignal | undefined;
  readonly reuse: boolean;
}

/**
 * The walk that options ask for.
 *
 * @throws InvalidOptionError for options out of bounds, and for batches that do not fit into one array
 */
export async function walkOf(
  looms: Looms,
  options: ResolvedOptions,
  dataset: Dataset,
  batches: BatchOptions,
): Promise<Walk> {
  const given = parse(batchesSchema, batches);
  const { taskOffset, taskCount } = options;
  const range = taskRange(options, given.start ?? taskOffset, given.stop ?? taskOffset + taskCount);
  const signal = bothSignals(options.signal, given.signal);
  const { plan } = looms.planned(dataset);
  const loom = await looms.open(dataset, signal);
  const { itemsPerTask } = plan;
  const { batchSize = Math.max(1, Math.floor(loom.pieceItems / itemsPerTask)), reuse } = given;
  const [first, count, size] = [range.first, range.count, batchSize].map((tasks) => tasks * itemsPerTask) as [
    number,
    number,
    number,
  ];
  checkResultSize(plan, Math.min(size, count));
  return { loom, first, count, size, signal, reuse };
}

/**
 * The tasks `[start, stop)`, counted from the first of a set; one task without `stop`.
 *
 * @throws InvalidOptionError for a range that is empty or not within the set
 */
export function taskRange(
  { taskOffset, taskCount, samples }: ResolvedOptions,
  start: number,
  stop?: number,
): { first: number; count: number } {
  if (samples !== undefined) {
    throw new InvalidOptionError(
      "samples",
      samples,
      "undefined for task ranges; samples of all tasks come from transform()",
    );
  }
  const end = taskOffset + taskCount;
  checkInteger("start", start, taskOffset, end - 1);
  const last = stop === undefined ? start + 1 : stop;
  checkInteger("stop", last, start + 1, end);
  return { first: start - taskOffset, count: last - start };
}

/** A signal that is aborted when one of the two is. */
export function bothSignals(own: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return own && other ? AbortSignal.any([own, other]) : (own ?? other);
}
