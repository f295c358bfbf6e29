import type { Plan } from "../../../src/plan/plan.js";

/** Schedules of no task, and of every task. */
export const never = [[0, 0]] as const;
export const always = [[0, 1]] as const;

/** The choices of a plan that plain task sets leave alone. */
export const plain = {
  generator: "chacha8",
  episode: null,
  specialTokens: 0,
  startToken: null,
  labelLayout: "shifted",
  labelFormat: "one-hot",
  identityProjection: never,
  identityPermutation: never,
  tasksPerStep: 1,
  fixed: null,
  identityScale: Math.fround(1 / 255),
  matrixScale: 1,
} as const satisfies Partial<Plan>;
