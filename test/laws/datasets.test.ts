import { Dataset, TaskAugmentor } from "taskloom";
import { expect, test } from "vitest";
import { deviatesOf } from "../support/module.js";

const N = 24;

/** Deviates of a task, the examples that its only sequence has, and the sum of products for each value. */
async function weave(dataset: Dataset, outFeatures: number, standardDeviation: number) {
  const options = { seed: 21, taskOffset: 9, sequenceLength: 6, labelLayout: "none", workers: 0 } as const;
  using tasks = new TaskAugmentor({ ...options, outFeatures, standardDeviation });
  using plain = new TaskAugmentor({ ...options, identity: true });
  const [woven, examples] = [await tasks.transform(dataset), await plain.transform(dataset)];
  expect(woven.inputs.shape).toEqual([1, 6, outFeatures]);
  expect(examples.inputs.shape).toEqual([1, 6, dataset.features]);
  const g = await deviatesOf(21n, 9, outFeatures, dataset.features);
  return { values: woven.inputs.data as Float32Array, examples: examples.inputs.data as Float32Array, g };
}

test.each([
  ["features of a network, to fewer dimensions", [512], 64],
  ["to as many", [512], 512],
  ["to more", [40], 200],
] as const)("float32 vectors: %s", async (_, shape, outFeatures) => {
  const features = shape[0];
  const dataset = Dataset.from({
    images: Float32Array.from({ length: N * features }, (_, i) => Math.sin(i * 12.9898) * 3),
    targets: Array.from({ length: N }, (_, i) => i % 3),
    shape,
  });
  const sigma = 1 / Math.sqrt(features);
  const { values, examples, g } = await weave(dataset, outFeatures, sigma);
  for (let p = 0; p < 6; p++) {
    for (let i = 0; i < outFeatures; i++) {
      let sum = 0;
      let size = 0;
      for (let j = 0; j < features; j++) {
        const term = (g[i * features + j]! * sigma * examples[p * features + j]!) / 4096;
        sum += term;
        size += Math.abs(term);
      }
      expect(Math.abs(values[p * outFeatures + i]! - sum)).toBeLessThanOrEqual((features + 2) * 2 ** -24 * size);
    }
  }
});

test.each([100, 3072, 3500])("colour images of 32 x 32 x 3 to %i dimensions, exactly", async (outFeatures) => {
  const features = 3072;
  const dataset = Dataset.from({
    images: Uint8Array.from({ length: N * features }, (_, i) => (Math.imul(i + 1, 2654435761) >>> 22) % 256),
    targets: Array.from({ length: N }, (_, i) => i % 10),
    shape: [32, 32, 3],
  });
  const { values, examples, g } = await weave(dataset, outFeatures, 0.01);
  const scale = Math.fround(0.01 / (4096 * 255));
  for (let p = 0; p < 6; p++) {
    for (let i = 0; i < outFeatures; i++) {
      let sum = 0;
      for (let j = 0; j < features; j++) {
        sum += g[i * features + j]! * Math.round(examples[p * features + j]! * 255);
      }
      expect(values[p * outFeatures + i]).toBe(Math.fround(Math.fround(sum | 0) * scale));
    }
  }
});
