import fc from "fast-check";
import {
  Compose,
  ConvertImageDtype,
  Dataset,
  DatasetError,
  Flatten,
  Grayscale,
  type ImageBatch,
  type ImageTensor,
  InvalidOptionError,
  Lambda,
  Normalize,
  Resize,
  type Transform,
} from "taskloom";
import { describe, expect, it } from "vitest";
import { errorOf, fakeDataset } from "./fake.js";

const batch = (shape: number[], dtype: "uint8" | "float32" = "uint8", count = 1): ImageBatch => {
  const length = count * shape.reduce((a, b) => a * b, 1);
  const bytes = Uint8Array.from({ length }, (_, i) => i * 89);
  return { data: dtype === "uint8" ? bytes : Float32Array.from(bytes), shape, dtype, count };
};

const invert = new Lambda((example) => ({ ...example, data: example.data.map((x) => 255 - x) }));

describe("every transform", () => {
  const chains: [string, Transform, number[]][] = [
    ["Resize", new Resize([3, 5]), [6, 4, 3]],
    ["Resize of float32", new Compose([new ConvertImageDtype("float32"), new Resize(3)]), [6, 4]],
    ["Grayscale", new Grayscale(), [6, 4, 3]],
    ["Flatten", new Flatten(), [6, 4, 3]],
    ["ConvertImageDtype", new ConvertImageDtype("float32"), [6, 4]],
    ["Lambda", invert, [6, 4]],
    [
      "Compose",
      new Compose([
        new Resize(5),
        new Grayscale(),
        new ConvertImageDtype("float32"),
        new Normalize({ mean: 0.5, std: 2 }),
        new Flatten(),
      ]),
      [6, 4, 3],
    ],
  ];

  it.each(chains)(
    "%s treats each example alone: a slice of the whole is the whole of a slice",
    (_, transform, shape) => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 6 }), fc.nat(5), (count, first) => {
          const dataset = fakeDataset(6, shape);
          const [start, stop] = [Math.min(first, 6 - count), Math.min(first, 6 - count) + count];
          const whole = dataset.transform(transform).slice(start, stop);
          const part = dataset.slice(start, stop).transform(transform);
          expect([...part]).toEqual([...whole]);
          expect(part.shape).toEqual(whole.shape);
        }),
      );
    },
  );

  it.each(chains)("%s leaves its input alone", (_, transform, shape) => {
    const dataset = fakeDataset(4, shape);
    const before = dataset.images.slice();
    dataset.transform(transform);
    expect(dataset.images).toEqual(before);
  });
});

describe("Dataset.transform", () => {
  it("keeps labels, classes and name", () => {
    const dataset = fakeDataset(4).transform(new Flatten());
    expect(dataset).toMatchObject({ name: "fake", classes: 3, length: 4, shape: [12], dtype: "uint8" });
    expect(dataset.targets).toEqual(fakeDataset(4).targets);
  });

  it("goes through many batches without a seam", () => {
    // 2^18 values a batch: these are three batches and a rest.
    const dataset = fakeDataset(70_000);
    const result = dataset.transform(invert).images as Uint8Array;
    expect(
      Buffer.compare(
        result,
        (dataset.images as Uint8Array).map((x) => 255 - x),
      ),
    ).toBe(0);
  });

  const made = (change: (input: ImageBatch) => object): Transform => ({
    name: "Custom",
    apply: (input) => ({ ...input, ...change(input) }) as ImageBatch,
  });
  let calls = 0;
  it.each<[string, Transform, RegExp]>([
    ["too few values", made(() => ({ shape: [5] })), /^Custom: returned 60 values in 5 examples of 5; expected 25/],
    ["fewer examples", made(() => ({ count: 4 })), /^Custom: returned 60 values in 4 examples/],
    ["another dtype than it says", made(() => ({ dtype: "float32" })), /^Custom: returned a Uint8Array as float32/],
    ["no array", made(() => ({ data: [1] })), /^Custom: returned \[1\] as uint8/],
  ])("refuses a transform that returns %s", async (_, transform, message) => {
    for (const wrapped of [transform, new Compose([transform])]) {
      const error = await errorOf(() => fakeDataset().transform(wrapped));
      expect(error).toBeInstanceOf(DatasetError);
      expect(error.message).toMatch(message);
    }
  });

  it("refuses a transform that changes its mind between batches", () => {
    calls = 0;
    const fickle = made((input) => ({ shape: calls++ === 0 ? input.shape : [12] }));
    expect(() => fakeDataset(70_000).transform(fickle)).toThrow(
      /^Custom: made 12 uint8 examples from 21845 on, after 4x3/,
    );
  });
});

describe("Resize", () => {
  it("keeps what has the size already, without a copy", () => {
    const input = batch([6, 4, 3]);
    expect(new Resize([6, 4]).apply(input).data).toBe(input.data);
    expect(new Resize(4).apply(input).data).toBe(input.data);
  });

  it("keeps one colour one colour, to a grey level for rounded weights", () => {
    const side = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(side, side, side, side, fc.nat(255), fc.boolean(), (h, w, newH, newW, grey, antialias) => {
        const resize = new Resize([newH, newW], { antialias });
        const bytes = resize.apply({ data: new Uint8Array(h * w).fill(grey), shape: [h, w], dtype: "uint8", count: 1 });
        expect(Math.max(...bytes.data.map((value) => Math.abs(value - grey)))).toBeLessThanOrEqual(1);
        const floats = {
          data: new Float32Array(h * w).fill(grey / 7),
          shape: [h, w],
          dtype: "float32",
          count: 1,
        } as const;
        // f64 weights sum to 1 within n 2^-53, far below half an ulp of f32.
        expect(resize.apply(floats).data.every((value) => value === Math.fround(grey / 7))).toBe(true);
      }),
    );
  });

  it("stays between the smallest and the largest value", () => {
    const side = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(side, side, side, side, fc.integer(), (h, w, newH, newW, seed) => {
        const data = Float32Array.from({ length: h * w }, (_, i) => Math.fround(Math.sin(seed + i * 12.9898)));
        const resized = new Resize([newH, newW]).apply({ data, shape: [h, w], dtype: "float32", count: 1 });
        expect(Math.min(...resized.data)).toBeGreaterThanOrEqual(Math.min(...data));
        expect(Math.max(...resized.data)).toBeLessThanOrEqual(Math.max(...data));
      }),
    );
  });

  it("can change its input shape between calls", () => {
    const resize = new Resize(2);
    expect(resize.apply(batch([4, 6])).shape).toEqual([2, 3]);
    expect(resize.apply(batch([8, 4, 3])).shape).toEqual([4, 2, 3]);
    expect(resize.apply(batch([4, 6])).data).toEqual(new Resize(2).apply(batch([4, 6])).data);
  });

  it.each<[string, unknown, object]>([
    ["size", 0, {}],
    ["size", 1.5, {}],
    ["size", [3], {}],
    ["size", [3, -1], {}],
    ["size", "28", {}],
    ["interpolation", 3, { interpolation: "nearest" }],
  ])("refuses a wrong %s: %j", async (option, size, options) => {
    const error = await errorOf(() => new Resize(size as number, options));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect((error as InvalidOptionError).option).toBe(option);
  });

  it("refuses what is not an image", () => {
    expect(() => new Resize(2).apply(batch([12]))).toThrow(/^Resize: needs images of .* got examples of 12/);
    expect(() => new Resize(2).apply(batch([2, 2, 2, 2]))).toThrow(DatasetError);
  });
});

describe("Grayscale", () => {
  it("leaves one channel as it is", () => {
    expect(new Grayscale().apply(batch([4, 3])).shape).toEqual([4, 3]);
    expect(new Grayscale().apply(batch([4, 3, 1])).shape).toEqual([4, 3, 1]);
  });

  it("refuses other channels and what is not an image", () => {
    expect(() => new Grayscale().apply(batch([4, 3, 4]))).toThrow(/^Grayscale: needs images of 1 or 3 channels.*4x3x4/);
    expect(() => new Grayscale().apply(batch([12]))).toThrow(DatasetError);
  });
});

describe("Normalize", () => {
  it("has one number for all channels or one for each", () => {
    const input = batch([2, 1, 3], "float32");
    const same = new Normalize({ mean: [3, 3, 3], std: [2, 2, 2] }).apply(input);
    expect(new Normalize({ mean: 3, std: 2 }).apply(input)).toEqual(same);
    expect(new Normalize({ mean: [0, 1, 2], std: [1, 2, 4] }).apply(input).data[5]).toBe(
      Math.fround(((input.data[5] as number) - 2) / 4),
    );
  });

  it("takes vectors as one channel", () => {
    expect(new Normalize({ mean: [1], std: [2] }).apply(batch([4], "float32")).data[1]).toBe(44);
    expect(() => new Normalize({ mean: [1, 1], std: [1, 1] }).apply(batch([4, 2], "float32"))).toThrow(
      /have 1 channels/,
    );
  });

  it("refuses uint8 and says what to do", () => {
    expect(() => new Normalize({ mean: 0, std: 1 }).apply(batch([4]))).toThrow(
      'Normalize: needs float32 examples, got uint8; put new ConvertImageDtype("float32") before it',
    );
  });

  it.each([
    [{ mean: 0, std: 0 }],
    [{ mean: 0, std: 1e-60 }],
    [{ mean: Number.NaN, std: 1 }],
    [{ mean: 1e39, std: 1 }],
    [{ mean: [], std: [] }],
    [{ mean: [0, 1], std: [1] }],
    [{ mean: ["0"] as unknown as number[], std: [1] }],
  ])("refuses %j", (options) => {
    expect(() => new Normalize(options)).toThrow(InvalidOptionError);
  });
});

describe("ConvertImageDtype", () => {
  it("there and back is where it began", () => {
    const input = batch([16, 16]);
    const floats = new ConvertImageDtype("float32").apply(input);
    expect(new ConvertImageDtype("uint8").apply(floats)).toEqual(input);
  });

  it("leaves what has the dtype already", () => {
    const input = batch([4]);
    expect(new ConvertImageDtype("uint8").apply(input)).toBe(input);
  });

  it.each([1.1, -0.1, Number.NaN, Number.POSITIVE_INFINITY])("refuses to make a byte of %s", (value) => {
    const input = { data: Float32Array.of(0, value), shape: [2], dtype: "float32", count: 1 } as const;
    expect(() => new ConvertImageDtype("uint8").apply(input)).toThrow(
      /^ConvertImageDtype: got the value .* from 0 to 1/,
    );
  });

  it("refuses another dtype", () => {
    expect(() => new ConvertImageDtype("float64" as "float32")).toThrow(InvalidOptionError);
  });
});

describe("Lambda", () => {
  it("gets views of single examples, and may return the same array every time", () => {
    const dataset = fakeDataset(4);
    const scratch = new Float32Array(2);
    const seen: ImageTensor[] = [];
    const result = dataset.transform(
      new Lambda((example) => {
        seen.push(example);
        scratch.set([example.data[0] as number, example.data[1] as number]);
        return { data: scratch, shape: [2], dtype: "float32" };
      }),
    );
    expect(seen).toHaveLength(4);
    expect(seen[1]?.data.buffer).toBe(dataset.images.buffer);
    expect(seen[1]?.shape).toEqual([4, 3]);
    expect(result.images).toEqual(Float32Array.from([...dataset].flatMap(({ image }) => [...image.subarray(0, 2)])));
  });

  it("is told when its results do not hold what they say, or differ", () => {
    const dataset = fakeDataset(4);
    const short = new Lambda((example) => ({ ...example, shape: [5] }));
    expect(() => dataset.transform(short)).toThrow(
      /^Lambda: returned 12 values in a Uint8Array as 5 uint8, .* 5 values/,
    );
    let calls = 0;
    const fickle = new Lambda((example) => ({ ...example, shape: calls++ ? [12] : [3, 4] }));
    expect(() => dataset.transform(fickle)).toThrow(/^Lambda: returned 12 uint8 after 3x4 uint8/);
  });
});

it("Compose applies the first one first, and nothing if there are none", () => {
  const dataset = fakeDataset(2);
  const plus = new Lambda((example) => ({ ...example, data: example.data.map((x) => x + 1) }));
  const double = new Lambda((example) => ({ ...example, data: example.data.map((x) => x * 2) }));
  expect(dataset.transform(new Compose([plus, double])).images[0]).toBe(2);
  expect(dataset.transform(new Compose([])).images).toEqual(dataset.images);
  expect(Dataset.from(dataset).transform(new Compose([double, plus])).images[0]).toBe(1);
});
