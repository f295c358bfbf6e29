import type { TaskRun } from "./path.js";

/** Neighbouring runs of equally many positions: the position p of task t is the batch's `first + t * positions + p`. */
export interface RunGroup {
  /** What the matrices follow from; see `MatrixChoice`. */
  readonly keys: readonly number[];
  readonly identity: boolean;
  readonly first: number;
  readonly positions: number;
}

/** Runs in groups of at most `most` tasks, in order. */
export function groupRuns(runs: readonly TaskRun[], most: number): RunGroup[] {
  const groups: { keys: number[]; identity: boolean; first: number; positions: number }[] = [];
  for (const { matrix, first, count } of runs) {
    const { key, identity } = matrix;
    const last = groups.at(-1);
    const fits = last?.positions === count && last.identity === identity && last.keys.length < most;
    if (fits) last.keys.push(key);
    else groups.push({ keys: [key], identity, first, positions: count });
  }
  return groups;
}
