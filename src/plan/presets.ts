import type { SettledChoices, StandardDeviation, TaskChoices, ToldChoices } from "./choices.js";

/** The name of a preset. */
export type PresetName = "notebook" | "paper" | "notebook-torch";

/** All choices of a task set. */
export interface Preset extends TaskChoices {}

/** The choices that all presets have in common. */
const PLAIN = {
  generator: "chacha8",
  outputScaling: "none",
  identity: { projection: 0, permutation: 0 },
  fixed: null,
  tasksPerStep: 1,
  labelLayout: "shifted",
  labelFormat: "one-hot",
  specialTokens: 0,
  startToken: null,
  exampleRange: null,
  classSubset: null,
  episode: null,
} as const;

/**
 * Named sets of choices. Each field is an option of its own; an option that is given beats the preset's.
 *
 * | field | `notebook` | `paper` | `notebook-torch` |
 * | --- | --- | --- | --- |
 * | generator | chacha8 | chacha8 | torch |
 * | standardDeviation of the matrix | 1 / features | 1 / sqrt(features) | 1 / features |
 * | inputScaling | unit: pixel / 255 | standard: (pixel - mean) / deviation of the dataset | notebook |
 * | replacement | true | false | true |
 *
 * All of them: no identity, nothing fixed, shifted one-hot labels, sequences out of all examples, outputs as they are.
 *
 * `notebook` has the statistics of the PyTorch notebook, which passes 1 / N_x as the deviation; `notebook-torch` has its
 * very numbers, `seed` being its `random_state`; `paper` is the formula of Kirsch et al. 2022 (arXiv:2212.04458),
 * A_ij ~ N(0, 1 / N_x) with 1 / N_x the variance.
 */
export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  notebook: { ...PLAIN, standardDeviation: "1/n", inputScaling: "unit", replacement: true },
  paper: { ...PLAIN, standardDeviation: "1/sqrt(n)", inputScaling: "standard", replacement: false },
  "notebook-torch": {
    ...PLAIN,
    generator: "torch",
    standardDeviation: "1/n",
    inputScaling: "notebook",
    replacement: true,
  },
};

/** The names of all choices. */
export const CHOICE_NAMES = Object.keys(PRESETS.notebook) as (keyof TaskChoices)[];

/** The choices among other properties. */
export function choicesOf<T extends TaskChoices>(from: T): Pick<T, keyof TaskChoices> {
  return Object.fromEntries(CHOICE_NAMES.map((name) => [name, from[name]])) as Pick<T, keyof TaskChoices>;
}

/** The choices among options that a plan has as they are. */
export function toldChoices(options: SettledChoices): ToldChoices {
  const { standardDeviation, inputScaling, outputScaling, identity, fixed, exampleRange, classSubset, ...told } =
    choicesOf(options);
  return told;
}

/** The deviation of matrix entries as a number. */
export function resolveStandardDeviation(rule: StandardDeviation, features: number): number {
  if (typeof rule === "number") return rule;
  return rule === "1/n" ? 1 / features : 1 / Math.sqrt(features);
}
