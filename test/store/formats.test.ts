import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Dataset, TaskAugmentor, type TaskAugmentorOptions } from "taskloom";
import { generate, inspect, preview, verify } from "taskloom/node";
import { expect, test } from "vitest";
import { get, open } from "zarrita";
import { taskloom, temporaryFolder } from "../support/cli.js";
import { sha256 } from "../support/support.js";
import { fewDigits, filesIn, mapOf, small } from "./support.js";

/** Task sets of every kind of shape and type. */
const sets: [string, TaskAugmentorOptions][] = [
  ["sequences", {}],
  ["float16", { dtype: "float16" }],
  ["every example of every task", { drawSequence: false, taskCount: 3, outFeatures: 6 }],
  ["samples of all tasks", { drawSequence: false, taskCount: 2 ** 32 - 100, samples: 29 }],
];

/** A dataset with more classes than a byte holds. */
function manyClasses(): Dataset {
  const images = Uint8Array.from({ length: 40 * 6 }, (_, i) => (i * 37) % 256);
  const targets = Uint16Array.from({ length: 40 }, (_, i) => i * 7);
  return Dataset.from({ images, targets, shape: [6], classes: 280, name: "many classes" });
}

async function whole(options: TaskAugmentorOptions, dataset: Dataset) {
  using tasks = new TaskAugmentor(options);
  const { inputs, targets } = await tasks.transform(dataset);
  return { inputs, targets, sha256: [sha256(inputs.data), sha256(targets.data)] };
}

test.each(sets)("all formats hold what transform() makes: %s", async (_, options) => {
  const dataset = await fewDigits();
  const set = { ...small, ...options };
  const expected = await whole(set, dataset);
  for (const format of ["npy", "safetensors", "zarr"] as const) {
    const out = join(temporaryFolder(), format);
    const result = await generate(dataset, { ...set, out, format, ...(format === "zarr" ? { chunkTasks: 4 } : {}) });
    expect(result).toMatchObject({ items: expected.inputs.shape[0], resumed: 0, complete: true });
    const bytes = Object.keys(filesIn(out)).reduce((sum, path) => sum + statSync(join(out, path)).size, 0);
    expect(result.bytes).toBe(bytes);
    const report = await inspect(out);
    expect([report.inputs.sha256, report.targets.sha256]).toEqual(expected.sha256);
    expect([report.inputs.shape, report.targets.shape]).toEqual([expected.inputs.shape, expected.targets.shape]);
    expect((await verify(out, { recompute: true, dataset, workers: 0 })).faults).toEqual([]);
  }
});

test("labels of more than 256 classes are uint16 in every format", async () => {
  const dataset = manyClasses();
  const set = { ...small, taskCount: 5, outFeatures: 3, dtype: "float16" } as const;
  const expected = await whole(set, dataset);
  for (const format of ["npy", "safetensors", "zarr"] as const) {
    const out = temporaryFolder();
    await generate(dataset, { ...set, out, format });
    const report = await inspect(out);
    expect(report.targets.dtype).toBe("uint16");
    expect([report.inputs.sha256, report.targets.sha256]).toEqual(expected.sha256);
  }
});

test.each(["float32", "uint8"])("zarrita reads a store's %s array", async (dtype) => {
  const dataset = await fewDigits();
  const out = temporaryFolder();
  await generate(dataset, { ...small, out, format: "zarr", chunkTasks: 4 });
  const expected = await whole(small, dataset);
  const group = await open.v3(mapOf(out), { kind: "group" });
  expect(group.attrs).toMatchObject({ taskloom: { format: "taskloom-recipe", seed: "7" } });
  const [name, tensor] =
    dtype === "float32" ? (["inputs", expected.inputs] as const) : (["targets", expected.targets] as const);
  const array = await open.v3(group.resolve(name), { kind: "array" });
  expect(array.dtype).toBe(dtype);
  expect(array.dimensionNames).toEqual(["sequence", "position", "value"].slice(0, array.shape.length));
  const { data, shape } = await get(array);
  expect(shape).toEqual(tensor.shape);
  expect(data).toEqual(tensor.data);
});

test("safetensors: an aligned header, wider elements first, the recipe in the metadata", async () => {
  const dataset = await fewDigits();
  const out = temporaryFolder();
  const { recipe } = await generate(dataset, { ...small, out, format: "safetensors" });
  const file = readFileSync(join(out, "tasks.safetensors"));
  const length = Number(file.readBigUInt64LE(0));
  expect(length % 8).toBe(0);
  const { __metadata__, inputs, targets } = JSON.parse(file.toString("utf8", 8, 8 + length));
  expect(JSON.parse(__metadata__.taskloom)).toEqual(recipe);
  expect(inputs).toEqual({ dtype: "F32", shape: [46, 5, 22], data_offsets: [0, 46 * 5 * 22 * 4] });
  expect(targets).toEqual({ dtype: "U8", shape: [46, 5], data_offsets: [46 * 5 * 22 * 4, 46 * 5 * 22 * 4 + 46 * 5] });
  expect(file.length).toBe(8 + length + targets.data_offsets[1]);
  await expect(generate(dataset, { ...small, out, format: "safetensors" })).rejects.toThrow(
    /has tasks\.safetensors already/,
  );
});

test("without label cells the inputs are the projected values", async () => {
  const dataset = await fewDigits();
  const out = temporaryFolder();
  await generate(dataset, { ...small, out, format: "zarr", chunkTasks: 4, onehot: false });
  const { inputs } = await whole(small, dataset);
  const kept = new Float32Array(46 * 5 * 12);
  for (let row = 0; row < 46 * 5; row++) kept.set(inputs.data.subarray(row * 22, row * 22 + 12), row * 12);
  const report = await inspect(out);
  expect(report.inputs).toMatchObject({ shape: [46, 5, 12], sha256: sha256(kept) });
  expect((await verify(out, { recompute: true, dataset, workers: 0 })).faults).toEqual([]);
});

test("preview draws a store", async () => {
  const dataset = await fewDigits();
  const out = temporaryFolder();
  await generate(dataset, { ...small, out, format: "zarr" });
  const png = readFileSync(await preview(out, { tasks: 1, dataset: "mnist" }));
  expect(png.subarray(1, 4).toString("latin1")).toBe("PNG");
});

test("options that do not go together", async () => {
  const dataset = await fewDigits();
  const out = join(temporaryFolder(), "tasks");
  const attempt = (options: object) => generate(dataset, { ...small, out, ...options });
  await expect(attempt({ format: "hdf5" })).rejects.toThrow(/format is "hdf5"; allowed: npy, safetensors, zarr/);
  await expect(attempt({ chunkTasks: 4 })).rejects.toThrow(/chunkTasks is 4; allowed: nothing/);
  await expect(attempt({ onehot: false })).rejects.toThrow(/onehot is false/);
  await expect(attempt({ format: "zarr", chunkTasks: 0 })).rejects.toThrow(/chunkTasks is 0/);
  await expect(attempt({ format: "zarr", shard: { index: 2, count: 2 } })).rejects.toThrow(/shard\.index is 2/);
  await expect(attempt({ format: "zarr", force: true, shard: { index: 0, count: 2 } })).rejects.toThrow(
    /force is true/,
  );
  await expect(attempt({ format: "zarr", onehot: false, drawSequence: false })).rejects.toThrow(/no label cells/);
  for (const shard of ["2/2", "1", "a/b", "0/0"]) {
    const { code, stderr } = await taskloom(["generate", "--format", "zarr", "--shard", shard, "--out", out]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("Give a part and the number of parts")]);
  }
  expect(readdirSync(join(out, ".."))).toEqual([]);
});

test.each([undefined, "", 7])("an output %j is refused by name before anything is made", async (out) => {
  const generating = generate(await fewDigits(), { ...small, out: out as never });
  await expect(generating).rejects.toMatchObject({ code: "INVALID_OPTION", option: "out" });
});
