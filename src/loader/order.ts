import type { SetLayout } from "../plan/set-layout.js";
import { ChunkShuffle } from "./chunk-shuffle.js";
import type { Dealing, Place } from "./rounds.js";
import { Shuffle, type ShuffleKeys } from "./shuffle.js";

/** The choices that the order of an epoch follows from, beside the seed. */
export interface OrderChoices {
  readonly shuffle: boolean | "tasks" | "chunks";
  /** Items of a chunk, with `"chunks"`. */
  readonly chunkItems?: number | undefined;
  /** Chunks of a block, with `"chunks"`. */
  readonly blockChunks?: number | undefined;
}

/** The batches of a walk: their order, the way they are dealt, the place to begin, and the end. */
export interface Course extends OrderChoices, Dealing, Place {
  readonly reshuffle: boolean;
  /** The first epoch that is not walked; may be Infinity. */
  readonly end: number;
}

/** Returns a function from positions of an epoch to items. docs/shuffle.md defines it. */
export function orderOf(
  { items, itemsPerTask }: Pick<SetLayout, "items" | "itemsPerTask">,
  { shuffle, chunkItems = 1, blockChunks = 1 }: OrderChoices,
  keys: ShuffleKeys,
  epoch: number,
): (position: number) => number {
  if (shuffle === false) return (position) => position;
  if (shuffle === true) {
    const numbers = new Shuffle(keys.of(epoch), items);
    return (position) => numbers.at(position);
  }
  if (shuffle === "chunks") {
    const blocks = new ChunkShuffle(keys, epoch, items, chunkItems, blockChunks);
    return (position) => blocks.at(position);
  }
  const tasks = new Shuffle(keys.of(epoch), items / itemsPerTask);
  return (position) => {
    const task = Math.floor(position / itemsPerTask);
    return tasks.at(task) * itemsPerTask + (position - task * itemsPerTask);
  };
}
