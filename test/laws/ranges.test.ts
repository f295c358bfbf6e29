import fc from "fast-check";
import { type Batch, Dataset, TaskAugmentor, type TaskAugmentorOptions } from "taskloom";
import { afterAll, describe, expect, test } from "vitest";
import { trainingSet } from "../support/support.js";

/** Bytes of the tasks [start, stop) out of a batch of the whole set. */
function slice(whole: Batch, first: number, count: number, total: number) {
  const part = ({ data }: { data: ArrayBufferView }) => {
    const per = data.byteLength / total;
    return Buffer.from(data.buffer, data.byteOffset + first * per, count * per);
  };
  return { inputs: part(whole.inputs), targets: part(whole.targets) };
}

const bytes = ({ data }: { data: ArrayBufferView }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

function expectSame(batch: Batch, expected: { inputs: Buffer; targets: Buffer }) {
  expect(bytes(batch.inputs).equals(expected.inputs)).toBe(true);
  expect(bytes(batch.targets).equals(expected.targets)).toBe(true);
}

const kinds: [string, TaskAugmentorOptions][] = [
  ["sequences", { sequenceLength: 13 }],
  ["several sequences a task", { sequenceLength: 7, samplesPerTask: 3 }],
  ["without replacement, standardized, float16", { preset: "paper", sequenceLength: 9, dtype: "float16" }],
  ["whole dataset", { drawSequence: false }],
];

describe.each(kinds)("%s", (_, kind) => {
  const offset = 2 ** 32 - 40;
  const taskCount = 40;
  const options = { ...kind, seed: 2n ** 63n + 5n, taskOffset: offset, taskCount };
  const pool = [0, 1, 2, 3].map((workers) => new TaskAugmentor({ ...options, workers }));
  afterAll(() => pool.forEach((tasks) => void tasks.dispose()));

  test("a sub-range equals the slice of the whole, for any batch size, worker count and order", async () => {
    const dataset = (await trainingSet()).head(50);
    const whole = await pool[0]!.transform(dataset);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(taskCount - 1),
        fc.nat(taskCount - 1),
        fc.integer({ min: 1, max: 50 }),
        fc.constantFrom(...pool),
        async (a, b, batchSize, tasks) => {
          const [first, last] = [Math.min(a, b), Math.max(a, b) + 1];
          const start = offset + first;
          const stop = offset + last;
          expectSame(await tasks.batch(dataset, start, stop), slice(whole, first, last - first, taskCount));
          let next = start;
          for await (const batch of tasks.batches(dataset, { start, stop, batchSize })) {
            const size = Math.min(batchSize, stop - next);
            expect(batch.tasks).toEqual({ start: next, stop: next + size });
            expectSame(batch, slice(whole, next - offset, size, taskCount));
            next += size;
          }
          expect(next).toBe(stop);
        },
      ),
      { numRuns: 25 },
    );
  });

  test("calls that overlap, in any order", async () => {
    const dataset = (await trainingSet()).head(50);
    const whole = await pool[0]!.transform(dataset);
    const order = Array.from({ length: taskCount }, (_, i) => (i * 17) % taskCount);
    await Promise.all(
      order.map(async (i) => expectSame(await pool[3]!.batch(dataset, offset + i), slice(whole, i, 1, taskCount))),
    );
  });
});

test("reused memory holds the same bytes, until the next batch is asked for", async () => {
  const dataset = (await trainingSet()).head(50);
  using tasks = new TaskAugmentor({ seed: 4, taskCount: 60, sequenceLength: 5, workers: 2, backend: "wasm" });
  const whole = await tasks.transform(dataset);
  const earlier: Batch[] = [];
  for await (const batch of tasks.batches(dataset, { batchSize: 7, reuse: true })) {
    const { start, stop } = batch.tasks!;
    expectSame(batch, slice(whole, start, stop - start, 60));
    earlier.push(batch);
  }
  // What was handed on is gone for good, not silently overwritten.
  expect(earlier[0]?.inputs.data.length).toBe(0);
});

test("a task does not depend on the set it is in", async () => {
  const dataset = (await trainingSet()).head(100);
  using large = new TaskAugmentor({ seed: 1, taskCount: 2 ** 32, workers: 0 });
  using small = new TaskAugmentor({ seed: 1, taskCount: 5, taskOffset: 2 ** 31 - 2, workers: 1 });
  const one = await large.batch(dataset, 2 ** 31);
  expectSame(await small.batch(dataset, 2 ** 31), { inputs: bytes(one.inputs), targets: bytes(one.targets) });
});

test("samples of all tasks: each is its example under its task, and none depends on how many are drawn", async () => {
  const dataset = (await trainingSet()).head(200);
  const options = { seed: 6, taskCount: 30, taskOffset: 100, drawSequence: false, workers: 0 } as const;
  using some = new TaskAugmentor({ ...options, samples: 60 });
  using more = new TaskAugmentor({ ...options, samples: 600, workers: 2 });
  using all = new TaskAugmentor(options);
  const drawn = await some.transform(dataset);
  expect(drawn.tasks).toBeUndefined();
  expect(drawn.inputs.shape).toEqual([60, 784]);
  expect(drawn.targets.shape).toEqual([60]);
  expectSame(drawn, slice(await more.transform(dataset), 0, 60, 600));
  // Every drawn row stands somewhere in the whole of all tasks, and the draws reach many of the tasks.
  const whole = await all.transform(dataset);
  const rows = new Map<string, number>();
  for (let i = 0; i < 30 * 200; i++)
    rows.set(bytes({ data: whole.inputs.data.subarray(i * 784, (i + 1) * 784) }).toString("base64"), i);
  const seen = new Set<number>();
  for (let i = 0; i < 60; i++) {
    const at = rows.get(bytes({ data: drawn.inputs.data.subarray(i * 784, (i + 1) * 784) }).toString("base64"));
    expect(at).toBeDefined();
    expect(drawn.targets.data[i]).toBe(whole.targets.data[at!]);
    seen.add(Math.floor(at! / 200));
  }
  expect(seen.size).toBeGreaterThan(15);
});

test("long sequences and large sets of examples are cut inside without a seam", async () => {
  const features = 3072;
  const images = Uint8Array.from({ length: 30 * features }, (_, i) => (i * 7919) % 251);
  const dataset = Dataset.from({ images, targets: Array.from({ length: 30 }, (_, i) => i % 10), shape: [features] });
  const options = { seed: 8, outFeatures: 5, workers: 0 } as const;
  using long = new TaskAugmentor({ ...options, sequenceLength: 9001 });
  const { inputs, targets } = await long.transform(dataset);
  using single = new TaskAugmentor({ ...options, drawSequence: false });
  const each = await single.transform(dataset);
  // Each position must be one of the 30 projected examples, with its label, and the one-hot of the label before.
  const rows = new Map<string, number>();
  for (let i = 0; i < 30; i++) rows.set([...each.inputs.data.subarray(i * 5, i * 5 + 5)].join(), i);
  for (let p = 0; p < 9001; p++) {
    const row = inputs.data.subarray(p * 15, p * 15 + 15);
    const example = rows.get([...row.subarray(0, 5)].join());
    expect(example).toBeDefined();
    expect(targets.data[p]).toBe(each.targets.data[example!]);
    const hot = [...row.subarray(5)];
    expect(hot.reduce((a, b) => a + b)).toBe(p === 0 ? 0 : 1);
    if (p > 0) expect(hot[targets.data[p - 1]!]).toBe(1);
  }
});
