import type { Recipe } from "taskloom";

/** Values that fields of recipes can be given, right and wrong. */
const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  1,
  -1,
  0.5,
  1.5,
  2 ** 16,
  2 ** 32,
  2 ** 32 + 1,
  2 ** 53,
  1e300,
  "",
  "0",
  "01",
  "18446744073709551615",
  "18446744073709551616",
  "float16",
  "torch",
  "set",
  "none",
  "query-last",
  "integer",
  "unit",
  "notebook",
  [],
  [0],
  [3, 1],
  [1, 3],
  [0, 301],
  [1, 1],
  [[0, 0.5]],
  [
    [0, 0],
    [0, 1],
  ],
  [[0, 2]],
  {},
  { ways: 2, shots: 2 },
  { ways: 2, shots: 3, queries: 0, relabel: false },
  { ways: 0, shots: 1 },
  { share: 0.5 },
  { share: true, task: "step", pool: 2 ** 32 },
  { share: [[5, 0.25]], pool: 3, task: 4294967295 },
  { projection: 0.5, permutation: [[3, 1]] },
  { projection: false },
  { mean: 3, standardDeviation: 2 },
  { mean: 3, standardDeviation: 0 },
  { mean: 1e6, standardDeviation: 2 },
];

/** Changes of several fields at once: rules between fields. */
const CHANGES: readonly Record<string, unknown>[] = [
  {},
  { taskOffset: 4294967295, taskCount: 2 },
  { taskOffset: 4294967294, taskCount: 2 },
  { drawSequence: false },
  { drawSequence: false, sequenceLength: undefined, samplesPerTask: undefined },
  { drawSequence: false, samples: 5, sequenceLength: undefined, samplesPerTask: undefined },
  { drawSequence: false, samples: 5, labelLayout: "none" },
  { drawSequence: false, labelFormat: "integer" },
  { samples: 5 },
  { sequenceLength: undefined },
  { samplesPerTask: undefined },
  { specialTokens: 1, startToken: 0 },
  { specialTokens: 1, startToken: 1 },
  { specialTokens: 1, startToken: 0, labelLayout: "none" },
  { specialTokens: 65526 },
  { specialTokens: 65527 },
  { specialTokens: 65526, labelFormat: "integer" },
  { exampleRange: [0, 40], examples: 40 },
  { exampleRange: [0, 40], examples: 41 },
  { exampleRange: [0, 40], examples: undefined },
  { replacement: false, sequenceLength: 301 },
  { replacement: false, sequenceLength: 300 },
  { classSubset: [3, 5], examples: undefined },
  { classSubset: [3, 10], examples: undefined },
  { exampleRange: [0, 2], classSubset: [5, 9], examples: undefined },
  { episode: { ways: 3, shots: 2, queries: 1 }, sequenceLength: 9 },
  { episode: { ways: 3, shots: 2, queries: 1 }, sequenceLength: 10 },
  { episode: { ways: 11, shots: 1, queries: 0 }, sequenceLength: 11 },
  { episode: { ways: 2, shots: 30, queries: 30 }, sequenceLength: 120 },
  { generator: "torch" },
  { generator: "torch", replacement: false },
  { standardDeviation: 1e-300 },
  { standardDeviation: 1e300 },
  { outFeatures: 2 ** 20 },
  { unknown: 1 },
  { version: 2 },
  { version: true },
  { format: "other" },
  { stream: 2 },
  { preset: "other" },
];

const DATASET_CHANGES: readonly Record<string, unknown>[] = [
  { name: "another" },
  { name: 5 },
  { shape: [300] },
  { shape: [300, 784] },
  { dtype: "float32" },
  { classes: 11 },
  { digest: "0".repeat(64) },
  { digest: "x" },
  { originalLabels: [1, 1] },
  { originalLabels: [1, 2] },
  { originalLabels: [9, 8, 7, 6, 5, 4, 3, 2, 1, 0] },
  { unknown: 1 },
];

/** Recipes like a good one, each with other values in one field, or in some that belong together. */
export function damagedRecipes(good: Recipe): string[] {
  const fields = Object.keys(good).filter((field) => field !== "dataset");
  const wrong: unknown[] = [];
  for (const field of fields) {
    wrong.push({ ...good, [field]: undefined });
    for (const value of VALUES) wrong.push({ ...good, [field]: value });
  }
  for (const change of CHANGES) wrong.push({ ...good, ...change });
  for (const change of DATASET_CHANGES) wrong.push({ ...good, dataset: { ...good.dataset, ...change } });
  wrong.push({ ...good, dataset: undefined }, [good], null, "x", 1);
  const texts = wrong.map((value) => JSON.stringify(value));
  const deep = `${"[".repeat(100)}${"]".repeat(100)}`;
  return [...texts, "", "{", "<html>", `{"format": "taskloom-recipe", "version": 1, "x": ${deep}}`, '{"format": NaN}'];
}
