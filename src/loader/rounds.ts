import { InvalidOptionError } from "../base/errors.js";

/** The way an epoch ends: see `LoaderOptions.even`. */
export type Even = "drop" | "pad" | false;

/** One of several readers. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** A place between two rounds of a walk. It is the same for all readers. */
export interface Place {
  readonly epoch: number;
  /** Items of the epoch that all readers together have had. */
  readonly consumed: number;
}

/** The choices that say how an epoch of items is dealt. */
export interface Dealing {
  readonly batchSize: number;
  readonly shard: Shard;
  readonly even: Even;
  readonly dropLast: boolean;
}

/** The rounds of an epoch. In a round each reader has one batch. */
export interface Rounds {
  /** Batches of an epoch over all readers; with `even: "pad"` the last round may have more. */
  readonly batches: number;
  readonly rounds: number;
  /** Items of a whole round: the global batch. */
  readonly roundItems: number;
}

/**
 * Counts the rounds of an epoch. docs/loader.md defines them.
 *
 * @throws InvalidOptionError when an epoch has no batch, or fewer than there are readers to be served evenly
 */
export function roundsOf(items: number, { batchSize, shard, even, dropLast }: Dealing): Rounds {
  const { count } = shard;
  const whole = Math.floor(items / batchSize);
  const batches = even === "drop" || (even === false && dropLast) ? whole : Math.ceil(items / batchSize);
  if (batches === 0 || (even === "pad" && batchSize > items)) {
    const why = "as the set has no more, and short batches are left out or filled up; even: false without dropLast";
    throw new InvalidOptionError("batchSize", batchSize, `at most ${items}, ${why} has them`);
  }
  if (even !== false && batches < count) {
    const most = even === "drop" ? Math.floor(items / count) : Math.ceil(items / (count - 1)) - 1;
    throw new InvalidOptionError(
      "shard.count",
      count,
      `at most ${batches}, as an epoch of ${items} sequences has ${batches} batches of ${batchSize} and each reader needs one` +
        `${most > 0 ? `; batchSize: ${most} would do for ${count} readers` : ""}; even: false leaves some without`,
    );
  }
  const roundItems = batchSize * count;
  const rounds = even === "drop" ? Math.floor(items / roundItems) : Math.ceil(batches / count);
  return { batches, rounds, roundItems };
}

/** Returns the number of batches of an epoch for one reader. */
export function shareOf({ batches, rounds }: Rounds, { shard, even }: Dealing): number {
  return even === false ? Math.max(0, Math.ceil((batches - shard.index) / shard.count)) : rounds;
}
