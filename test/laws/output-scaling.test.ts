import { type Batch, Dataset, standardizeBatch, TaskAugmentor, type TaskAugmentorOptions } from "taskloom";
import { describe, expect, test } from "vitest";
import { halfValue, nearestHalf } from "../support/float16-values.js";

const dataset = Dataset.from({
  images: Uint8Array.from({ length: 30 * 12 }, (_, i) => (Math.imul(i + 1, 2654435761) >>> 20) % 256),
  targets: Array.from({ length: 30 }, (_, i) => i % 4),
  shape: [12],
  classes: 4,
});

const base: TaskAugmentorOptions = {
  seed: 4,
  taskCount: 6,
  samplesPerTask: 2,
  sequenceLength: 9,
  outFeatures: 7,
  workers: 0,
};
const WIDTH = 11;

async function weave(options: TaskAugmentorOptions): Promise<Batch> {
  using tasks = new TaskAugmentor({ ...base, ...options });
  return await tasks.transform(dataset);
}

/** Mean and deviation in float64. */
function moments(values: number[], ddof = 0) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - ddof)) };
}

const column = (data: ArrayLike<number>, i: number, width = WIDTH) =>
  Array.from({ length: data.length / width }, (_, row) => data[row * width + i] as number);

/** A rounding to float32 of each, and the errors of float64 sums. */
function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>) {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; i++) {
    const bound = 2 ** -23 * Math.abs(expected[i] as number) + 1e-12;
    expect(Math.abs((actual[i] as number) - (expected[i] as number))).toBeLessThanOrEqual(bound);
  }
}

test("example: each position by itself, one-hots left alone", async () => {
  const plain = (await weave({})).inputs.data;
  const scaled = (await weave({ outputScaling: "example" })).inputs.data;
  for (let row = 0; row < plain.length; row += WIDTH) {
    const values = [...plain.subarray(row, row + 7)];
    const { mean, deviation } = moments(values);
    expectClose(
      scaled.subarray(row, row + 7),
      values.map((value) => (value - mean) / deviation),
    );
    expect(scaled.subarray(row + 7, row + WIDTH)).toEqual(plain.subarray(row + 7, row + WIDTH));
  }
});

describe.each([
  ["set", 0, 0, 7],
  ["notebook", 1, 1e-12, WIDTH],
] as const)("%s: each feature over all tasks", (outputScaling, ddof, epsilon, scaledColumns) => {
  test("in the whole, in parts and on threads", async () => {
    const plain = (await weave({})).inputs.data;
    const scaled = (await weave({ outputScaling })).inputs.data;
    for (let i = 0; i < WIDTH; i++) {
      const values = column(plain, i);
      const { mean, deviation } = moments(values, ddof);
      const expected = i < scaledColumns ? values.map((value) => (value - mean) / (deviation + epsilon)) : values;
      expectClose(column(scaled, i), expected);
    }
    using tasks = new TaskAugmentor({ ...base, outputScaling, workers: 2 });
    expect((await tasks.batch(dataset, 3, 5)).inputs.data).toEqual(scaled.slice(3 * 18 * WIDTH, 5 * 18 * WIDTH));
    const pieces: number[] = [];
    for await (const { inputs } of tasks.batches(dataset, { batchSize: 4, reuse: true })) pieces.push(...inputs.data);
    expect(Float32Array.from(pieces)).toEqual(scaled);
  });
});

test("notebook: nothing where a single sample is drawn, as there", async () => {
  const single = { samplesPerTask: 1 };
  expect(await weave({ ...single, outputScaling: "notebook" })).toEqual(await weave(single));
  const flat = { drawSequence: false } as const;
  const plain = (await weave(flat)).inputs.data;
  const scaled = (await weave({ ...flat, outputScaling: "notebook" })).inputs.data;
  for (let i = 0; i < 7; i++) {
    const { mean, deviation } = moments(column(plain, i, 7), 1);
    expectClose(
      column(scaled, i, 7),
      column(plain, i, 7).map((value) => (value - mean) / (deviation + 1e-12)),
    );
  }
});

describe("standardizeBatch", () => {
  test.each([
    ["all values of a position", undefined, WIDTH],
    ["the projected values alone", 7, 7],
  ] as const)("%s: each feature over the batch", async (_, features, scaledColumns) => {
    using tasks = new TaskAugmentor(base);
    for (const [start, stop] of [
      [0, 6],
      [2, 5],
    ] as const) {
      const plain = await tasks.batch(dataset, start, stop);
      const batch = await tasks.batch(dataset, start, stop);
      const { inputs, targets } = batch;
      expect(standardizeBatch(batch, features === undefined ? {} : { features })).toBe(batch);
      expect(batch.inputs).toBe(inputs);
      for (let i = 0; i < WIDTH; i++) {
        const values = column(plain.inputs.data, i);
        const { mean, deviation } = moments(values);
        const expected = i < scaledColumns ? values.map((value) => (value - mean) / deviation) : values;
        expectClose(column(inputs.data, i), expected);
      }
      expect(targets).toEqual(plain.targets);
    }
  });

  test("float16: the halves as float32 values, standardized and rounded once", async () => {
    const wide = await weave({ dtype: "float16" });
    const expected = {
      inputs: { ...wide.inputs, dtype: "float32", data: Float32Array.from(wide.inputs.data, halfValue) },
    } as const;
    standardizeBatch(expected);
    const { data } = standardizeBatch(wide).inputs;
    expect(data).toBeInstanceOf(Uint16Array);
    expect(Array.from(data, halfValue)).toEqual(Array.from(expected.inputs.data, nearestHalf));
  });

  test("any shape whose last dimension has the features; constant features become zeros", () => {
    const inputs = { dtype: "float32", shape: [3, 2], data: Float32Array.of(1, 5, 2, 5, 3, 5) } as const;
    const deviation = Math.sqrt(2 / 3);
    expect([...standardizeBatch({ inputs }).inputs.data]).toEqual(
      [-1 / deviation, 0, 0, 0, 1 / deviation, 0].map(Math.fround),
    );
    const empty = { inputs: { dtype: "float32", shape: [0, 2], data: new Float32Array() } } as const;
    expect(standardizeBatch(empty)).toBe(empty);
  });

  test("says what it takes", async () => {
    const batch = await weave({});
    expect(() => standardizeBatch(batch, { features: 0 })).toThrow(/features is 0; allowed: an integer from 1 to 11/);
    expect(() => standardizeBatch(batch, { features: 12 })).toThrow(/features is 12; allowed: an integer from 1 to 11/);
    const onGpu = { inputs: { dtype: "float32", shape: [1, 2], buffer: {} } };
    expect(() => standardizeBatch(onGpu as never)).toThrow(
      /inputs.data is undefined; .*gpuStatistics\(\) and gpuNormalize\(\)/,
    );
  });
});

test.each(["example", "set"] as const)("%s in float16: the float32 values, rounded once", async (outputScaling) => {
  const wide = (await weave({ outputScaling })).inputs.data;
  const { dtype, data } = (await weave({ outputScaling, dtype: "float16" })).inputs;
  expect(dtype).toBe("float16");
  const values = Float32Array.from(data, halfValue);
  for (let i = 0; i < wide.length; i++) {
    expect(Math.abs((values[i] as number) - (wide[i] as number))).toBeLessThanOrEqual(
      2 ** -11 * Math.abs(wide[i] as number) + 2 ** -25,
    );
  }
});

test("a feature that is constant becomes zero", async () => {
  const flat = Dataset.from({ images: Float32Array.of(1, 5, 2, 5, 3, 5), targets: [0, 1, 1], shape: [2] });
  using tasks = new TaskAugmentor({ identity: true, inputScaling: "unit", drawSequence: false, outputScaling: "set" });
  const { data } = (await tasks.transform(flat)).inputs;
  expect([data[1], data[3], data[5]]).toEqual([0, 0, 0]);
  expect(moments(column(data, 0, 2)).deviation).toBeCloseTo(1, 6);
});

test("an aborted first pass is made again", async () => {
  using tasks = new TaskAugmentor({ ...base, taskCount: 3000, outputScaling: "set" });
  const reason = new Error("not now");
  await expect(tasks.batch(dataset, 0, 1, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect((await tasks.batch(dataset, 0)).inputs.shape).toEqual([2, 9, WIDTH]);
});
