import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  Dataset,
  DisposedError,
  InvalidOptionError,
  openTasks,
  type Recipe,
  RecipeError,
  TaskAugmentor,
  type TaskSetSource,
} from "taskloom";
import { openTasks as openTasksInNode } from "taskloom/node";
import { describe, expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../support/cli.js";
import { trainingSet } from "../support/support.js";
import { bytesOf, memoryStore, recipeFor, SMALL, serveFolder, someDigits } from "./support.js";

const dataset = await someDigits();
const recipe = await recipeFor(SMALL);
const inThread = { dataset, workers: 0, backend: "wasm" } as const;

describe("a recipe", () => {
  test("as an object, text, a file, a URL and a Blob is the same task set", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "recipe.json");
    const text = `\n${JSON.stringify(recipe)}`;
    writeFileSync(path, text);
    const server = await serveFolder(folder);
    onTestFinished(() => server.close());
    const sources: TaskSetSource[] = [
      recipe,
      text,
      path,
      pathToFileURL(path),
      pathToFileURL(path).href,
      `${server.url}/recipe.json?v=1`,
      new Blob([text]),
      `data:application/json,${encodeURIComponent(text)}`,
      // What a browser gives: see runtimes.test.ts for real ones.
      { kind: "file", name: "x", getFile: async () => new File([text], "x") } as unknown as FileSystemFileHandle,
    ];
    using augmentor = new TaskAugmentor({ ...SMALL, workers: 0 });
    const whole = await augmentor.transform(dataset);
    for (const source of sources) {
      await using tasks = await openTasks(source, inThread);
      expect(tasks.length).toBe(46);
      expect(tasks.recipe).toEqual(recipe);
      const { inputs, targets } = await tasks.range(0, 46);
      expect(inputs).toEqual(whole.inputs);
      expect(targets).toEqual(whole.targets);
    }
  });

  test.each([
    ["sequences", SMALL, [46, 3, 15], [46, 3]],
    ["float16, without replacement", { ...SMALL, preset: "paper", dtype: "float16" }, [46, 3, 15], [46, 3]],
    ["examples", { ...SMALL, taskCount: 2, drawSequence: false }, [200, 5], [200]],
    ["samples", { ...SMALL, drawSequence: false, samples: 9 }, [9, 5], [9]],
  ] as const)("%s: one, and some, are slices of the whole", async (_, options, inputShape, targetShape) => {
    using augmentor = new TaskAugmentor({ ...options, workers: 0 });
    const whole = await augmentor.transform(dataset);
    await using tasks = await openTasks(await recipeFor(options), inThread);
    expect(tasks.length).toBe(inputShape[0]);
    const size = bytesOf(whole.inputs).length / tasks.length;
    const targetSize = bytesOf(whole.targets).length / tasks.length;
    for (const [start, stop] of [
      [0, 1],
      [1, 4],
      [tasks.length - 2, tasks.length],
      [0, tasks.length],
    ] as const) {
      const { inputs, targets } = await tasks.range(start, stop);
      expect(inputs.shape).toEqual([stop - start, ...inputShape.slice(1)]);
      expect(targets.shape).toEqual([stop - start, ...targetShape.slice(1)]);
      expect(inputs.dtype).toBe(whole.inputs.dtype);
      expect(bytesOf(inputs).equals(bytesOf(whole.inputs).subarray(start * size, stop * size))).toBe(true);
      expect(bytesOf(targets).equals(bytesOf(whole.targets).subarray(start * targetSize, stop * targetSize))).toBe(
        true,
      );
      const one = await tasks.at(start);
      expect(one.inputs.shape).toEqual(inputShape.slice(1));
      expect(one.targets.shape).toEqual(targetShape.slice(1));
      expect(bytesOf(one.inputs).equals(bytesOf(inputs).subarray(0, size))).toBe(true);
      expect(bytesOf(one.targets).equals(bytesOf(targets).subarray(0, targetSize))).toBe(true);
    }
  });

  test.each([2 ** 24, 2 ** 32])("of %i tasks of MNIST: the last one is the one task of its own set", async (count) => {
    const mnist = await trainingSet();
    await using tasks = await openTasks(await recipeFor({ taskCount: count, seed: 42 }, mnist), {
      ...inThread,
      dataset: mnist,
    });
    expect(tasks.length).toBe(count);
    using alone = new TaskAugmentor({ taskOffset: count - 1, seed: 42, workers: 0 });
    const expected = await alone.transform(mnist);
    const { inputs, targets } = await tasks.at(count - 1);
    expect(inputs.shape).toEqual([100, 794]);
    expect(bytesOf(inputs).equals(bytesOf(expected.inputs))).toBe(true);
    expect(bytesOf(targets).equals(bytesOf(expected.targets))).toBe(true);
    // A shuffled epoch begins as fast as a set of 16 would: nothing is counted out.
    const batches = tasks.batches({ batchSize: 3, shuffle: true, prefetch: 0 });
    const { value } = await batches.next();
    await batches.return();
    expect(batches.batchesPerEpoch).toBe(Math.ceil(count / 3));
    for (const [i, index] of value!.indices.entries()) {
      const one = await tasks.at(index);
      expect(bytesOf(one.targets).equals(bytesOf(value!.targets).subarray(i * 100, (i + 1) * 100))).toBe(true);
    }
  });

  test("of another dataset is refused, naming both", async () => {
    const other = (await trainingSet()).head(101);
    const error = await openTasks(recipe, { dataset: other }).catch((reason) => reason);
    expect(error).toBeInstanceOf(RecipeError);
    expect(error.message).toContain(recipe.dataset.digest);
    expect(error.message).toContain(await other.digest());
    // A store has its bytes, but who brings a dataset wants to know.
    await expect(openTasks(await memoryStore(SMALL), { dataset: other })).rejects.toThrow(RecipeError);
  });

  test("that finds no dataset says which", async () => {
    await expect(openTasks(recipe)).rejects.toThrow(
      `dataset is undefined; allowed: mnist, digest ${recipe.dataset.digest}`,
    );
  });

  test("in Node finds the dataset it names, a beginning of it too", async () => {
    await using tasks = await openTasksInNode(recipe, { workers: 0, backend: "wasm" });
    await using same = await openTasks(recipe, inThread);
    expect(await tasks.at(45)).toEqual(await same.at(45));
    const foreign = { ...recipe, dataset: { ...recipe.dataset, digest: "0".repeat(64) } };
    await expect(openTasksInNode(foreign)).rejects.toThrow(/0{64}/);
  });
});

describe("what cannot be opened", () => {
  const cases: [string, unknown, RegExp][] = [
    ["a path that leads nowhere", "/nowhere/recipe.json", /^\/nowhere\/recipe.json: there is no such file/],
    ["text that is no recipe", '{"format": "zarr"}', /not "taskloom-recipe"/],
    ["a recipe of the future", JSON.stringify({ ...recipe, version: 2 }), /version 2/],
    [
      "a recipe of too many tasks",
      { ...recipe, taskOffset: 2 ** 32 - 1, taskCount: 2 },
      /asks for what cannot be: taskOffset \+/,
    ],
    ["a recipe of no tasks", { ...recipe, taskCount: 0 }, /field "taskCount" is 0; allowed: an integer from 1/],
    ["a recipe of too many", { ...recipe, taskOffset: 2 ** 32 - 22 }, /taskOffset \+ taskCount/],
    ["a Blob of something", new Blob(["\x89PNG"]), /a Blob of .* bytes: not JSON/],
  ];
  test.each(cases)("%s", async (_, source, message) => {
    const error = await openTasks(source as Recipe, inThread).catch((reason) => reason);
    expect(error).toBeInstanceOf(RecipeError);
    expect(error.message).toMatch(message);
  });

  test.each([7, null, undefined, {}, []])("%o is no source", async (source) => {
    await expect(openTasks(source as never)).rejects.toThrow(/source is .*; allowed: a recipe, its JSON text/);
  });

  test("options", async () => {
    const refused = async (options: object, message: RegExp) => {
      const error = await openTasks(recipe, { ...inThread, ...options }).catch((reason) => reason);
      expect(error).toBeInstanceOf(InvalidOptionError);
      expect(error.message).toMatch(message);
    };
    await refused({ dataset: "mnist" }, /dataset is "mnist"; allowed: a Dataset/);
    await refused({ shuffleSeed: -1 }, /shuffleSeed is -1/);
    await refused({ backend: "cuda" }, /backend is "cuda"/);
    await refused({ workers: 1.5 }, /workers is 1.5/);
    await refused({ batchSize: 1 }, /no option of this name; there are dataset, shuffleSeed/);
  });

  test("opening that is aborted", async () => {
    const reason = new Error("enough");
    await expect(openTasks(recipe, { ...inThread, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const server = await serveFolder(temporaryFolder());
    onTestFinished(() => server.close());
    const abort = new AbortController();
    const opening = openTasks(`${server.url}/tasks`, { signal: abort.signal });
    abort.abort(reason);
    await expect(opening).rejects.toBe(reason);
  });
});

test("sequences that are not in the set, and ranges that are empty", async () => {
  await using tasks = await openTasks(recipe, inThread);
  for (const index of [-1, 46, 0.5, Number.NaN, "0"]) {
    await expect(tasks.at(index as number)).rejects.toThrow(/index is .*; allowed: an integer from 0 to 45/);
  }
  await expect(tasks.range(-1, 2)).rejects.toThrow(/start is -1/);
  await expect(tasks.range(2, 2)).rejects.toThrow(/stop is 2; allowed: an integer from 3 to 46/);
  await expect(tasks.range(40, 47)).rejects.toThrow(/stop is 47/);
  await expect(tasks.at(0, { signal: AbortSignal.abort(new Error("no")) })).rejects.toThrow("no");
});

test("after dispose, everything is refused, and what was under way too", async () => {
  const mnist = await trainingSet();
  const tasks = await openTasks(await recipeFor({ taskCount: 1000 }, mnist), {
    dataset: mnist,
    workers: 1,
    backend: "wasm",
  });
  const batches = tasks.batches({ batchSize: 50, shuffle: true });
  await batches.next();
  const running = tasks.range(0, 1000);
  running.catch(() => undefined);
  await tasks.dispose();
  await tasks.dispose();
  await expect(running).rejects.toThrow(DisposedError);
  await expect(batches.next()).rejects.toThrow(/this task set has been disposed/);
  await expect(tasks.at(0)).rejects.toThrow(/this task set has been disposed/);
  expect(() => tasks.batches()).toThrow(DisposedError);
});

test("a dataset whose bytes are others gives other tasks, so the digest is what is checked", async () => {
  const { targets, shape, classes, name } = dataset;
  const images = Uint8Array.from(dataset.images);
  images[784 * 99]! ^= 1;
  const changed = Dataset.from({ images, targets, shape, classes, name });
  await expect(openTasks(recipe, { dataset: changed })).rejects.toThrow(RecipeError);
});
