import {
  Dataset,
  DisposedError,
  InvalidOptionError,
  LinearProjection,
  TargetPermutation,
  TaskAugmentor,
  TaskloomError,
} from "taskloom";
import { describe, expect, test } from "vitest";
import { trainingSet } from "../support/support.js";

const tiny = Dataset.from({ images: new Uint8Array(4 * 6).fill(9), targets: [0, 1, 2, 0], shape: [2, 3] });

describe("options out of bounds are refused by name", () => {
  const cases: [Record<string, unknown>, string, RegExp][] = [
    [{ taskCount: 0 }, "taskCount", /is 0; allowed: an integer from 1 to 4294967296/],
    [{ taskCount: 2 ** 32 + 1 }, "taskCount", /4294967297/],
    [{ taskCount: 1.5 }, "taskCount", /is 1.5/],
    [{ taskCount: "5" }, "taskCount", /is "5"/],
    [{ taskCount: 2, taskOffset: 2 ** 32 - 1 }, "taskOffset + taskCount", /32 bits/],
    [{ seed: -1 }, "seed", /2n \*\* 64n - 1n/],
    [{ seed: 2n ** 64n }, "seed", /18446744073709551616n/],
    [{ seed: 2 ** 53 }, "seed", /bigint/],
    [{ sequenceLength: 0 }, "sequenceLength", /from 1/],
    [{ samplesPerTask: 0 }, "samplesPerTask", /from 1/],
    [{ samples: 5 }, "samples", /drawSequence: false/],
    [{ preset: "papers" }, "preset", /"notebook" or "paper"/],
    [{ generator: "mt" }, "generator", /chacha8/],
    [{ standardDeviation: 0 }, "standardDeviation", /positive/],
    [{ standardDeviation: Number.NaN }, "standardDeviation", /positive/],
    [{ inputScaling: "none" }, "inputScaling", /"unit", "notebook", "standard"/],
    [{ identity: { project: true } }, "identity", /projection/],
    [{ outFeatures: 0 }, "outFeatures", /from 1/],
    [{ dtype: "float64" }, "dtype", /"float32" or "float16"/],
    [{ backend: "cuda" }, "backend", /"auto"/],
    [{ workers: -1 }, "workers", /from 0/],
    [{ signal: {} }, "signal", /AbortSignal/],
    [{ tasks: 3 }, "tasks", /no option of this name; there are taskCount/],
  ];
  test.each(cases)("case %#", (options, option, message) => {
    const make = () => new TaskAugmentor(options as never);
    expect(make).toThrow(InvalidOptionError);
    expect(make).toThrow(message);
    try {
      make();
    } catch (error) {
      expect((error as InvalidOptionError).option).toBe(option);
      expect(error).toBeInstanceOf(TaskloomError);
      expect((error as TaskloomError).code).toBe("INVALID_OPTION");
    }
  });

  test("null for options", () => {
    expect(() => new TaskAugmentor(null as never)).toThrow(/options is null; allowed: an object/);
  });
});

test("ranges outside the set, and more distinct examples than there are", async () => {
  using tasks = new TaskAugmentor({ taskCount: 10, taskOffset: 100, sequenceLength: 2, workers: 0 });
  await expect(tasks.batch(tiny, 99)).rejects.toThrow(/start is 99; allowed: an integer from 100 to 109/);
  await expect(tasks.batch(tiny, 105, 111)).rejects.toThrow(/stop is 111; allowed: an integer from 106 to 110/);
  await expect(tasks.batch(tiny, 105, 105)).rejects.toThrow(/stop is 105/);
  await expect(tasks.batches(tiny, { batchSize: 0 }).next()).rejects.toThrow(/batchSize is 0/);
  expect(() => tasks.linearProjection(5, tiny)).toThrow(/task is 5/);
  using distinct = new TaskAugmentor({ replacement: false, sequenceLength: 5, workers: 0 });
  await expect(distinct.transform(tiny)).rejects.toThrow(/sequenceLength is 5; allowed: at most 4/);
  using flat = new TaskAugmentor({ preset: "paper", sequenceLength: 2, workers: 0 });
  await expect(flat.transform(tiny)).rejects.toThrow(/a deviation above 0/);
});

test("memory that runs out in the module is a typed error, in the calling thread and in a worker", async () => {
  for (const workers of [0, 1]) {
    // The result would fit into one array; what is drawn for it does not fit into the module.
    const small = { outFeatures: 1, dtype: "float16", labelLayout: "none" } as const;
    using tasks = new TaskAugmentor({ ...small, sequenceLength: 2 ** 30, taskOffset: 77, workers, backend: "wasm" });
    const error = await tasks
      .batches(tiny)
      .next()
      .catch((reason) => reason);
    expect(error).toMatchObject({ name: "BackendError", code: "BACKEND", backend: "wasm" });
    expect(error.message).toMatch(/out of memory/);
    if (workers > 0) expect(error.nextTask).toBe(77);
  }
});

test("a result too large for one array says what to do", async () => {
  using tasks = new TaskAugmentor({ taskCount: 2 ** 30 });
  await expect(tasks.transform(await trainingSet())).rejects.toThrow(/walk batches\(\), of fewer tasks each/);
});

describe("ending", () => {
  test("an aborted signal rejects with its reason, and the augmentor goes on", async () => {
    const mnist = await trainingSet();
    const reason = new Error("enough");
    for (const workers of [0, 2]) {
      using tasks = new TaskAugmentor({ taskCount: 2000, workers });
      const abort = new AbortController();
      let batches = 0;
      const walk = async () => {
        for await (const _ of tasks.batches(mnist, { batchSize: 10, signal: abort.signal })) {
          if (++batches === 3) abort.abort(reason);
        }
      };
      await expect(walk()).rejects.toBe(reason);
      expect(batches).toBe(3);
      await expect(tasks.batch(mnist, 0, 1, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      expect((await tasks.batch(mnist, 1999)).inputs.shape).toEqual([1, 100, 794]);
    }
  });

  test("many threads listen to one signal without a warning", async () => {
    const mnist = await trainingSet();
    const warnings: Error[] = [];
    const warn = (warning: Error) => warnings.push(warning);
    process.on("warning", warn);
    using tasks = new TaskAugmentor({ taskCount: 60, workers: 14, sequenceLength: 2, outFeatures: 4, backend: "wasm" });
    const { signal } = new AbortController();
    for await (const _ of tasks.batches(mnist, { batchSize: 1, signal })) {
      // walked
    }
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", warn);
    expect(warnings).toEqual([]);
  });

  test("the augmentor's own signal ends everything", async () => {
    const mnist = await trainingSet();
    const abort = new AbortController();
    const tasks = new TaskAugmentor({ taskCount: 3000, workers: 1, signal: abort.signal });
    const running = tasks.transform(mnist);
    setTimeout(() => abort.abort(new Error("shut down")), 50);
    await expect(running).rejects.toThrow(/shut down|disposed/);
    await expect(tasks.batch(mnist, 0)).rejects.toThrow("shut down");
  });

  test("after dispose, calls reject with a DisposedError, those under way too", async () => {
    const mnist = await trainingSet();
    for (const workers of [0, 1]) {
      const tasks = new TaskAugmentor({ taskCount: 1000, workers });
      const running = tasks.transform(mnist);
      running.catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 20));
      tasks.dispose();
      tasks.dispose();
      await expect(running).rejects.toBeInstanceOf(DisposedError);
      await expect(tasks.batch(mnist, 0)).rejects.toBeInstanceOf(DisposedError);
    }
  });

  test("leaving a loop early leaves nothing behind", async () => {
    using tasks = new TaskAugmentor({ taskCount: 2 ** 32, workers: 2 });
    for await (const batch of tasks.batches(await trainingSet(), { batchSize: 4 })) {
      expect(batch.tasks).toEqual({ start: 0, stop: 4 });
      break;
    }
  });
});

test("a long run of the calling thread has the bytes that threads make, and can be stopped on the way", async () => {
  const dataset = await trainingSet();
  using alone = new TaskAugmentor({ taskCount: 200, seed: 5, workers: 0, backend: "wasm", labelFormat: "integer" });
  using threads = new TaskAugmentor({ taskCount: 200, seed: 5, workers: 2, backend: "wasm", labelFormat: "integer" });
  expect(await alone.batch(dataset, 1, 31)).toEqual(await threads.batch(dataset, 1, 31));
  const controller = new AbortController();
  const making = alone.batch(dataset, 0, 200, { signal: controller.signal });
  setTimeout(() => controller.abort("enough"));
  await expect(making).rejects.toBe("enough");
});

test("projections and permutations refuse bad arguments", async () => {
  expect(() => new LinearProjection({ task: 0 } as never)).toThrow(/inFeatures/);
  expect(() => new LinearProjection({ task: 0, inFeatures: 2 ** 20 })).toThrow(
    /outFeatures is 1048576; allowed: at most 65536/,
  );
  expect(() => new LinearProjection({ task: 2 ** 32, inFeatures: 2 })).toThrow(/task is 4294967296/);
  const projection = new LinearProjection({ task: 0, inFeatures: 4 });
  await expect(projection.apply(new Uint8Array(6))).rejects.toThrow(
    /examples.length is 6; allowed: a multiple of inFeatures, 4/,
  );
  await expect(projection.apply([1, 2, 3, 4] as never)).rejects.toThrow(/Uint8Array/);
  await expect(projection.apply(new Uint8Array(4), { signal: AbortSignal.abort(new Error("no")) })).rejects.toThrow(
    "no",
  );
  await expect(projection.matrix(0, 5)).rejects.toThrow(/stop is 5/);
  const labels = new TargetPermutation({ task: 0, classes: 3 });
  await expect(labels.apply([0, 3])).rejects.toThrow(/targets\[1\] is 3; allowed: an integer from 0 to 2/);
  expect([...(await labels.permutation())].sort()).toEqual([0, 1, 2]);
  expect([...(await new TargetPermutation({ task: 0, classes: 3, identity: true }).apply([2, 0]))]).toEqual([2, 0]);
});
