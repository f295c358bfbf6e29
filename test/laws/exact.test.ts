import fc from "fast-check";
import { Dataset, TaskAugmentor } from "taskloom";
import { expect, test } from "vitest";
import { float16Edges } from "../support/float16-values.js";
import { weaveByHand } from "../support/oracle.js";
import { trainingSet } from "../support/support.js";

/** Small datasets of any shape, from all zero to all bright. */
const datasets = fc
  .record({
    n: fc.integer({ min: 1, max: 40 }),
    features: fc.integer({ min: 1, max: 100 }),
    classes: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constantFrom(255, 256, 257, 300)),
    zeros: fc.double({ min: 0, max: 1, noNaN: true }),
    salt: fc.nat(2 ** 31),
  })
  .map(({ n, features, classes, zeros, salt }) => {
    let state = salt;
    const next = () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return state / 2 ** 32;
    };
    const images = Uint8Array.from({ length: n * features }, () => (next() < zeros ? 0 : Math.floor(next() * 256)));
    const labels = Array.from({ length: n }, () => Math.floor(next() * classes));
    return { images, labels, features, classes };
  });

test("batches equal plain loops, for any shape, length, classes and seed", async () => {
  await fc.assert(
    fc.asyncProperty(
      datasets,
      fc.record({
        seed: fc.bigInt(0n, 2n ** 64n - 1n),
        task: fc.nat(2 ** 32 - 1),
        outFeatures: fc.integer({ min: 1, max: 100 }),
        length: fc.integer({ min: 1, max: 23 }),
        samples: fc.integer({ min: 1, max: 3 }),
        replacement: fc.boolean(),
        offset: fc.constantFrom(0, 33),
      }),
      async (data, choice) => {
        const { images, labels, features, classes } = data;
        const length = choice.replacement ? choice.length : Math.min(choice.length, labels.length);
        const dataset = Dataset.from({ images, targets: labels, shape: [features], classes });
        using tasks = new TaskAugmentor({
          seed: choice.seed,
          taskOffset: choice.task,
          sequenceLength: length,
          samplesPerTask: choice.samples,
          outFeatures: choice.outFeatures,
          replacement: choice.replacement,
          standardDeviation: 0.5,
          inputScaling: choice.offset === 0 ? "unit" : { mean: 33.4, standardDeviation: 70 },
          workers: 0,
        });
        const batch = await tasks.transform(dataset);
        const scale = Math.fround(0.5 / (4096 * (choice.offset === 0 ? 255 : 70)));
        const expected = await weaveByHand({ ...data, ...choice, length, scale });
        expect(batch.inputs.shape).toEqual([choice.samples, length, choice.outFeatures + classes]);
        expect(batch.targets.shape).toEqual([choice.samples, length]);
        expect(batch.targets.dtype).toBe(classes <= 256 ? "uint8" : "uint16");
        expect([...batch.targets.data]).toEqual(expected.targets);
        expect(batch.inputs.data).toEqual(expected.inputs);
      },
    ),
    { numRuns: 150 },
  );
});

test("sums wrap in 32 bits where they do not fit", async () => {
  const features = 2 ** 17;
  const images = new Uint8Array(features).fill(255);
  const dataset = Dataset.from({ images, targets: [0], shape: [features], classes: 1 });
  const set = { seed: 5n, task: 1, images, labels: [0], features, outFeatures: 64, classes: 1, length: 1, samples: 1 };
  using tasks = new TaskAugmentor({
    seed: 5,
    taskOffset: 1,
    sequenceLength: 1,
    outFeatures: 64,
    standardDeviation: 1,
    workers: 0,
    inputScaling: { mean: -2000, standardDeviation: 1 },
  });
  const { inputs } = await tasks.transform(dataset);
  const expected = await weaveByHand({ ...set, replacement: true, offset: -2000, scale: Math.fround(1 / 4096) });
  expect(inputs.data).toEqual(expected.inputs);
});

test("preset paper: deviation 1/sqrt(n), standardized by the dataset, without replacement", async () => {
  const mnist = await trainingSet();
  const { mean, standardDeviation } = mnist.moments();
  using tasks = new TaskAugmentor({ preset: "paper", seed: 7, taskOffset: 11, workers: 0 });
  const { inputs, targets } = await tasks.transform(mnist);
  const expected = await weaveByHand({
    seed: 7n,
    task: 11,
    images: mnist.images as Uint8Array,
    labels: [...mnist.targets],
    features: 784,
    outFeatures: 784,
    classes: 10,
    length: 100,
    samples: 1,
    replacement: false,
    offset: Math.round(mean),
    scale: Math.fround(1 / 28 / (4096 * standardDeviation)),
  });
  expect([...targets.data]).toEqual(expected.targets);
  expect(inputs.data).toEqual(expected.inputs);
});

test("float16 is float32 rounded to nearest even", async () => {
  const mnist = (await trainingSet()).head(500);
  const options = { seed: 3, taskCount: 4, standardDeviation: 3, workers: 0 };
  using wide = new TaskAugmentor(options);
  using narrow = new TaskAugmentor({ ...options, dtype: "float16" });
  const full = await wide.transform(mnist);
  const half = await narrow.transform(mnist);
  expect(half.inputs.dtype).toBe("float16");
  expect(half.inputs.data).toBeInstanceOf(Uint16Array);
  const wrong = [...full.inputs.data].findIndex((value, i) => half.inputs.data[i] !== float16Bits(value));
  expect(wrong).toBe(-1);
});

/** binary16 bits by search among the neighbours, in float64: slow and plain. */
function float16Bits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const x = Math.abs(value);
  if (x === Number.POSITIVE_INFINITY) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(x || 2 ** -30)));
  const step = 2 ** (exponent - 10);
  const below = Math.floor(x / step);
  const rest = x / step - below;
  const units = rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
  const rounded = units * step;
  if (rounded >= 65520) return sign | 0x7c00;
  if (rounded < 2 ** -14) return sign | Math.round(rounded * 2 ** 24);
  const e = Math.floor(Math.log2(rounded));
  return sign | ((e + 15) << 10) | Math.round((rounded / 2 ** e - 1) * 1024);
}

test("float16 at its edges: subnormals, ties, infinity", async () => {
  // An identity projection of float32 data passes values through, so that the rounding can be probed directly.
  const values = float16Edges;
  const dataset = Dataset.from({
    images: Float32Array.from(values),
    targets: [0],
    shape: [values.length],
    nonFinite: "allow",
  });
  const plain = { identity: true, inputScaling: "unit", drawSequence: false, dtype: "float16", workers: 0 } as const;
  using tasks = new TaskAugmentor(plain);
  const { inputs } = await tasks.transform(dataset);
  expect([...inputs.data]).toEqual(values.map((v) => float16Bits(Math.fround(v))));
});
