import type { SettledChoices } from "./choices.js";
import { scheduleOf } from "./curriculum.js";
import type { Plan } from "./plan.js";
import { PRESETS, toldChoices } from "./presets.js";

/** A plan of one plain projected example, every choice neutral. Other plans spread it and say in what they differ. */
export const basePlan: Plan = {
  ...toldChoices(PRESETS.notebook as SettledChoices),
  seed: 0n,
  mode: "dataset",
  taskOffset: 0,
  taskCount: 1,
  itemsPerTask: 1,
  itemCount: 1,
  length: 1,
  examples: 1,
  features: 1,
  outFeatures: 1,
  exampleClasses: 1,
  classes: 1,
  labelLayout: "none",
  exampleDtype: "float32",
  identityProjection: scheduleOf(0),
  identityPermutation: scheduleOf(0),
  fixed: null,
  grayOffset: 0,
  scale: 1,
  identityScale: 1,
  matrixScale: 1,
  dtype: "float32",
};
