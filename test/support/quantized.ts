import type { TaskAugmentorOptions } from "taskloom";

/** The bits that examples are quantized to, and the options of a task set. */
export type QuantizedOptions = readonly [name: string, bits: 16 | 8, options: TaskAugmentorOptions];

const small = { sequenceLength: 12, outFeatures: 16, seed: 11, taskCount: 2 } as const;
const fixed = { share: 0.5, permutation: true, projection: true, task: 99, pool: 2 } as const;

/** Task sets of quantized examples, for the readers and hosts that recipes.ts is for. */
export const quantizedRecipes: readonly QuantizedOptions[] = [
  ["int16, as it is", 16, small],
  ["int16, preset paper, float16", 16, { ...small, preset: "paper", dtype: "float16" }],
  ["int16, a mean and deviation", 16, { ...small, inputScaling: { mean: -0.75, standardDeviation: 0.3 } }],
  ["int16, identity", 16, { ...small, identity: true, outFeatures: 801 }],
  ["int16, identity, preset paper, float16", 16, { ...small, identity: true, preset: "paper", dtype: "float16" }],
  ["int16, identity and fixed, now and then", 16, { ...small, taskCount: 12, identity: { projection: 0.5 }, fixed }],
  ["int16, every example of two tasks", 16, { drawSequence: false, taskCount: 2, taskOffset: 77, outFeatures: 20 }],
  ["int16, samples", 16, { drawSequence: false, samples: 9, taskCount: 2 ** 32, outFeatures: 16, preset: "paper" }],
  ["int16, a range and classes", 16, { ...small, exampleRange: [20, 290], classSubset: [7, 0, 3] }],
  ["int16, integer labels", 16, { ...small, labelFormat: "integer", labelLayout: "query-last" }],
  ["uint8 around 128, as it is", 8, small],
  ["uint8 around 128, preset paper", 8, { ...small, preset: "paper" }],
  ["uint8 around 128, identity", 8, { ...small, identity: true, dtype: "float16" }],
];

/** Dense float32 features out of pixels: no two examples have zeros in the same places, and few have any. */
export function featuresOf(pixels: ArrayLike<number>, features: number): Float32Array {
  return Float32Array.from(pixels, (pixel, i) => {
    const column = i % features;
    return (pixel / 255 - 0.1307) * (1 + Math.sin(column)) + (column % 5) / 50;
  });
}
