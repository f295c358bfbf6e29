import type { TaskRun } from "./path.js";

/** Neighboring runs of equal length. Position p of task t is the dispatch's position `first + t * positions + p`. */
export interface RunGroup {
  /** The key of each matrix; see `MatrixChoice`. */
  readonly keys: readonly number[];
  readonly identity: boolean;
  readonly first: number;
  readonly positions: number;
}

/** Groups runs, in order, with at most `most` tasks in a group. */
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
