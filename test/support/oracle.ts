import { deviatesOf, moduleWith, u32 } from "./module.js";

/**
 * Task sets in plain loops, from the module's deviates, permutations and indices (which have vectors of their own): what
 * projection, packing, cutting and threads have to agree with.
 */
export interface OracleSet {
  seed: bigint;
  task: number;
  images: Uint8Array;
  labels: readonly number[];
  features: number;
  outFeatures: number;
  classes: number;
  length: number;
  samples: number;
  replacement: boolean;
  offset: number;
  scale: number;
}

export async function weaveByHand(set: OracleSet): Promise<{ inputs: Float32Array; targets: number[] }> {
  const { seed, task, images, labels, features, outFeatures, classes, length, samples } = set;
  const g = await deviatesOf(seed, task, outFeatures, features);
  const n = labels.length;
  const { kernel, at } = await moduleWith(seed, { out: Math.max(length, classes) * 4, taken: Math.ceil(n / 8) });
  kernel.permutation(task, classes, at.out);
  const permutation = u32(kernel, at.out, classes);
  const width = outFeatures + classes;
  const inputs = new Float32Array(samples * length * width);
  const targets: number[] = [];
  for (let s = 0; s < samples; s++) {
    if (set.replacement) kernel.drawWithReplacement(task, s, n, length, at.out);
    else kernel.drawWithoutReplacement(task, s, n, length, at.out, at.taken);
    const indices = u32(kernel, at.out, length);
    indices.forEach((index, p) => {
      const row = (s * length + p) * width;
      for (let i = 0; i < outFeatures; i++) {
        let sum = 0;
        for (let j = 0; j < features; j++) {
          sum = (sum + Math.imul(g[i * features + j]!, images[index * features + j]! - set.offset)) | 0;
        }
        inputs[row + i] = Math.fround(Math.fround(sum) * set.scale);
      }
      if (p > 0) inputs[row + outFeatures + targets.at(-1)!] = 1;
      targets.push(permutation[labels[index]!]!);
    });
  }
  return { inputs, targets };
}
