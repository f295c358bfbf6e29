import * as v from "valibot";
import { InvalidOptionError } from "../base/errors.js";
import { seedText } from "../plan/recipe-schema.js";
import { checkedState } from "./checked-state.js";
import type { ReadState } from "./state.js";

const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const positive = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(2 ** 32));

/** A state of version 1, which was of one reader: `batch` is its next batch, counted over all readers. */
const schema = v.strictObject({
  format: v.literal("taskloom-loader"),
  version: v.literal(1),
  recipe: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  shuffleSeed: seedText,
  shuffle: v.union([v.boolean(), v.literal("tasks")]),
  reshuffle: v.boolean(),
  batchSize: positive,
  dropLast: v.boolean(),
  shard: v.strictObject({ index: natural, count: positive }),
  epoch: natural,
  epochs: v.nullable(natural),
  batch: natural,
});

/**
 * Reads a state of version 1. The reader that it belongs to goes on with exactly its remaining batches.
 *
 * @throws InvalidOptionError when it is none
 */
export function fromVersion1(value: unknown, items: number): ReadState {
  const { shard, batch, epoch, epochs, version: _, ...same } = checkedState(schema, value);
  if (shard.index >= shard.count) {
    throw new InvalidOptionError("state.shard.index", shard.index, `an integer from 0 to ${shard.count - 1}`);
  }
  if (batch % shard.count !== shard.index) {
    throw new InvalidOptionError("state.batch", batch, `a batch of shard ${shard.index} of ${shard.count}`);
  }
  const consumed = (batch - shard.index) * same.batchSize;
  const over = consumed >= items;
  return {
    state: {
      ...same,
      version: 2,
      even: false,
      ranks: shard.count,
      epoch: over ? epoch + 1 : epoch,
      epochs: epochs === null ? null : Math.max(0, over ? epochs - 1 : epochs),
      consumed: over ? 0 : consumed,
    },
    owner: shard,
  };
}
