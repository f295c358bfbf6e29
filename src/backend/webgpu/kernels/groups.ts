import type { TaskRun } from "../path.js";

/** Neighbouring runs of equally many positions: the position p of task t is the batch's `first + t * positions + p`. */
export interface RunGroup {
  readonly tasks: readonly number[];
  readonly first: number;
  readonly positions: number;
}

/** Runs in groups of at most `most` tasks, in order. */
export function groupRuns(runs: readonly TaskRun[], most: number): RunGroup[] {
  const groups: { tasks: number[]; first: number; positions: number }[] = [];
  for (const { task, first, count } of runs) {
    const last = groups.at(-1);
    if (last?.positions === count && last.tasks.length < most) last.tasks.push(task);
    else groups.push({ tasks: [task], first, positions: count });
  }
  return groups;
}
