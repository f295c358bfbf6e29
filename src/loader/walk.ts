import { InvalidOptionError } from "../base/errors.js";
import type { SetLayout } from "../plan/set-layout.js";
import type { Walk } from "./options.js";
import { Shuffle, type ShuffleKeys } from "./shuffle.js";

/** One batch of a walk: its number and its items. */
export interface Step {
  readonly epoch: number;
  /** The number of the batch in its epoch, counted over all shards. */
  readonly batch: number;
  /** The items, in order. */
  readonly items: Float64Array;
}

/** A place between two batches of a walk. */
export interface Place {
  readonly epoch: number;
  readonly batch: number;
}

/** Returns the number of batches of an epoch, over all shards. */
export function batchesOf(layout: SetLayout, { batchSize, dropLast }: Walk): number {
  return dropLast ? Math.floor(layout.items / batchSize) : Math.ceil(layout.items / batchSize);
}

/** Returns the number of batches of a walk's shard, out of `batches`. */
export function shareOf(batches: number, { shard }: Walk): number {
  return Math.max(0, Math.ceil((batches - shard.index) / shard.count));
}

/** Returns the place before a batch. The place after the last batch of an epoch is the one before the next epoch's first. */
function placeOf(epoch: number, batch: number, batches: number, { shard }: Walk): Place {
  return batch < batches ? { epoch, batch } : { epoch: epoch + 1, batch: shard.index };
}

/** Yields the batches of a walk and the place after each. Only the current batch is in memory. */
export function* stepsOf(layout: SetLayout, walk: Walk, keys: ShuffleKeys): Generator<{ step: Step; after: Place }> {
  const batches = batchesOf(layout, walk);
  if (shareOf(batches, walk) === 0) return;
  const { batchSize, shard, end, reshuffle } = walk;
  // A state from elsewhere may have a place at the end of an epoch. The walk begins at the next epoch then.
  let { epoch, batch } = placeOf(walk.epoch, walk.batch, batches, walk);
  let order = orderOf(layout, walk, keys, reshuffle ? epoch : 0);
  while (epoch < end) {
    const first = batch * batchSize;
    const items = new Float64Array(Math.min(batchSize, layout.items - first));
    for (let i = 0; i < items.length; i++) items[i] = order(first + i);
    const after = placeOf(epoch, batch + shard.count, batches, walk);
    yield { step: { epoch, batch, items }, after };
    if (after.epoch > epoch && after.epoch < end && reshuffle) order = orderOf(layout, walk, keys, after.epoch);
    ({ epoch, batch } = after);
  }
}

/** Returns a function from positions of an epoch to items. */
function orderOf(
  { items, itemsPerTask }: SetLayout,
  { shuffle }: Walk,
  keys: ShuffleKeys,
  epoch: number,
): (position: number) => number {
  if (shuffle === false) return (position) => position;
  if (shuffle === true) {
    const numbers = new Shuffle(keys.of(epoch), items);
    return (position) => numbers.at(position);
  }
  const tasks = new Shuffle(keys.of(epoch), items / itemsPerTask);
  return (position) => {
    const task = Math.floor(position / itemsPerTask);
    return tasks.at(task) * itemsPerTask + (position - task * itemsPerTask);
  };
}

/** Returns the numbers `[start, stop)`. */
export function range(start: number, stop: number): Float64Array {
  try {
    return Float64Array.from({ length: stop - start }, (_, i) => start + i);
  } catch (cause) {
    throw new InvalidOptionError("stop - start", stop - start, "what one array can hold here; walk batches() instead", {
      cause,
    });
  }
}
