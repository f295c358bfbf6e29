import { InvalidOptionError } from "../base/errors.js";
import type { SetLayout } from "../plan/set-layout.js";
import { type Course, orderOf } from "./order.js";
import { type Place, roundsOf } from "./rounds.js";
import type { ShuffleKeys } from "./shuffle.js";

/** One batch of a walk: its number and its items. */
export interface Step {
  readonly epoch: number;
  /** The number of the batch in its epoch, counted over all readers. */
  readonly batch: number;
  /** The items, in order. */
  readonly items: Float64Array;
}

/** Yields the batches of a walk and the place after each. Only the current batch is in memory. */
export function* stepsOf(
  layout: Pick<SetLayout, "items" | "itemsPerTask">,
  walk: Course,
  keys: ShuffleKeys,
): Generator<{ step: Step; after: Place }> {
  const { items: length } = layout;
  const { batchSize, shard, end, reshuffle, even } = walk;
  const { batches, rounds, roundItems } = roundsOf(length, walk);
  const served = (batch: number) => even !== false || batch < batches;
  if (!served(shard.index)) return;
  let { epoch } = walk;
  let round = walk.consumed / roundItems;
  let order: { readonly epoch: number; readonly at: (position: number) => number } | undefined;
  for (; epoch < end; epoch++, round = 0) {
    for (; round < rounds; round++) {
      const batch = round * shard.count + shard.index;
      if (!served(batch)) continue;
      const shuffled = reshuffle ? epoch : 0;
      if (order?.epoch !== shuffled) order = { epoch: shuffled, at: orderOf(layout, walk, keys, shuffled) };
      const first = batch * batchSize;
      const count = even === false ? Math.min(batchSize, length - first) : batchSize;
      const items = new Float64Array(count);
      for (let i = 0; i < count; i++) items[i] = order.at(first + i < length ? first + i : first + i - length);
      const last = round + 1 >= rounds;
      const after = last ? { epoch: epoch + 1, consumed: 0 } : { epoch, consumed: (round + 1) * roundItems };
      yield { step: { epoch, batch, items }, after };
    }
  }
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
