import { InvalidOptionError } from "../base/errors.js";
import type { Even, Shard } from "./rounds.js";
import type { ReadState } from "./state.js";

/** The readers that a walk goes on with. */
export interface Readers {
  readonly shard: Shard;
  readonly batchSize: number;
  readonly even: Even;
}

/** Numbers that an error message suggests. */
const SUGGESTED = 8;
/** Candidates that are tried for a suggestion. */
const TRIED = 4096;

/**
 * Decides with which readers a state goes on.
 *
 * @throws InvalidOptionError when it is not said which reader this is, or when the sequences consumed so far are no whole
 *   rounds of the new readers
 */
export function resumeReaders(
  { state, owner }: ReadState,
  given: { [K in keyof Readers]?: Readers[K] | undefined },
): Readers {
  const { ranks, consumed } = state;
  const shard = given.shard ?? owner ?? (ranks === 1 ? { index: 0, count: 1 } : undefined);
  if (!shard) {
    const allowed = `{ index, count }: the state is of ${ranks} readers, and does not say which of them this one is`;
    throw new InvalidOptionError("shard", undefined, allowed);
  }
  const { count } = shard;
  if (owner) checkOwner(owner, shard, state.batchSize, given.batchSize);
  if (given.even === undefined && state.even === false && ranks === 1 && count > 1) {
    const allowed = '"drop", "pad" or false: the state is of one reader that had each sequence once';
    throw new InvalidOptionError("even", undefined, `${allowed}; say how ${count} readers end an epoch`);
  }
  const even = given.even ?? state.even;
  const batchSize = given.batchSize ?? (state.batchSize * ranks) / count;
  if (!Number.isSafeInteger(batchSize) || batchSize < 1 || batchSize > 2 ** 32) {
    const allowed = `a number to be given: ${count} readers cannot share the global batch of ${ranks} x ${state.batchSize}`;
    throw new InvalidOptionError("batchSize", given.batchSize, `${allowed}${suggestion(consumed, count, batchSize)}`);
  }
  if (consumed % (batchSize * count) === 0) return { shard, batchSize, even };
  const rule = `the global batch, ${batchSize} x ${count} readers, must divide the ${consumed} sequences consumed in this epoch`;
  if (consumed % count === 0) {
    throw new InvalidOptionError(
      "batchSize",
      batchSize,
      `another one: ${rule}${suggestion(consumed, count, batchSize)}`,
    );
  }
  const counts = divisorsNear(consumed, count).join(", ");
  const allowed = `another number: ${rule}, and no batch size does for ${count}; numbers of readers that would do: ${counts}`;
  throw new InvalidOptionError("shard.count", count, `${allowed}; or finish the epoch with ${ranks}`);
}

/** @throws InvalidOptionError when a state of version 1 is given to another reader than its own */
function checkOwner(owner: Shard, shard: Shard, batchSize: number, given: number | undefined): void {
  const why = "as in the state, which is of version 1 and of one reader; states of this version go on with others";
  if (owner.index !== shard.index || owner.count !== shard.count) {
    throw new InvalidOptionError("shard", shard, `${JSON.stringify(owner)}, ${why}`);
  }
  if (given !== undefined && given !== batchSize)
    throw new InvalidOptionError("batchSize", given, `${batchSize}, ${why}`);
}

function suggestion(consumed: number, count: number, near: number): string {
  if (consumed === 0) return "; any will do at the beginning of an epoch";
  if (consumed % count !== 0) return "";
  return `; with ${count} readers these would do: ${divisorsNear(consumed / count, near).join(", ")}`;
}

/** Returns some divisors of a number, those nearest to another number, ascending. */
function divisorsNear(number: number, near: number): number[] {
  const found = new Set<number>([1]);
  const middle = Math.min(Math.max(1, Math.round(near)), number);
  for (let distance = 0; distance < TRIED && found.size < SUGGESTED; distance++) {
    for (const candidate of [middle - distance, middle + distance]) {
      if (candidate >= 1 && candidate <= number && number % candidate === 0) found.add(candidate);
    }
  }
  return [...found].sort((a, b) => a - b);
}
