import type { Fixed, Share } from "./curriculum.js";

/** What all presets have in common. */
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
export const PRESETS = {
  notebook: { ...PLAIN, standardDeviation: "1/n", inputScaling: "unit", replacement: true },
  paper: { ...PLAIN, standardDeviation: "1/sqrt(n)", inputScaling: "standard", replacement: false },
  "notebook-torch": {
    ...PLAIN,
    generator: "torch",
    standardDeviation: "1/n",
    inputScaling: "notebook",
    replacement: true,
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;

export interface Preset {
  readonly generator: Generator;
  readonly standardDeviation: StandardDeviation;
  readonly inputScaling: InputScaling;
  readonly outputScaling: OutputScaling;
  readonly replacement: boolean;
  readonly identity: { readonly projection: Share; readonly permutation: Share };
  readonly fixed: Fixed | null;
  readonly tasksPerStep: number;
  readonly labelLayout: LabelLayout;
  readonly labelFormat: LabelFormat;
  readonly specialTokens: number;
  readonly startToken: number | null;
  readonly exampleRange: readonly [start: number, stop: number] | null;
  readonly classSubset: readonly number[] | null;
  readonly episode: Episode | null;
}

/**
 * Where random numbers come from.
 *
 * - `"chacha8"`: stream v1, ChaCha with 8 rounds (docs/stream.md).
 * - `"torch"`: what PyTorch's CPU generator gave the notebook, MT19937 seeded with the low 32 bits of the seed
 *   (docs/torch.md). The projection is in float32 then. Curricula are drawn from stream v1 with either.
 */
export type Generator = "chacha8" | "torch";

/** Of the matrix entries: a positive number, or a rule with n = input features. */
export type StandardDeviation = number | "1/n" | "1/sqrt(n)";

/**
 * What is done to examples before the product.
 *
 * - `"unit"`: uint8 pixels are read as [0, 1] (divided by 255); float32 data is taken as it is.
 * - `"notebook"`: uint8 pixels v > 0 are read as (v - 1) / 255, which is what the notebook's `Grayscale` makes of three
 *   equal channels: it truncates 0.9999 v.
 * - `"standard"`: less the mean, divided by the population deviation over all values of the dataset.
 * - the two numbers themselves, in the units of the data (grey levels for uint8), as for a test set that is to be
 *   scaled like its training set.
 */
export type InputScaling =
  | "unit"
  | "notebook"
  | "standard"
  | { readonly mean: number; readonly standardDeviation: number };

export function resolveStandardDeviation(rule: StandardDeviation, features: number): number {
  if (typeof rule === "number") return rule;
  return rule === "1/n" ? 1 / features : 1 / Math.sqrt(features);
}

/**
 * What is done to results. Results depend on the task set alone, never on batches; `standardizeBatch` standardizes a batch
 * that is there.
 *
 * - `"none"`: nothing.
 * - `"example"`: the projected values of each position, less their mean, divided by their population deviation.
 * - `"set"`: each feature, over all positions of the task set, which is made once more for that.
 * - `"notebook"`: each column over the task set, one-hots included, as `(x - mean) / (deviation + 1e-12)` with the unbiased
 *   deviation; and, as in the notebook, not at all where one sequence a task (or a single sample) is drawn.
 */
export type OutputScaling = "none" | "example" | "set" | "notebook";

/**
 * Which label a position is given beside its input.
 *
 * - `"shifted"`: that of the position before; none at the first, or `startToken`.
 * - `"query-last"`: its own, but none at the last position, whose label is asked for; with episodes, at all queries.
 * - `"none"`: none.
 */
export type LabelLayout = "shifted" | "query-last" | "none";

/** Labels behind the inputs as one-hots, or as integers in an array of their own. */
export type LabelFormat = "one-hot" | "integer";

/** N-way k-shot sequences: `ways * shots` examples of `ways` classes, then `ways * queries` others of the same classes. */
export interface Episode {
  /** Classes of an episode, 1..classes. */
  readonly ways: number;
  /** Examples of each class to learn from, from 1. */
  readonly shots: number;
  /** Examples of each class that are asked for, from 0. Default 1. */
  readonly queries?: number;
  /**
   * Whether the labels of an episode are 0..ways - 1, permuted by its task; or those of the dataset, permuted. Default
   * true.
   */
  readonly relabel?: boolean;
}
