import type { Share, TaskAugmentorOptions } from "taskloom";

/**
 * Task sets that together use every field of a recipe: what an independent reader of recipes is held to. They are meant
 * for 300 examples of MNIST, and few tasks each, as a reader may be slow.
 */
export type NamedOptions = readonly [name: string, options: TaskAugmentorOptions];

const short = { sequenceLength: 12 } as const;
const last = 2 ** 32 - 1;

const small = { ...short, outFeatures: 16, seed: 11 } as const;
const both = (share: Share) => ({ projection: share, permutation: share });
const ramp: [number, number][] = [
  [2, 0],
  [10, 0.7],
  [13, 0.1],
  [16, 1],
];
const fixed = { share: 1, permutation: true, projection: true, task: 99, pool: 1 };
const episode = { ways: 5, shots: 2, queries: 3, relabel: true };

export const recipes: readonly NamedOptions[] = [
  ["preset notebook", { taskCount: 2, seed: 42 }],
  ["preset paper", { ...short, taskCount: 2, preset: "paper", seed: 42 }],
  ["paper, float16, several sequences a task", { ...short, samplesPerTask: 3, preset: "paper", dtype: "float16" }],
  ["float16 beyond its range", { ...short, dtype: "float16", standardDeviation: 10_000, inputScaling: "unit" }],
  ["16 rows", { ...short, taskCount: 3, outFeatures: 16, seed: 7 }],
  ["more rows than columns", { ...short, outFeatures: 801, seed: 7 }],
  ["identity", { ...short, identity: true, preset: "paper" }],
  ["identity with 16 rows", { ...short, identity: { projection: true }, outFeatures: 16, taskCount: 2 }],
  ["identity with more rows than columns", { ...short, identity: true, preset: "paper", outFeatures: 801 }],
  ["identity permutation", { ...short, identity: { permutation: true }, taskCount: 2, outFeatures: 16 }],
  ["samples of all tasks", { drawSequence: false, samples: 9, taskCount: 1000, taskOffset: 5, outFeatures: 16 }],
  ["samples of 2^32 tasks", { drawSequence: false, samples: 3, taskCount: 2 ** 32, outFeatures: 16 }],
  ["every example of two tasks", { drawSequence: false, taskCount: 2, taskOffset: 77, outFeatures: 20 }],
  ["every example, float16", { drawSequence: false, preset: "paper", dtype: "float16", outFeatures: 20 }],
  ["a whole dataset without replacement", { sequenceLength: 300, replacement: false, outFeatures: 16, seed: 3 }],
  ["the last tasks", { ...short, taskCount: 2, taskOffset: last - 1, outFeatures: 50, seed: 2n ** 64n - 1n }],
  ["2^32 tasks", { ...short, taskCount: 2 ** 32, samplesPerTask: 2, seed: 0x0123456789abcdefn }],
  [
    "a deviation and moments of its own",
    { ...short, standardDeviation: 0.3, inputScaling: { mean: 33.5, standardDeviation: 78.25 } },
  ],
  ["a negative mean", { ...short, inputScaling: { mean: -12.5, standardDeviation: 3 }, outFeatures: 40 }],
  ["identity now and then", { ...small, taskCount: 24, identity: both(0.5) }],
  ["identity by a schedule", { ...small, taskCount: 24, identity: both(ramp) }],
  [
    "identity by a schedule of steps",
    {
      ...small,
      taskCount: 60,
      tasksPerStep: 3,
      identity: { projection: 0.25, permutation: ramp },
      preset: "paper",
    },
  ],
  ["shares of 0 and 1", { ...small, taskCount: 4, identity: { projection: 0, permutation: 1 } }],
  ["one fixed task", { ...small, taskCount: 4, fixed }],
  [
    "a fixed pool, now and then",
    { ...small, taskCount: 24, fixed: { ...fixed, share: 0.6, projection: false, pool: 3 } },
  ],
  [
    "a fixed pool for each step",
    {
      ...small,
      taskCount: 24,
      taskOffset: 40,
      tasksPerStep: 8,
      fixed: { ...fixed, share: ramp, permutation: false, task: "step", pool: 4 },
    },
  ],
  ["fixed tasks beyond 2^32", { ...small, taskCount: 16, fixed: { ...fixed, task: last, pool: 4 } }],
  [
    "steps times a pool beyond 2^32",
    { ...small, taskCount: 4, taskOffset: last - 3, fixed: { ...fixed, task: "step", pool: 7 } },
  ],
  ["identity before fixed", { ...small, taskCount: 24, identity: both(0.5), fixed: { ...fixed, share: 0.5, pool: 2 } }],
  [
    "curriculum of samples",
    {
      drawSequence: false,
      samples: 20,
      taskCount: 50,
      outFeatures: 16,
      identity: both(0.5),
      fixed: { ...fixed, share: 0.5, pool: 2 },
    },
  ],
  [
    "curriculum without sequences",
    { drawSequence: false, exampleRange: [30, 70], taskCount: 6, outFeatures: 16, identity: both(0.5) },
  ],
  ["the label of the query hidden", { ...small, taskCount: 2, labelLayout: "query-last" }],
  ["no labels", { ...small, taskCount: 2, labelLayout: "none" }],
  ["no labels as integers", { ...small, labelLayout: "none", labelFormat: "integer" }],
  ["integer labels", { ...small, taskCount: 2, labelFormat: "integer" }],
  [
    "integer labels, the query's hidden",
    { ...small, taskCount: 2, labelFormat: "integer", labelLayout: "query-last", dtype: "float16" },
  ],
  ["special tokens and a start", { ...small, taskCount: 2, specialTokens: 3, startToken: 2 }],
  ["special tokens, no start", { ...small, taskCount: 2, specialTokens: 3 }],
  ["integer labels with a start", { ...small, taskCount: 2, labelFormat: "integer", specialTokens: 1, startToken: 0 }],
  ["255 label values", { ...small, labelFormat: "integer", specialTokens: 245 }],
  ["256 label values", { ...small, labelFormat: "integer", specialTokens: 246 }],
  ["257 label values", { ...small, specialTokens: 247, startToken: 246, dtype: "float16" }],
  ["special tokens without sequences", { drawSequence: false, samples: 9, outFeatures: 16, specialTokens: 250 }],
  ["a range of examples", { ...small, taskCount: 2, exampleRange: [100, 130] }],
  ["a range without replacement", { ...small, exampleRange: [100, 112], replacement: false }],
  ["some classes", { ...small, taskCount: 2, classSubset: [7, 0, 3] }],
  [
    "some classes of a range, every example",
    { drawSequence: false, taskCount: 2, outFeatures: 16, classSubset: [7, 0, 3], exampleRange: [20, 290] },
  ],
  ["samples of some classes", { drawSequence: false, samples: 9, taskCount: 20, outFeatures: 16, classSubset: [9, 1] }],
  ["episodes", { ...small, sequenceLength: 25, taskCount: 2, samplesPerTask: 3, episode }],
  [
    "episodes with the classes' own labels",
    { ...small, sequenceLength: 25, taskCount: 2, samplesPerTask: 2, episode: { ...episode, relabel: false } },
  ],
  ["episodes, queries hidden", { ...small, sequenceLength: 25, taskCount: 2, episode, labelLayout: "query-last" }],
  [
    "episodes, queries hidden, integers",
    { ...small, sequenceLength: 25, episode, labelLayout: "query-last", labelFormat: "integer", specialTokens: 2 },
  ],
  [
    "episodes of all classes of a subset",
    {
      ...small,
      sequenceLength: 8,
      taskCount: 3,
      classSubset: [4, 6],
      episode: { ways: 2, shots: 3, queries: 1, relabel: true },
      fixed: { ...fixed, share: 0.5 },
    },
  ],
  [
    "episodes without queries",
    {
      ...small,
      sequenceLength: 6,
      samplesPerTask: 2,
      episode: { ways: 3, shots: 2, queries: 0, relabel: true },
      labelLayout: "query-last",
    },
  ],
  ["episodes of identity labels", { ...small, sequenceLength: 25, taskCount: 2, identity: both(1), episode }],
];
