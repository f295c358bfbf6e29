import fc from "fast-check";
import { Dataset, LinearProjection, TaskAugmentor } from "taskloom";
import { expect, test } from "vitest";
import { deviatesOf } from "../support/module.js";

test("the float projection is within its stated bound of the true product", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        seed: fc.bigInt(0n, 2n ** 64n - 1n),
        task: fc.nat(2 ** 32 - 1),
        inFeatures: fc.integer({ min: 1, max: 300 }),
        outFeatures: fc.integer({ min: 1, max: 70 }),
        standardDeviation: fc.constantFrom(1, 1 / 28, 0.001),
      }),
      fc.array(fc.float({ min: -1000, max: 1000, noNaN: true }), { minLength: 1, maxLength: 50 }),
      async (options, pool) => {
        const { seed, task, inFeatures, outFeatures, standardDeviation } = options;
        const count = 3;
        const x = Float32Array.from({ length: count * inFeatures }, (_, i) => pool[(i * 7) % pool.length]!);
        const { data, shape } = await new LinearProjection(options).apply(x);
        expect(shape).toEqual([count, outFeatures]);
        const g = await deviatesOf(seed, task, outFeatures, inFeatures);
        for (let p = 0; p < count; p++) {
          for (let i = 0; i < outFeatures; i++) {
            let sum = 0;
            let size = 0;
            for (let j = 0; j < inFeatures; j++) {
              const term = (g[i * inFeatures + j]! / 4096) * standardDeviation * x[p * inFeatures + j]!;
              sum += term;
              size += Math.abs(term);
            }
            // Products and sums round once each, the scale and its product once each; the smallest float32 covers
            // results too small to have 24 bits.
            const bound = (inFeatures + 2) * 2 ** -24 * size + 2 ** -149;
            expect(Math.abs(data[p * outFeatures + i]! - sum)).toBeLessThanOrEqual(bound);
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("matrix() is the deviates scaled, whole or in parts, and apply() multiplies by it", async () => {
  const projection = new LinearProjection({
    seed: 42,
    task: 9,
    inFeatures: 50,
    outFeatures: 37,
    standardDeviation: 0.25,
  });
  const g = await deviatesOf(42n, 9, 37, 50);
  const whole = await projection.matrix();
  expect(whole.shape).toEqual([37, 50]);
  expect(whole.data).toEqual(Float32Array.from(g, (v) => v * Math.fround(0.25 / 4096)));
  expect((await projection.matrix(5, 9)).data).toEqual(whole.data.subarray(5 * 50, 9 * 50));
  const unit = new Float32Array(50 * 50);
  for (let j = 0; j < 50; j++) unit[j * 51] = 1;
  const columns = await projection.apply(unit);
  for (let i = 0; i < 37; i++) {
    for (let j = 0; j < 50; j++) expect(columns.data[j * 37 + i]).toBe(whole.data[i * 50 + j]);
  }
});

test("float32 datasets: unit scaling takes them as they are, standard scaling standardizes", async () => {
  const images = Float32Array.from({ length: 20 * 9 }, (_, i) => Math.sin(i) * 5 + 3);
  const dataset = Dataset.from({ images, targets: Array.from({ length: 20 }, (_, i) => i % 4), shape: [9] });
  const { mean, standardDeviation } = dataset.moments();
  const plain = { seed: 1, drawSequence: false, standardDeviation: 1, workers: 0 } as const;
  using asIs = new TaskAugmentor(plain);
  using standard = new TaskAugmentor({ ...plain, inputScaling: "standard" });
  const projection = asIs.linearProjection(0, dataset);
  expect((await asIs.transform(dataset)).inputs.data).toEqual((await projection.apply(images)).data);
  const scaled = Float32Array.from(images, (v) => (v - mean) / standardDeviation);
  expect((await standard.transform(dataset)).inputs.data).toEqual((await projection.apply(scaled)).data);
});

test("identity leaves inputs and labels, together or one of the two", async () => {
  const images = Uint8Array.from({ length: 6 * 20 }, (_, i) => i);
  const targets = [0, 1, 2, 2, 1, 0];
  const dataset = Dataset.from({ images, targets, shape: [20] });
  const scaled = Float32Array.from(images, (v) => v * Math.fround(1 / 255));
  for (const [rows, expected] of [
    [20, (p: number, i: number) => scaled[p * 20 + i]],
    [7, (p: number, i: number) => scaled[p * 20 + i]],
    [33, (p: number, i: number) => (i < 20 ? scaled[p * 20 + i] : 0)],
  ] as const) {
    using tasks = new TaskAugmentor({ seed: 4, identity: true, drawSequence: false, outFeatures: rows, workers: 0 });
    const batch = await tasks.transform(dataset);
    expect([...batch.targets.data]).toEqual(targets);
    expect([...batch.inputs.data]).toEqual(
      Array.from({ length: 6 * rows }, (_, k) => expected(Math.floor(k / rows), k % rows)),
    );
  }
  using labelsOnly = new TaskAugmentor({ seed: 4, identity: { permutation: true }, drawSequence: false, workers: 0 });
  const batch = await labelsOnly.transform(dataset);
  expect([...batch.targets.data]).toEqual(targets);
  expect(batch.inputs.data).not.toEqual(scaled);
  using inputsOnly = new TaskAugmentor({ seed: 4, identity: { projection: true }, drawSequence: false, workers: 0 });
  const permutation = await inputsOnly.targetPermutation(0, dataset).permutation();
  expect([...(await inputsOnly.transform(dataset)).targets.data]).toEqual(targets.map((y) => permutation[y]));
});
