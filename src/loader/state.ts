import type { Course } from "./order.js";
import type { Place, Shard } from "./rounds.js";

/**
 * The place where an iteration stands, as JSON: `batches({ state })` goes on from there, with exactly the remaining batches.
 * It is the same for all readers after the same round.
 */
export interface LoaderState {
  /** The name of the format. */
  readonly format: "taskloom-loader";
  /** The version of the format. */
  readonly version: 2;
  /** The identity of the task set, which is the same whether it is recomputed or read from a store: 64 hex digits. */
  readonly recipe: string;
  /** The seed of the order, decimal; see `OpenOptions.shuffleSeed`. */
  readonly shuffleSeed: string;
  /** The order of sequences: as `LoaderOptions.shuffle`. */
  readonly shuffle: boolean | "tasks" | "chunks";
  /** Sequences of a chunk, with `shuffle: "chunks"`. */
  readonly chunkItems?: number | undefined;
  /** Chunks of a block, with `shuffle: "chunks"`. */
  readonly blockChunks?: number | undefined;
  /** True if each epoch has an order of its own. */
  readonly reshuffle: boolean;
  /** The way an epoch ends: as `LoaderOptions.even`. */
  readonly even: "drop" | "pad" | false;
  /** True if a last batch of fewer sequences is left out, with `even: false`. */
  readonly dropLast: boolean;
  /** Sequences in a batch of one reader, 1..2^32. */
  readonly batchSize: number;
  /** The number of readers, 1..2^32. */
  readonly ranks: number;
  /** The epoch of the next round. */
  readonly epoch: number;
  /** Epochs left, this one included; `null` for no end. */
  readonly epochs: number | null;
  /** Sequences of the epoch that all readers together have had: whole rounds of `batchSize * ranks`. */
  readonly consumed: number;
}

/** The task set that a state has to agree with. */
export interface StateSet {
  /** The identity of the recipe. */
  readonly recipe: string;
  readonly shuffleSeed: bigint;
  readonly items: number;
}

/** A state as it was read. */
export interface ReadState {
  readonly state: LoaderState;
  /** The reader that a state of version 1 belongs to. */
  readonly owner?: Shard | undefined;
}

/** Returns the state of a walk at a place. */
export function stateOf(set: Pick<StateSet, "recipe" | "shuffleSeed">, walk: Course, place: Place): LoaderState {
  const { shuffle, chunkItems, blockChunks, reshuffle, even, dropLast, batchSize, shard, end } = walk;
  return {
    format: "taskloom-loader",
    version: 2,
    recipe: set.recipe,
    shuffleSeed: String(set.shuffleSeed),
    shuffle,
    ...(shuffle === "chunks" ? { chunkItems, blockChunks } : {}),
    reshuffle,
    even,
    dropLast,
    batchSize,
    ranks: shard.count,
    epoch: place.epoch,
    epochs: end === Number.POSITIVE_INFINITY ? null : end - place.epoch,
    consumed: place.consumed,
  };
}
