import { Dataset, findLeaks, generationSeeds, InvalidOptionError, splitTaskSet, TaskAugmentor } from "taskloom";
import { describe, expect, test } from "vitest";
import { trainingSet } from "../support/support.js";

const split = {
  seenTasks: [0, 500],
  unseenTasks: [500, 700],
  seenExamples: [0, 50_000],
  unseenExamples: [50_000, 60_000],
} as const;

test("the four sets of a split on MNIST share what they should and nothing else, by the check and by what is drawn", async () => {
  const dataset = await trainingSet();
  const sets = splitTaskSet({ seed: 8, preset: "paper", sequenceLength: 20, identity: { projection: true } }, split);
  // Under the identity matrix, with labels permuted, what is drawn can be told from the inputs.
  const drawn = async (options: object) => {
    using tasks = new TaskAugmentor({ ...options, inputScaling: "unit", labelLayout: "none", backend: "wasm" });
    const { inputs } = await tasks.transform(dataset);
    const rows = inputs.data.length / 784;
    return new Set(
      Array.from({ length: rows }, (_, p) =>
        Buffer.from(Uint8Array.from(inputs.data.subarray(p * 784, (p + 1) * 784), (v) => Math.round(v * 255))).toString(
          "base64",
        ),
      ),
    );
  };
  const images = async (options: object) => [...(await drawn(options))];
  const seen = await drawn(sets.seenTasksSeenExamples);
  for (const [name, options] of Object.entries(sets)) {
    const { tasks, examples, repeats } = findLeaks(
      { options: sets.seenTasksSeenExamples, dataset },
      { options, dataset },
    );
    expect([name, tasks]).toEqual([name, { seen: 500, unse: 0 }[name.slice(0, 4)]]);
    expect([name, examples]).toEqual([name, name.endsWith("UnseenExamples") ? 0 : 50_000]);
    expect(repeats).toEqual([false, false]);
    const common = (await images(options)).filter((image) => seen.has(image)).length;
    if (name.endsWith("UnseenExamples")) expect(common).toBe(0);
    else expect(common).toBeGreaterThan(0);
  }
});

describe("the check finds", () => {
  const images = Uint8Array.from({ length: 40 }, (_, i) => i * 5);
  const dataset = Dataset.from({ images, targets: Array.from({ length: 10 }, (_, i) => i % 3), shape: [4] });
  const leaks = (a: object, b: object, other = dataset) =>
    findLeaks({ options: a, dataset }, { options: b, dataset: other });

  test("tasks of overlapping ranges, but not with another seed", () => {
    expect(leaks({ taskCount: 10 }, { taskOffset: 7, taskCount: 10 }).tasks).toBe(3);
    expect(leaks({ taskCount: 10 }, { taskOffset: 7, taskCount: 10, seed: 1 }).tasks).toBe(0);
    expect(leaks({ taskCount: 2 ** 32 }, { taskOffset: 2 ** 31, taskCount: 2 ** 31 }).tasks).toBe(2 ** 31);
  });

  test("examples with equal values in another dataset, and selections that do not meet", () => {
    const copy = Dataset.from({ images: images.slice(12, 24), targets: [0, 1, 2], shape: [4] });
    expect(leaks({}, {}, copy).examples).toBe(3);
    expect(leaks({ exampleRange: [0, 4] }, {}, copy).examples).toBe(1);
    expect(leaks({ classSubset: [0] }, { classSubset: [1, 2] }).examples).toBe(0);
    expect(leaks({ classSubset: [0] }, {}).examples).toBe(4);
    const floats = Dataset.from({ images: Float32Array.from(images), targets: dataset.targets, shape: [4] });
    expect(leaks({}, {}, floats).examples).toBe(0);
  });

  test("curricula that meet", () => {
    const apart = { taskOffset: 100, taskCount: 10 };
    expect(leaks({ identity: 0.1 }, { ...apart, identity: { projection: 0.1 } }).curriculum).toBe(true);
    expect(leaks({ identity: { permutation: 0.1 } }, { ...apart, identity: { projection: 0.1 } }).curriculum).toBe(
      false,
    );
    expect(leaks({ fixed: { share: 0.5, task: 3 } }, { ...apart, fixed: { share: 0.5, task: 3 } }).curriculum).toBe(
      true,
    );
    expect(leaks({ fixed: { share: 0.5, task: 105 } }, apart).curriculum).toBe(true);
    expect(leaks({ fixed: { share: 0.5, task: 110 } }, apart).curriculum).toBe(false);
    expect(leaks({ fixed: { share: 0, task: 105 } }, apart).curriculum).toBe(false);
    const steps = { fixed: { share: 0.5, task: "step", pool: 10 } };
    expect(leaks({ ...steps, taskCount: 10 }, apart).curriculum).toBe(false);
    expect(leaks({ ...steps, taskCount: 11 }, apart).curriculum).toBe(true);
  });

  test("repeated examples", () => {
    expect(leaks({}, { replacement: false }).repeats).toEqual([true, false]);
    expect(leaks({ episode: { ways: 1, shots: 1 } }, { drawSequence: false }).repeats).toEqual([false, false]);
  });

  test("PyTorch's task seeds that are the same in disjoint ranges", () => {
    const count = 2 ** 17;
    const torch = (taskOffset: number) => ({ preset: "notebook-torch", seed: 69, taskOffset, taskCount: count });
    const seen = new Set(generationSeeds(69, count));
    const expected = generationSeeds(69, count, count).filter((seed) => seen.has(seed)).length;
    expect(expected).toBeGreaterThan(0);
    expect(leaks(torch(0), torch(count)).tasks).toBe(expected);
    expect(() => leaks(torch(0), { ...torch(0), taskCount: 2 ** 25 })).toThrow(/at most 2 \*\* 24/);
  });
});

test("splits that overlap are refused", () => {
  expect(() => splitTaskSet({}, { ...split, unseenTasks: [499, 600] })).toThrow(InvalidOptionError);
  expect(() => splitTaskSet({}, { ...split, unseenExamples: [40_000, 60_000] })).toThrow(
    /unseenExamples is \[40000,60000\]; allowed: a range apart from seenExamples/,
  );
  expect(() => splitTaskSet({}, { ...split, seenTasks: [3, 3] })).toThrow(/seenTasks\[1\] is 3/);
});
