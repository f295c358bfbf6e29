import * as v from "valibot";
import { InvalidOptionError } from "../base/errors.js";
import { boolean, integer } from "../plan/schema-parts.js";
import { augmentorSchema, parse } from "../plan/schemas.js";
import type { LoaderState } from "./state.js";
import { checkAgainst, parseState } from "./state.js";

/** Options of a walk over a task set. */
export interface LoaderOptions {
  /** Sequences in a batch, 1..2^32; the last one of an epoch may have fewer. Default 64. */
  batchSize?: number;
  /**
   * `true`: sequences in an order of their own each epoch. `"tasks"`: tasks in such an order, the sequences of one
   * together, which makes each matrix once. Default `false`: as they are numbered.
   */
  shuffle?: boolean | "tasks";
  /** The first epoch, 0..2^32 - 1. Default 0. */
  epoch?: number;
  /** The number of epochs, 1..2^32 or `Infinity`. Default 1. */
  epochs?: number;
  /** `true` (default): each epoch has an order of its own. `false`: every epoch has that of epoch 0. */
  reshuffle?: boolean;
  /** Every `count`-th batch of an epoch, from batch `index` on: one of `count` readers' part. Default: all. */
  shard?: {
    /** The number of this reader, 0..count - 1. */
    index: number;
    /** The number of readers, 1..2^32. */
    count: number;
  };
  /** Batches made ahead while one is used, 0..1024; each is memory. Default 2. */
  prefetch?: number;
  /** Leaves out a last batch of fewer than `batchSize` sequences. Default `false`. */
  dropLast?: boolean;
  /** Goes on where another iteration stood; all options above but `prefetch` then come from it, and may be left out. */
  state?: LoaderState;
  /** Ends the iteration: the pending step rejects with `signal.reason`. */
  signal?: AbortSignal;
}

/** Options of a walk into GPU buffers. */
export interface GpuLoaderOptions extends LoaderOptions {
  /** The device of the buffers. Default: the backend's own, where it is WebGPU. */
  device?: GPUDevice;
  /**
   * Use the buffers of a batch again once the next one is asked for: they are the walk's then, `prefetch + 1` sets that
   * serve in turn, destroyed when it ends. Commands that use a batch are to be submitted before the next is asked for, and
   * need not be done. Default `false`: the buffers are the caller's, who destroys them.
   */
  reuse?: boolean;
}

/** Options with all defaults filled in: the place to begin, and how to go on from it. */
export interface Walk extends Omit<LoaderState, "format" | "version" | "recipe" | "shuffleSeed" | "epochs"> {
  /** The first epoch that is not walked; may be Infinity. */
  readonly end: number;
  readonly prefetch: number;
  readonly signal: AbortSignal | undefined;
  readonly device: GPUDevice | undefined;
  readonly reuse: boolean;
}

const MAX = 2 ** 32;

const schema = v.strictObject({
  batchSize: v.optional(integer(1, MAX)),
  shuffle: v.optional(v.union([boolean, v.literal("tasks")], 'true, false or "tasks"')),
  epoch: v.optional(integer(0, MAX - 1)),
  epochs: v.optional(
    v.custom<number>(
      (value) =>
        value === Number.POSITIVE_INFINITY ||
        (Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= MAX),
      `an integer from 1 to ${MAX}, or Infinity`,
    ),
  ),
  reshuffle: v.optional(boolean),
  shard: v.optional(
    v.strictObject({ index: integer(0, MAX - 1), count: integer(1, MAX) }, "{ index, count }, index below count"),
  ),
  prefetch: v.optional(integer(0, 1024), 2),
  dropLast: v.optional(boolean),
  state: v.optional(v.unknown()),
  reuse: v.optional(boolean, false),
  signal: augmentorSchema.entries.signal,
  device: v.optional(
    v.custom<GPUDevice>((value) => typeof value === "object" && value !== null && "queue" in value, "a GPUDevice"),
  ),
});

/**
 * Checks options and fills in defaults, from a state where there is one.
 *
 * @throws InvalidOptionError for the first option that is unknown, out of bounds, or not the state's
 * @throws RecipeError for the state of another task set
 */
export function resolveWalk(
  options: GpuLoaderOptions,
  set: { readonly recipe: string; readonly shuffleSeed: bigint; readonly itemsPerTask: number },
): Walk {
  const { prefetch, signal, device, reuse, state: given, ...order } = parse(schema, options);
  const { epochs, ...same } = order;
  const state = given === undefined ? undefined : parseState(given, set);
  if (state) checkAgainst(state, same);
  const { shuffle = false, reshuffle = true, batchSize = 64, dropLast = false } = state ?? order;
  const { shard = { index: 0, count: 1 }, epoch = 0 } = state ?? order;
  const batch = state?.batch ?? shard.index;
  if (shard.index >= shard.count) {
    throw new InvalidOptionError("shard.index", shard.index, `an integer from 0 to ${shard.count - 1}`);
  }
  if (batch % shard.count !== shard.index) {
    throw new InvalidOptionError("state.batch", batch, `a batch of shard ${shard.index} of ${shard.count}`);
  }
  if (shuffle === "tasks" && set.itemsPerTask === 0) {
    throw new InvalidOptionError("shuffle", shuffle, "true or false, as each sample has a task of its own");
  }
  const end = epoch + (epochs ?? (state ? (state.epochs ?? Number.POSITIVE_INFINITY) : 1));
  if (end !== Number.POSITIVE_INFINITY && end > MAX) {
    throw new InvalidOptionError("epoch + epochs", end, `at most ${MAX}, as epochs have 32 bits; or epochs: Infinity`);
  }
  return { shuffle, reshuffle, batchSize, dropLast, shard, epoch, batch, end, prefetch, signal, device, reuse };
}
