import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  Dataset,
  InvalidOptionError,
  openTasks,
  recipeOf,
  type StoreError,
  type TargetDtype,
  TaskAugmentor,
  type TaskAugmentorOptions,
} from "taskloom";
import { FORMATS, generate, inspect, openTasks as openHere, openStoreFolder, verify } from "taskloom/node";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../support/cli.js";
import { fewDigits, small } from "./support.js";

const DTYPES = ["uint8", "uint16", "int32", "int64"] as const;
const ARRAYS = { uint8: Uint8Array, uint16: Uint16Array, int32: Int32Array, int64: BigInt64Array };
const integer = { labelLayout: "query-last", labelFormat: "integer" } as const;

/** Any integers as numbers. */
const numbers = (data: ArrayLike<number> | ArrayLike<bigint> | undefined) => Array.from(data ?? [], Number);

async function expected(options: TaskAugmentorOptions = {}) {
  using tasks = new TaskAugmentor({ ...small, ...options });
  const { inputs, targets, labels } = await tasks.transform(await fewDigits());
  return { inputs, targets: numbers(targets.data), labels: numbers(labels?.data) };
}

describe.for(DTYPES)("%s", (targetDtype) => {
  test("arrays have the type and the same values", async () => {
    const { inputs, targets, labels } = await expected(integer);
    using tasks = new TaskAugmentor({ ...small, ...integer, targetDtype });
    const batch = await tasks.transform(await fewDigits());
    expect(batch.inputs).toEqual(inputs);
    for (const [tensor, values] of [[batch.targets, targets] as const, [batch.labels, labels] as const]) {
      expect(tensor?.dtype).toBe(targetDtype);
      expect(tensor?.data).toBeInstanceOf(ARRAYS[targetDtype]);
      expect(numbers(tensor?.data)).toEqual(values);
    }
    // A batch's types follow from the option: a bigint here, a number there.
    const walked: number[] = [];
    for await (const { targets } of tasks.batches(await fewDigits(), { batchSize: 7, reuse: true })) {
      expect(targets.dtype).toBe(targetDtype);
      walked.push(...numbers(targets.data));
    }
    expect(walked).toEqual(targets);
    const recipe = await recipeOf(tasks, await fewDigits());
    expect(recipe).not.toHaveProperty("targetDtype");
    const set = await openTasks(recipe, { dataset: await fewDigits(), workers: 0, targetDtype });
    const { targets: read } = await set.range(0, set.length);
    expect([read.dtype, numbers(read.data)]).toEqual([targetDtype, targets]);
    await set.dispose();
  });

  test.for(FORMATS)("%s holds it, and is read as any", async (format) => {
    const dataset = await fewDigits();
    const out = temporaryFolder();
    await generate(dataset, { ...small, ...integer, targetDtype, format, out });
    const { inputs, targets, labels } = await expected(integer);
    const found = await verify(out, { recompute: true, dataset, workers: 0 });
    expect(found.faults).toEqual([]);
    expect(found.recomputed).toBe(46);
    const report = await inspect(out);
    expect(report.targets.dtype).toBe(targetDtype);
    expect(report.targets.counts.reduce((a, b) => a + b)).toBe(targets.length);
    const store = await openStoreFolder(out);
    expect(store.arrays.map(({ dtype }) => dtype)).toEqual(["float32", targetDtype, targetDtype]);
    const read = await store.read(0, store.items);
    expect(numbers(new ARRAYS[targetDtype](read.targets))).toEqual(targets);
    // A set is the same in whichever type its files are, open as whichever type.
    for (const source of [out, store]) {
      const plain = await openHere(source);
      const batch = await plain.range(0, plain.length);
      expect([batch.targets.dtype, numbers(batch.targets.data)]).toEqual(["uint8", targets]);
      expect([batch.labels?.dtype, numbers(batch.labels?.data)]).toEqual(["uint8", labels]);
      expect(batch.inputs.data).toEqual(inputs.data);
    }
    const wide = await openHere(out, { targetDtype: "int64" });
    const { targets: bigints } = await wide.at(wide.length - 1);
    expect(bigints.data).toEqual(BigInt64Array.from(targets.slice(-5), BigInt));
  });
});

test("a store without label cells puts them back from targets of any type", async () => {
  const dataset = await fewDigits();
  const out = temporaryFolder();
  await generate(dataset, { ...small, targetDtype: "int64", format: "zarr", onehot: false, out });
  const store = await openStoreFolder(out);
  const { inputs } = await store.read(0, store.items);
  expect(new Float32Array(inputs)).toEqual((await expected()).inputs.data);
  // A target beyond 16 bits, which its low bits would hide.
  const chunk = join(out, "targets/c/0/0");
  const bytes = readFileSync(chunk);
  bytes.writeBigInt64LE(2n ** 32n + 3n, 16);
  writeFileSync(chunk, bytes);
  const problem = /has the target 4294967299; its recipe has 0 to 9$/;
  await expect((await openStoreFolder(out)).read(0)).rejects.toThrow(problem);
});

test("a damaged target is an error, not its low bits", async () => {
  const out = temporaryFolder();
  await generate(await fewDigits(), { ...small, targetDtype: "int64", out });
  const path = join(out, "targets.npy");
  for (const value of [-1n, 10n, 2n ** 32n, 2n ** 62n]) {
    const bytes = readFileSync(path);
    bytes.writeBigInt64LE(value, bytes.length - 8);
    writeFileSync(path, bytes);
    const set = await openHere(out);
    const failure = await set.at(set.length - 1).catch((error: StoreError) => error);
    expect(failure).toMatchObject({ name: "StoreError", message: expect.stringMatching(/ in targets; .* 0 to 9: /) });
    expect((await set.at(0)).targets.dtype).toBe("uint8");
  }
});

test("a run goes on with a store of the same type only", async () => {
  const dataset = await fewDigits();
  const out = temporaryFolder();
  const options = { ...small, format: "zarr", chunkTasks: 4, out } as const;
  await generate(dataset, { ...options, targetDtype: "int32", shard: { index: 0, count: 2 } });
  await expect(generate(dataset, options)).rejects.toThrow(/targetDtype is "int32" there and "uint8" here/);
  expect((await generate(dataset, { ...options, targetDtype: "int32" })).complete).toBe(true);
});

const many = Dataset.from({
  images: new Uint8Array(300),
  targets: Array.from({ length: 300 }, (_, i) => i),
  shape: [1],
  classes: 300,
});

test.for([
  ["uint8", many, {}, /^targetDtype is "uint8"; allowed: "uint16", "int32", "int64", or undefined, for 300 values$/],
  ["float32", many, {}, /^targetDtype is "float32"; allowed: "uint8" or "uint16" or "int32" or "int64"$/],
  ["uint8", many, { classSubset: Array.from({ length: 256 }, (_, i) => i), ...integer }, /for 257 values$/],
] as const)("%s is refused where it does not hold all values", async ([targetDtype, dataset, choices, message]) => {
  const options = { ...choices, targetDtype, sequenceLength: 3, workers: 0 } as TaskAugmentorOptions;
  const refused = expect(async () => new TaskAugmentor(options).transform(dataset)).rejects;
  await refused.toThrow(InvalidOptionError);
  await expect(async () => new TaskAugmentor(options).transform(dataset)).rejects.toThrow(message);
  const recipe = await recipeOf(new TaskAugmentor({ ...choices, sequenceLength: 3 } as object), dataset);
  const opened = openTasks(recipe, { dataset, targetDtype: targetDtype as TargetDtype, workers: 0 });
  await expect(opened).rejects.toThrow(message);
});

test("256 values are uint8, and 256 labels are not", async () => {
  const classSubset = Array.from({ length: 256 }, (_, i) => i);
  using tasks = new TaskAugmentor({ targetDtype: "uint8", classSubset, sequenceLength: 3, workers: 0 });
  expect((await tasks.transform(many)).targets.dtype).toBe("uint8");
});

test("buffers on a GPU hold u32: another type is refused", async () => {
  const message = /^targetDtype is "int64"; allowed: undefined for buffers on a GPU, where each target is one u32/;
  const dataset = await fewDigits();
  using tasks = new TaskAugmentor({ ...small, targetDtype: "int64", backend: "wasm" });
  await expect(tasks.gpuBatches(dataset).next()).rejects.toThrow(message);
  const recipe = await recipeOf(tasks, dataset);
  const set = await openTasks(recipe, { dataset, targetDtype: "int64", workers: 0, backend: "wasm" });
  expect(() => set.gpuBatches({ device: { queue: 1 } as never })).toThrow(message);
});
