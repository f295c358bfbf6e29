/**
 * Named sets of choices. Each field is an option of its own; an option that is given beats the preset's.
 *
 * | field | `notebook` | `paper` |
 * | --- | --- | --- |
 * | generator | chacha8 | chacha8 |
 * | standardDeviation of the matrix | 1 / features | 1 / sqrt(features) |
 * | inputScaling | unit: pixel / 255 | standard: (pixel - mean) / deviation of the dataset |
 * | replacement | true | false |
 *
 * `notebook` has the statistics of the PyTorch notebook, which passes 1 / N_x as the deviation; `paper` is the formula
 * of Kirsch et al. 2022 (arXiv:2212.04458), A_ij ~ N(0, 1 / N_x) with 1 / N_x the variance.
 */
export const PRESETS = {
  notebook: { generator: "chacha8", standardDeviation: "1/n", inputScaling: "unit", replacement: true },
  paper: { generator: "chacha8", standardDeviation: "1/sqrt(n)", inputScaling: "standard", replacement: false },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;

export interface Preset {
  readonly generator: Generator;
  readonly standardDeviation: StandardDeviation;
  readonly inputScaling: InputScaling;
  readonly replacement: boolean;
}

/**
 * Where random numbers come from.
 *
 * - `"chacha8"`: stream v1, ChaCha with 8 rounds; the same bits everywhere.
 * - `"torch"`: PyTorch's CPU generator, MT19937 and Box-Muller; see docs/torch.md.
 */
export type Generator = "chacha8" | "torch";

/** Of the matrix entries: a positive number, or a rule with n = input features. */
export type StandardDeviation = number | "1/n" | "1/sqrt(n)";

/**
 * What is done to examples before the product.
 *
 * - `"unit"`: uint8 pixels are read as [0, 1] (divided by 255); float32 data is taken as it is.
 * - `"standard"`: less the mean, divided by the population deviation over all values of the dataset.
 * - the two numbers themselves, in the units of the data (grey levels for uint8), as for a test set that is to be
 *   scaled like its training set.
 */
export type InputScaling = "unit" | "standard" | { readonly mean: number; readonly standardDeviation: number };

export function resolveStandardDeviation(rule: StandardDeviation, features: number): number {
  if (typeof rule === "number") return rule;
  return rule === "1/n" ? 1 / features : 1 / Math.sqrt(features);
}
