import * as v from "valibot";
import { InvalidOptionError } from "../base/errors.js";
import { boolean, integer } from "../plan/schema-parts.js";
import { augmentorSchema, parse } from "../plan/schemas.js";
import type { Course, OrderChoices } from "./order.js";
import { checkAgainst, parseState } from "./parse-state.js";
import { resumeReaders } from "./resume.js";
import { roundsOf } from "./rounds.js";
import type { LoaderState, StateSet } from "./state.js";

/** Options of a walk over a task set. */
export interface LoaderOptions {
  /** Sequences in a batch, 1..2^32. Default 64. */
  batchSize?: number;
  /**
   * `true`: sequences in an order of their own each epoch. `"tasks"`: tasks in such an order, the sequences of one
   * together, which makes each matrix once. `"chunks"`: sequences within blocks of chunks, so that a reader with a
   * `cache` of two blocks fetches each chunk once an epoch. Default `false`: as they are numbered.
   */
  shuffle?: boolean | "tasks" | "chunks";
  /** Sequences of a chunk, 1..2^53 - 1, with `shuffle: "chunks"`. Default: those of the store's chunks; a recipe has none. */
  chunkItems?: number;
  /** Chunks of a block, 1..2^32, with `shuffle: "chunks"`. Default 8. */
  blockChunks?: number;
  /** The first epoch, 0..2^32 - 1. Default 0. */
  epoch?: number;
  /** The number of epochs, 1..2^32 or `Infinity`. Default 1. */
  epochs?: number;
  /** `true` (default): each epoch has an order of its own. `false`: every epoch has that of epoch 0. */
  reshuffle?: boolean;
  /**
   * One of `count` readers, `index`: it has every `count`-th batch of an epoch, from batch `index` on. Default: all
   * batches. Give it always in a program that runs on any number of ranks.
   */
  shard?: {
    /** The number of this reader, 0..count - 1. */
    index: number;
    /** The number of readers, 1..2^32. */
    count: number;
  };
  /**
   * The way an epoch ends that is no whole number of rounds, a round being one batch of each reader. `"drop"` leaves out
   * the rest; `"pad"` fills the last round with the first sequences of the epoch's order: all readers have the same number
   * of batches, all of `batchSize` sequences. `false`: each sequence once; readers differ by one batch at most, and the
   * last batch may be short. Default `"drop"` with `shard`, otherwise `false`.
   */
  even?: "drop" | "pad" | false;
  /** Batches made ahead while one is used, 0..1024; each is memory. Default 2. */
  prefetch?: number;
  /** Leaves out a last batch of fewer than `batchSize` sequences, with `even: false`. Default `false`. */
  dropLast?: boolean;
  /**
   * Goes on where another iteration stood; the options that make the order come from it, and may be left out. `shard`,
   * `batchSize`, `even` and `epochs` may be others: see docs/loader.md. A state of several readers asks for `shard`.
   */
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
export interface Walk extends Course {
  readonly prefetch: number;
  readonly signal: AbortSignal | undefined;
  readonly device: GPUDevice | undefined;
  readonly reuse: boolean;
}

/** The task set of a walk. */
export interface WalkSet extends StateSet {
  readonly itemsPerTask: number;
  /** Items of a chunk, where it has chunks. */
  readonly chunkItems?: number | undefined;
}

const MAX = 2 ** 32;
const BLOCK_CHUNKS = 8;

const schema = v.strictObject({
  batchSize: v.optional(integer(1, MAX)),
  shuffle: v.optional(v.union([boolean, v.picklist(["tasks", "chunks"])], 'true, false, "tasks" or "chunks"')),
  chunkItems: v.optional(integer(1, Number.MAX_SAFE_INTEGER)),
  blockChunks: v.optional(integer(1, MAX)),
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
  even: v.optional(v.union([v.literal(false), v.picklist(["drop", "pad"])], '"drop", "pad" or false')),
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
export function resolveWalk(options: GpuLoaderOptions, set: WalkSet): Walk {
  const { prefetch, signal, device, reuse, state: given, ...order } = parse(schema, options);
  const { epochs, shard, batchSize, even, ...same } = order;
  const read = given === undefined ? undefined : parseState(given, set);
  if (read) checkAgainst(read.state, same);
  const { shuffle = false, reshuffle = true, dropLast = false, epoch = 0 } = read?.state ?? same;
  if (shard && shard.index >= shard.count) {
    throw new InvalidOptionError("shard.index", shard.index, `an integer from 0 to ${shard.count - 1}`);
  }
  if (shuffle === "tasks" && set.itemsPerTask === 0) {
    throw new InvalidOptionError("shuffle", shuffle, "true or false, as each sample has a task of its own");
  }
  const readers = read
    ? resumeReaders(read, { shard, batchSize, even })
    : { shard: shard ?? { index: 0, count: 1 }, batchSize: batchSize ?? 64, even: even ?? (shard ? "drop" : false) };
  const left = epochs ?? (read ? (read.state.epochs ?? Number.POSITIVE_INFINITY) : 1);
  const end = epoch + left;
  if (end !== Number.POSITIVE_INFINITY && end > MAX) {
    throw new InvalidOptionError("epoch + epochs", end, `at most ${MAX}, as epochs have 32 bits; or epochs: Infinity`);
  }
  const consumed = read?.state.consumed ?? 0;
  const chunks = chunkChoices(shuffle, read?.state ?? same, set);
  const walk = { shuffle, ...chunks, reshuffle, ...readers, dropLast, epoch, consumed, end };
  roundsOf(set.items, walk);
  return { ...walk, prefetch, signal, device, reuse };
}

/** @throws InvalidOptionError when the size of chunks is not known, or is of no use */
function chunkChoices(
  shuffle: LoaderState["shuffle"],
  given: Pick<OrderChoices, "chunkItems" | "blockChunks">,
  set: WalkSet,
) {
  if (shuffle !== "chunks") {
    for (const name of ["chunkItems", "blockChunks"] as const) {
      if (given[name] === undefined) continue;
      throw new InvalidOptionError(name, given[name], 'undefined; it belongs to shuffle: "chunks"');
    }
    return {};
  }
  const { chunkItems = set.chunkItems, blockChunks = BLOCK_CHUNKS } = given;
  if (chunkItems === undefined) {
    const allowed = "the number of sequences of a chunk, as only a Zarr store has chunks of its own";
    throw new InvalidOptionError("chunkItems", undefined, allowed);
  }
  const blocks = Math.ceil(Math.ceil(set.items / chunkItems) / blockChunks);
  if (blocks >= MAX) {
    throw new InvalidOptionError(
      "chunkItems x blockChunks",
      chunkItems * blockChunks,
      `more: ${blocks} blocks are too many`,
    );
  }
  return { chunkItems, blockChunks };
}
