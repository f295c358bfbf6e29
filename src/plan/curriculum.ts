import { KeyStream, PURPOSE } from "../stream/chacha8.js";

/**
 * A share of the tasks, to which something happens: a number from 0 (none) to 1 (all), or a schedule of `[step, share]` points
 * over training steps, constant before the first and after the last, linear between two.
 */
export type Share = number | Schedule;

/** `[step, share]` points, steps rising. */
export type Schedule = readonly (readonly [step: number, share: number])[];

/**
 * A bias towards tasks that share a permutation (or a matrix), which Kirsch et al. 2022
 * (arXiv:2212.04458) found to help in-context learning to get started.
 */
export interface Fixed {
  /** The share of tasks that it happens to. */
  readonly share: Share;
  /** They take the label permutation of a fixed task. Default true. */
  readonly permutation?: boolean;
  /** They take its matrix. Default false. */
  readonly projection?: boolean;
  /**
   * The task whose permutation and matrix they take, 0..2^32 - 1, the first of `pool`; or `"step"` for others in each
   * training step: task `step * pool`, modulo 2^32, is the first then. Default 0.
   */
  readonly task?: number | "step";
  /** The number of fixed tasks, one of which each task takes, 1..2^32 - 1. Default 1. */
  readonly pool?: number;
}

/** A curriculum with every choice made. */
export interface CurriculumPlan {
  readonly identityProjection: Schedule;
  readonly identityPermutation: Schedule;
  /** Tasks of a training step: the step of a task is `floor(task / tasksPerStep)`. */
  readonly tasksPerStep: number;
  readonly fixed: (Required<Fixed> & { readonly share: Schedule }) | null;
}

/** The matrix and the permutation that a task has. */
export interface TaskChoice {
  readonly identityProjection: boolean;
  readonly identityPermutation: boolean;
  /** The tasks of whose streams the matrix and the permutation are; the task itself, unless it takes fixed ones. */
  readonly projectionTask: number;
  readonly permutationTask: number;
}

/** The part of a choice that can be the same for every task. */
export type SettledChoice = Pick<TaskChoice, "identityProjection" | "identityPermutation">;

export function scheduleOf(share: Share): Schedule {
  return typeof share === "number" ? [[0, share]] : share;
}

/** The share at a training step. */
export function shareAt(schedule: Schedule, step: number): number {
  const after = schedule.findIndex(([at]) => at > step);
  const [t0, s0] = schedule.at(after <= 0 ? after : after - 1) as readonly [number, number];
  if (after <= 0) return s0;
  const [t1, s1] = schedule[after] as readonly [number, number];
  return s0 + (s1 - s0) * ((step - t0) / (t1 - t0));
}

/** True if something happens to every task. */
export function isAlways(schedule: Schedule): boolean {
  return schedule.every(([, share]) => share === 1);
}
/** True if something happens to no task. */
export function isNever(schedule: Schedule): boolean {
  return schedule.every(([, share]) => share === 0);
}

/** The choice that all tasks of a plan have alike, where their matrices and permutations are their own; else undefined. */
export function settledChoice({
  identityProjection,
  identityPermutation,
  fixed,
}: CurriculumPlan): SettledChoice | undefined {
  const settled = [identityProjection, identityPermutation].every((share) => isAlways(share) || isNever(share));
  if (!settled || (fixed && !isNever(fixed.share))) return undefined;
  return { identityProjection: isAlways(identityProjection), identityPermutation: isAlways(identityPermutation) };
}

/**
 * The decisions of the curriculum stream (purpose 3) about a task: word 0 the identity matrix, word 1 the identity
 * permutation, word 2 the fixed task, the words after that which one. An event of share s happens if its word is below
 * `floor(s * 2^32)`. Identity beats fixed.
 */
export function chooseTask(plan: CurriculumPlan & { readonly seed: bigint }, task: number): TaskChoice {
  const { identityProjection, identityPermutation, fixed } = plan;
  const own = { projectionTask: task, permutationTask: task };
  const settled = settledChoice(plan);
  if (settled) return { ...settled, ...own };
  const step = Math.floor(task / plan.tasksPerStep);
  const stream = new KeyStream(plan.seed, task, PURPOSE.curriculum, 0);
  const happens = (schedule: Schedule) => stream.next() < Math.floor(shareAt(schedule, step) * 2 ** 32);
  const identity = {
    identityProjection: happens(identityProjection),
    identityPermutation: happens(identityPermutation),
  };
  if (!fixed || !happens(fixed.share)) return { ...identity, ...own };
  const first = fixed.task === "step" ? Math.imul(step, fixed.pool) >>> 0 : fixed.task;
  const other = (first + stream.bounded(fixed.pool)) % 2 ** 32;
  return {
    ...identity,
    projectionTask: fixed.projection ? other : task,
    permutationTask: fixed.permutation ? other : task,
  };
}
