import { Dataset, InvalidOptionError, openTasks, parseRecipe, RecipeError, recipeOf, TaskAugmentor } from "taskloom";
import { describe, expect, test } from "vitest";
import { inside } from "../support/inside.js";
import { listenToNotices } from "../support/notices.js";

const said = listenToNotices();

const N = 40;
const targets = Array.from({ length: N }, (_, i) => i % 4);
const bytes = Uint8Array.from({ length: N * 4 }, (_, i) => (i * 37) % 256);
const dataset = Dataset.from({ images: bytes, targets, shape: [4], name: "bytes" });
const floatsOf = (scale: (value: number) => number) =>
  Dataset.from({ images: Float32Array.from(bytes, scale), targets, shape: [4], name: "floats" });

const base = { sequenceLength: 5, workers: 0, backend: "wasm" } as const;

describe("float32 values of undivided pixels", () => {
  const pixels = floatsOf((value) => value);

  test("are refused by the default preset, with the remedies", async () => {
    using tasks = new TaskAugmentor(base);
    const error = await tasks.transform(pixels).catch((reason) => reason);
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error.message).toMatch(
      /^inputScaling is "unit"; allowed: "unit" by name for floats, whose float32 values reach 255/,
    );
    expect(error.message).toMatch(
      /ConvertImageDtype\("float32"\), or give inputScaling: "standard", \{ mean, standardDeviation \}, or "unit"/,
    );
  });

  test("are taken where the scaling is named, or another preset's", async () => {
    for (const options of [
      { inputScaling: "unit" },
      { preset: "paper" },
      { preset: "notebook-torch", inputScaling: "unit" },
      { inputScaling: { mean: 0, standardDeviation: 255 } },
    ] as const) {
      using tasks = new TaskAugmentor({ ...base, ...options });
      expect((await tasks.transform(pixels)).inputs.shape).toEqual([1, 5, 8]);
    }
  });

  test("are taken by a recipe, which names every choice", async () => {
    using tasks = new TaskAugmentor({ ...base, inputScaling: "unit" });
    const recipe = await recipeOf(tasks, pixels);
    const set = await openTasks(recipe, { dataset: pixels, workers: 0, backend: "wasm" });
    expect((await set.at(0)).inputs.data).toEqual((await tasks.transform(pixels)).inputs.data);
    await set.dispose();
  });

  test("are not what other float32 values are", async () => {
    for (const scale of [(value: number) => value / 255, (value: number) => value - 128, () => 0]) {
      using tasks = new TaskAugmentor(base);
      expect((await tasks.transform(floatsOf(scale))).inputs.shape).toEqual([1, 5, 8]);
    }
  });
});

describe("a subset of classes", () => {
  const gaps = Dataset.from({
    images: bytes,
    targets: targets.map((label) => 2 * label),
    shape: [4],
    classes: 9,
    name: "gaps",
  });

  test.each([
    [
      { classSubset: [0, 3, 6] },
      /classSubset is \[0,3,6\]; allowed: labels that examples 0 to 39 of gaps have; of 3 they have none/,
    ],
    [{ classSubset: [5, 0, 8] }, /of 5, 8 they have none/],
    [
      { classSubset: [0, 6], exampleRange: [0, 3] as const },
      /labels that examples 0 to 2 of gaps have; of 6 they have none/,
    ],
  ])("%j with a class that has no example is refused", async (options, message) => {
    using tasks = new TaskAugmentor({ ...base, ...options });
    await expect(tasks.transform(gaps)).rejects.toThrow(InvalidOptionError);
    await expect(tasks.transform(gaps)).rejects.toThrow(message);
  });

  test("is taken where every class has one", async () => {
    using tasks = new TaskAugmentor({ ...base, classSubset: [6, 0] });
    expect((await tasks.transform(gaps)).inputs.shape).toEqual([1, 5, 6]);
  });
});

describe("renumbered labels", () => {
  const compact = Dataset.from({
    images: bytes,
    targets: targets.map((label) => 100 * label + 3),
    shape: [4],
    classes: "compact",
    name: "compact",
  });

  test("make the tasks of labels from 0 on, and a recipe that has their values", async () => {
    using tasks = new TaskAugmentor(base);
    const [one, other] = [await tasks.transform(compact), await tasks.transform(dataset)];
    expect(one.inputs).toEqual(other.inputs);
    expect(one.targets).toEqual(other.targets);
    const recipe = await recipeOf(tasks, compact);
    expect(recipe.dataset).toMatchObject({ classes: 4, originalLabels: [3, 103, 203, 303] });
    expect(Object.keys(recipe.dataset)).toEqual(["name", "shape", "dtype", "classes", "originalLabels", "digest"]);
    expect(parseRecipe(JSON.stringify(recipe))).toEqual(recipe);
    expect(await recipeOf(tasks, dataset)).not.toHaveProperty("dataset.originalLabels");
  });

  test("open again, and as what they were called does not matter", async () => {
    using tasks = new TaskAugmentor(base);
    const recipe = await recipeOf(tasks, compact);
    for (const data of [compact, dataset]) {
      const set = await openTasks(recipe, { dataset: data, workers: 0, backend: "wasm" });
      expect((await set.at(0)).targets.data).toEqual((await tasks.transform(dataset)).targets.data);
      await set.dispose();
    }
    const wrong = { ...recipe, dataset: { ...recipe.dataset, originalLabels: [1, 2] } };
    await expect(openTasks(wrong, { dataset: compact })).rejects.toThrow(
      /has 4 classes; the recipe names 2 original labels/,
    );
  });
});

describe("a recipe of another dataset", () => {
  test.each([
    [{ classes: 12 }, /has 4 classes; the recipe's has 12/],
    [{ classes: 3 }, /has 4 classes; the recipe's has 3/],
    [{ classes: 300 }, /has 4 classes; the recipe's has 300/],
    [{ dtype: "float32" as const }, /is uint8; the recipe's is float32/],
    [{ shape: [40, 2, 2] }, /has shape \[40, 4\]; the recipe's is \[40, 2, 2\] \(give shape: \[2, 2\]\)/],
    [{ shape: [20, 4] }, /has shape \[40, 4\]; the recipe's is \[20, 4\]$/],
    [{ digest: "0".repeat(64) }, /has digest .*; the recipe was made from 0000/],
  ])("%j is refused, and it is said what differs", async (change, message) => {
    using tasks = new TaskAugmentor(base);
    const recipe = await recipeOf(tasks, dataset);
    const opening = openTasks(
      { ...recipe, dataset: { ...recipe.dataset, ...change } },
      { dataset, workers: 0, backend: "wasm" },
    );
    const error = await opening.then((set) => set.at(0)).catch((reason) => reason);
    expect(error).toBeInstanceOf(RecipeError);
    expect(error.message).toMatch(message);
  });
});

describe("values beyond their type", () => {
  test.each([
    [{ standardDeviation: 1e308 }, /standardDeviation is 1e\+308; allowed: one with which values are finite/],
    [{ standardDeviation: 1e-320 }, /standardDeviation is 1e-320; .* which is 0 or without its precision there/],
    [{ standardDeviation: 1e-38 }, /0 or without its precision/],
    [{ inputScaling: { mean: 0, standardDeviation: 1e-320 } }, /inputScaling is .*which is infinite there/],
    [{ inputScaling: { mean: 0, standardDeviation: 1e308 } }, /inputScaling is .*0 or without its precision/],
    [
      { inputScaling: { mean: 1e300, standardDeviation: 1 } },
      /inputScaling.mean is 1e\+300; allowed: a gray level from -32767/,
    ],
    [{ preset: "notebook-torch", standardDeviation: 1e300 }, /standardDeviation is 1e\+300/],
    [
      { dtype: "float16", standardDeviation: 1e12 },
      /standardDeviation is 1000000000000; .* every one would be infinite in float16/,
    ],
    [{ dtype: "float16", standardDeviation: 1e-12 }, /standardDeviation is 1e-12; .* every one would be 0 in float16/],
  ] as const)("%j: all of them are known to be, so that it is refused", async (options, message) => {
    using tasks = new TaskAugmentor({ ...base, ...options });
    await expect(tasks.transform(dataset)).rejects.toThrow(InvalidOptionError);
    await expect(tasks.transform(dataset)).rejects.toThrow(message);
  });

  test.each([
    [
      { mean: 0, standardDeviation: 1e-39 },
      /leaves the values of floats finite in float32; scaled, \d+ of 160 values are NaN or infinite; the first: image 0 holds Infinity at value 1/,
    ],
    [{ mean: 0, standardDeviation: 1e300 }, /leaves values of floats that are not 0/],
  ])("of float32 data scaled by %j are refused", async (inputScaling, message) => {
    using tasks = new TaskAugmentor({ ...base, inputScaling });
    await expect(tasks.transform(floatsOf((value) => value))).rejects.toThrow(InvalidOptionError);
    await expect(tasks.transform(floatsOf((value) => value))).rejects.toThrow(message);
  });

  const halves = { ...base, dtype: "float16", standardDeviation: 50_000, taskCount: 6, labelLayout: "none" } as const;
  const count = (data: Uint16Array) => data.reduce((sum, bits) => sum + ((bits & 0x7c00) === 0x7c00 ? 1 : 0), 0);

  test("are counted and said once, where only results show them", async () => {
    using tasks = new TaskAugmentor(halves);
    const { data } = (await tasks.transform(dataset)).inputs;
    const infinite = count(data as Uint16Array);
    expect(infinite).toBeGreaterThan(0);
    expect(infinite).toBeLessThan(data.length);
    expect(await said()).toEqual([
      `bytes: ${infinite} of ${data.length} values of the inputs are infinite or NaN, beyond 65504, the largest float16; ` +
        'give a smaller standardDeviation, or dtype: "float32"',
    ]);
    await tasks.batch(dataset, 0);
    expect(await said()).toHaveLength(1);
  });

  test("are counted over a walk, and in streams and loaders", async () => {
    using whole = new TaskAugmentor(halves);
    const infinite = count((await whole.transform(dataset)).inputs.data as Uint16Array);
    expect(await said()).toHaveLength(1);
    const text = new RegExp(`^bytes: ${infinite} of 120 values`);
    using walked = new TaskAugmentor(halves);
    for await (const _ of walked.batches(dataset, { batchSize: 1 }));
    using streamed = new TaskAugmentor(halves);
    for await (const _ of inside(streamed).stream(dataset));
    const set = await openTasks(await recipeOf(whole, dataset), { dataset, workers: 0, backend: "wasm" });
    await set.range(0, 6);
    await set.dispose();
    expect((await said()).slice(1)).toEqual([1, 2, 3].map(() => expect.stringMatching(text)));
  });

  test("are looked for in float32 too, and not where none can be", async () => {
    using large = new TaskAugmentor({ ...base, standardDeviation: 3e38 });
    await large.transform(dataset);
    expect(await said()).toEqual([
      expect.stringMatching(/are infinite or NaN, beyond 3.4e38, the largest float32; give a smaller/),
    ]);
    using small = new TaskAugmentor({ ...base, dtype: "float16" });
    await small.transform(dataset);
    expect(await said()).toHaveLength(1);
  });
});

test("data with NaN that is allowed is not called constant", async () => {
  const holes = Dataset.from({
    images: Float32Array.from(bytes, (value, i) => (i === 7 ? NaN : value)),
    targets,
    shape: [4],
    nonFinite: "allow",
    name: "holes",
  });
  using tasks = new TaskAugmentor({ ...base, preset: "paper" });
  await expect(tasks.transform(holes)).rejects.toThrow(
    /inputScaling is "standard"; allowed: numbers, as holes holds NaN or infinity/,
  );
  const flat = Dataset.from({ images: new Float32Array(8), targets: [0, 1], shape: [4], name: "flat" });
  await expect(tasks.transform(flat)).rejects.toThrow(/all values of flat are equal/);
});
