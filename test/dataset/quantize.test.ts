import fc from "fast-check";
import {
  Compose,
  ConvertImageDtype,
  Dataset,
  DatasetError,
  Flatten,
  Grayscale,
  InvalidOptionError,
  Lambda,
  Normalize,
  Resize,
  recipeOf,
  TaskAugmentor,
} from "taskloom";
import { describe, expect, test } from "vitest";
import { sha256 } from "../support/support.js";

function floats(values: readonly number[], shape = [1]): Dataset {
  const images = Float32Array.from(values);
  const count = images.length / shape.reduce((a, b) => a * b);
  return Dataset.from({ images, targets: Array.from({ length: count }, () => 0), shape, classes: 1 });
}

const value = (dataset: Dataset, i: number) =>
  ((dataset.images[i] as number) - (dataset.dtype === "uint8" ? 128 : 0)) * (dataset.scale as number);

test.each([
  [16, 32767],
  [8, 127],
] as const)("%i bits: the nearest step, ties to even, and the error that is reported", (bits, largest) => {
  const images = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -(2 ** 100), max: 2 ** 100 }), {
    minLength: 1,
    maxLength: 50,
  });
  fc.assert(
    fc.property(images, (given) => {
      const data = floats([...given, 1]);
      const dataset = data.quantize({ bits });
      const max = Math.max(...data.images.map(Math.abs));
      const scale = Math.fround(max / largest);
      expect([dataset.scale, dataset.dtype]).toEqual([scale, bits === 16 ? "int16" : "uint8"]);
      let [error, squares] = [0, 0];
      for (let i = 0; i < data.length; i++) {
        const apart = Math.abs((data.images[i] as number) - value(dataset, i));
        error = Math.max(error, apart);
        squares += apart * apart;
      }
      expect(dataset.quantization).toEqual({
        bits,
        max,
        largestError: error,
        rootMeanSquareError: Math.sqrt(squares / data.length),
        clipped: 0,
      });
      // Half a step, and what rounding the scale to float32 takes off the largest step.
      expect(error).toBeLessThanOrEqual(scale / 2 + max * 2 ** -24);
    }),
    { numRuns: 200 },
  );
  const ties = floats([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, largest]).quantize({ bits, max: largest });
  expect(Array.from(ties.images, (_, i) => value(ties, i) + 0)).toEqual([0, 2, 2, 0, -2, -2, largest]);
});

test("a given largest value clips, and says how often", () => {
  const dataset = floats([-9, -2, 0, 1, 2, 2.0001, 50]).quantize({ bits: 16, max: 2 });
  expect([...dataset.images]).toEqual([-32767, -32767, 0, 16384, 32767, 32767, 32767]);
  expect(dataset.quantization).toMatchObject({ max: 2, clipped: 3, largestError: 50 - 32767 * Math.fround(2 / 32767) });
});

test("what cannot be quantized says why", () => {
  const ones = floats([1, 2]);
  expect(() => ones.quantize({ bits: 12 as 16 })).toThrow(/bits.*16 or 8/);
  expect(() => ones.quantize({ bits: 16, min: 3 } as never)).toThrow(/min.*no option of this name/);
  for (const max of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, "2" as unknown as number]) {
    expect(() => ones.quantize({ bits: 16, max })).toThrow(InvalidOptionError);
  }
  expect(() => floats([0, 0]).quantize({ bits: 16 })).toThrow(/zeros only.*give max/);
  expect(floats([0, 0]).quantize({ bits: 16, max: 1 }).images).toEqual(new Int16Array(2));
  const bytes = Dataset.from({ images: new Uint8Array(1), targets: [0], shape: [1], classes: 1 });
  expect(() => bytes.quantize({ bits: 16 })).toThrow(/not float32/);
  const holes = Dataset.from({
    images: Float32Array.of(1, Number.NaN),
    targets: [0, 0],
    shape: [1],
    classes: 1,
    nonFinite: "allow",
  });
  expect(() => holes.quantize({ bits: 16 })).toThrow(/cannot be quantized: 1 of 2 values is NaN/);
});

test("int16 needs a scale that float32 holds; float32 has none; uint8 may have one", () => {
  const init = { targets: [0], shape: [1], classes: 1 };
  const int16 = Int16Array.of(7);
  for (const scale of [undefined, 0, -1, 0.1, Number.NaN, 1e-45, "1" as unknown as number]) {
    expect(() => Dataset.from({ ...init, images: int16, scale })).toThrow(/scale.*Math.fround/);
  }
  expect(() => Dataset.from({ ...init, images: new Float32Array(1), scale: 1 })).toThrow(/scale.*none for float32/);
  expect(Dataset.from({ ...init, images: int16, scale: 0.5 })).toMatchObject({ dtype: "int16", scale: 0.5 });
  expect(Dataset.from({ ...init, images: new Uint8Array(1), scale: 0.5 })).toMatchObject({
    dtype: "uint8",
    scale: 0.5,
  });
  expect(Dataset.from({ ...init, images: new Uint8Array(1) }).scale).toBeUndefined();
});

test("moments are exact, in the unit of the values, also of the largest steps", () => {
  const scale = 2 ** -8;
  const images = Int16Array.from({ length: 1000 }, (_, i) => (i % 2 ? 32767 : -32768));
  const dataset = Dataset.from({ images, targets: new Uint8Array(1000), shape: [1], classes: 1, scale });
  expect(dataset.moments()).toEqual({ mean: -0.5 * scale, standardDeviation: 32767.5 * scale });
  const bytes = Dataset.from({ images: Uint8Array.of(128, 129), targets: [0, 0], shape: [1], classes: 1, scale });
  expect(bytes.moments()).toEqual({ mean: 0.5 * scale, standardDeviation: 0.5 * scale });
});

test("the digest has the bits of the scale", async () => {
  const images = Int16Array.of(-2, 3);
  const dataset = Dataset.from({ images, targets: [0, 1], shape: [1], scale: 0.5 });
  const [values, targets] = [sha256(images), sha256(dataset.targets)];
  const text = `{"classes":2,"dtype":"int16","images":"${values}","scale":"3f000000","shape":[2,1],"targets":"${targets}"}`;
  expect(await dataset.digest()).toBe(sha256(new TextEncoder().encode(text)));
  const other = Dataset.from({ ...dataset, scale: 0.25 });
  expect(await other.digest()).not.toBe(await dataset.digest());
});

describe("transforms", () => {
  const image = floats([0, 0.5, -1, 0.25, 0.75, 1, 0, 0, 0, 0.1, 0.2, 0.3], [2, 2, 3]);

  test.each([16, 8] as const)("of %i bits: back to float32, flattened, by a function of steps", (bits) => {
    const dataset = image.quantize({ bits });
    const back = dataset.transform(new Compose([new Flatten(), new ConvertImageDtype("float32")]));
    expect([back.dtype, back.scale, back.quantization, back.shape]).toEqual(["float32", undefined, undefined, [12]]);
    expect([...back.images]).toEqual(Array.from(dataset.images, (_, i) => Math.fround(value(dataset, i))));
    const flat = dataset.transform(new Flatten());
    expect([flat.dtype, flat.scale, flat.quantization]).toEqual([dataset.dtype, dataset.scale, dataset.quantization]);
    const kept = dataset.transform(new Lambda((example) => ({ ...example, data: example.data.map((x) => x) })));
    expect([kept.images, kept.scale]).toEqual([dataset.images, dataset.scale]);
    expect(dataset.head(1).scale).toBe(dataset.scale);
  });

  test.each([new Resize(1), new Grayscale(), new Normalize({ mean: 0, std: 1 }), new ConvertImageDtype("uint8")])(
    "that calculate with pixels refuse steps: %o",
    (transform) => {
      expect(() => image.quantize({ bits: 16 }).transform(transform)).toThrow(/quantized int16.*before quantize/);
    },
  );

  test("that lose the scale are refused", () => {
    const { scale: _, ...lost } = { scale: 1, ...image.quantize({ bits: 16 }).at(0) };
    expect(lost.image).toBeInstanceOf(Int16Array);
    const forget = new Lambda(({ data, shape, dtype }) => ({ data, shape, dtype }));
    expect(() => image.quantize({ bits: 16 }).transform(forget)).toThrow(DatasetError);
  });
});

test("values of tasks are those of the float32 examples, within the error of the steps", async () => {
  const [count, features, outFeatures] = [30, 200, 40];
  const images = Float32Array.from({ length: count * features }, (_, i) => Math.sin(i * i) * (i % 7) + 0.4);
  const targets = new Uint8Array(count);
  const data = Dataset.from({ images, targets, shape: [features], classes: 1 });
  for (const inputScaling of ["unit", "standard"] as const) {
    const options = { drawSequence: false, seed: 4, outFeatures, standardDeviation: 0.07, inputScaling } as const;
    using tasks = new TaskAugmentor({ ...options, workers: 0, backend: "wasm" });
    const exact = (await tasks.transform(data)).inputs.data as Float32Array;
    const size = Math.sqrt(exact.reduce((sum, x) => sum + x * x, 0) / exact.length);
    for (const [bits, most] of [
      [16, 1e-4],
      [8, 0.02],
    ] as const) {
      const quantized = data.quantize({ bits });
      const { inputs } = await tasks.transform(quantized);
      const error = exact.reduce((sum, x, i) => sum + (x - (inputs.data[i] as number)) ** 2, 0) / exact.length;
      expect(Math.sqrt(error) / size).toBeLessThan(most);
      expect((await recipeOf(tasks, quantized)).dataset).toMatchObject({ scale: quantized.scale });
    }
  }
});
