import fc from "fast-check";
import { Dataset, TaskAugmentor } from "taskloom";
import { describe, expect, test } from "vitest";
import { deviatesOf } from "../support/module.js";

/** Steps from -32768 to 32767, many of them extreme or 0. */
const steps = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -32768, max: 32767 }) },
  fc.constantFrom(-32768, 32767, -32767, 32640, -129, -128, -1, 0, 0, 0, 1, 127, 128, 255, 256),
);

/** Values f32(f32(sum) * scale) with a sum of any size; float64 holds each sum exactly. */
function byHand(g: Int32Array, q: ArrayLike<number>, features: number, offset: number, scale: number): Float32Array {
  const rows = g.length / features;
  const values = new Float32Array((q.length / features) * rows);
  for (let p = 0; p < q.length / features; p++) {
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      for (let j = 0; j < features; j++) {
        sum += (g[i * features + j] as number) * ((q[p * features + j] as number) - offset);
      }
      values[p * rows + i] = Math.fround(Math.fround(sum) * scale);
    }
  }
  return values;
}

const step = Math.fround(0.0123);

test("sums of int16 examples are exact and rounded once, whatever is subtracted", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        pool: fc.array(steps, { minLength: 1, maxLength: 60 }),
        features: fc.integer({ min: 1, max: 120 }),
        outFeatures: fc.integer({ min: 1, max: 40 }),
        seed: fc.bigInt(0n, 2n ** 64n - 1n),
        task: fc.nat(2 ** 32 - 1),
        center: fc.constantFrom(0, 1, -7, 31, 32767, -32767),
        identity: fc.boolean(),
      }),
      async ({ pool, features, outFeatures, seed, task, center, identity }) => {
        const n = 3;
        const images = Int16Array.from({ length: n * features }, (_, i) => pool[(i * 7) % pool.length] as number);
        const dataset = Dataset.from({ images, targets: [0, 1, 1], shape: [features], classes: 2, scale: step });
        using tasks = new TaskAugmentor({
          seed,
          taskOffset: task,
          drawSequence: false,
          outFeatures,
          identity: { projection: identity },
          standardDeviation: 0.3,
          inputScaling: center === 0 ? "unit" : { mean: center * step, standardDeviation: 1.7 },
          workers: 0,
          backend: "wasm",
        });
        const { inputs } = await tasks.transform(dataset);
        const divisor = center === 0 ? 1 : 1.7;
        const g = identity
          ? Int32Array.from({ length: outFeatures * features }, (_, i) =>
              Number(Math.floor(i / features) === i % features),
            )
          : await deviatesOf(seed, task, outFeatures, features);
        const scale = Math.fround(identity ? step / divisor : (0.3 * step) / (4096 * divisor));
        expect(inputs.data).toEqual(byHand(g, images, features, center, scale));
      },
    ),
    { numRuns: 120 },
  );
});

describe("rows of many columns", () => {
  // Every product of one sign, so that sums are as large as they can be.
  test.each([
    [754, 0],
    [784, 100],
    [65532, 0],
    [65533, 0],
    [65533, -20000],
    [131073, 32767],
  ])("%i columns less %i", async (features, center) => {
    const seed = 3n;
    const g = await deviatesOf(seed, 9, 5, features);
    const images = new Int16Array(2 * features);
    for (let j = 0; j < features; j++) {
      images[j] = (g[j] as number) < 0 ? -32768 : 32767;
      images[features + j] = -32768;
    }
    const dataset = Dataset.from({ images, targets: [0, 1], shape: [features], classes: 2, scale: 1 });
    using tasks = new TaskAugmentor({
      seed,
      taskOffset: 9,
      drawSequence: false,
      outFeatures: 5,
      standardDeviation: 1,
      inputScaling: { mean: center, standardDeviation: 1 },
      workers: 0,
      backend: "wasm",
    });
    const { inputs } = await tasks.transform(dataset);
    const expected = byHand(g, images, features, center, 2 ** -12);
    expect(Math.abs(expected[0] as number)).toBeGreaterThan(2 ** 19);
    expect(inputs.data).toEqual(expected);
  });
});

test("examples that are zero but for a few columns are walked like others", async () => {
  const features = 70_000;
  const images = new Int16Array(features);
  images[3] = -32768;
  images[features - 1] = 32767;
  const dataset = Dataset.from({ images, targets: [0], shape: [features], classes: 1, scale: 1 });
  for (const center of [0, 5]) {
    using tasks = new TaskAugmentor({
      seed: 8,
      drawSequence: false,
      outFeatures: 17,
      standardDeviation: 1,
      inputScaling: { mean: center, standardDeviation: 1 },
      workers: 0,
      backend: "wasm",
    });
    const { inputs } = await tasks.transform(dataset);
    expect(inputs.data).toEqual(byHand(await deviatesOf(8n, 0, 17, features), images, features, center, 2 ** -12));
  }
});
