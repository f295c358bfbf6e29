import type { LoaderState } from "taskloom";
import { type LoaderOptions, resolveWalk } from "../../../src/loader/options.js";
import { roundsOf, shareOf } from "../../../src/loader/rounds.js";
import { ShuffleKeys } from "../../../src/loader/shuffle.js";
import { stateOf } from "../../../src/loader/state.js";
import { stepsOf } from "../../../src/loader/walk.js";

/** A task set without tasks: all that the order of its batches follows from. */
export interface BareSet {
  readonly items: number;
  readonly itemsPerTask: number;
  readonly shuffleSeed: bigint;
  readonly chunkItems?: number;
}

/** The digest of the recipe in all states of bare sets. */
export const RECIPE = "5a".repeat(32);

export interface BareBatch {
  readonly epoch: number;
  readonly batch: number;
  readonly indices: number[];
  /** The state after the batch. */
  readonly state: LoaderState;
}

/** Walks over a set without tasks, as `TaskSet.batches` does over one with them. */
export function bareWalk(set: BareSet, options: LoaderOptions) {
  const walk = resolveWalk(options, { ...set, recipe: RECIPE });
  const state = (place: { epoch: number; consumed: number }) =>
    stateOf({ recipe: RECIPE, shuffleSeed: set.shuffleSeed }, walk, place);
  function* batches(): Generator<BareBatch> {
    for (const { step, after } of stepsOf(set, walk, new ShuffleKeys(set.shuffleSeed))) {
      yield { epoch: step.epoch, batch: step.batch, indices: [...step.items], state: state(after) };
    }
  }
  return { state: state(walk), batchesPerEpoch: shareOf(roundsOf(set.items, walk), walk), batches };
}
