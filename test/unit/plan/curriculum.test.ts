import fc from "fast-check";
import { Dataset, type Schedule, type Share, TaskAugmentor, type TaskAugmentorOptions } from "taskloom";
import { describe, expect, test } from "vitest";
import { chooseTask, scheduleOf, shareAt } from "../../../src/plan/curriculum.js";
import type { Plan } from "../../../src/plan/plan.js";
import { KeyStream, PURPOSE } from "../../../src/stream/chacha8.js";
import { inside } from "../../support/inside.js";
import { moduleWith, u32 } from "../../support/module.js";
import { golden, name } from "../../support/support.js";

const dataset = Dataset.from({
  images: Uint8Array.from({ length: 60 }, (_, i) => (i * 41) % 256),
  targets: Array.from({ length: 20 }, (_, i) => i % 5),
  shape: [3],
  classes: 5,
});

describe("the host's key stream", () => {
  test.each(golden.cases.map((c) => [name(c), c] as const))("the golden words: %s", (_, c) => {
    const stream = new KeyStream(BigInt(c.seed), c.task, PURPOSE.projection, 0);
    expect(c.words.map(() => stream.next())).toEqual(c.words);
  });

  test("words and permutations of any stream are the module's", async () => {
    const anything = fc.tuple(fc.bigInt(0n, 2n ** 64n - 1n), fc.nat(2 ** 32 - 1), fc.nat(6), fc.nat(2 ** 32 - 1));
    await fc.assert(
      fc.asyncProperty(anything, fc.integer({ min: 1, max: 300 }), async ([seed, task, purpose, item], n) => {
        const { kernel, at } = await moduleWith(seed, { out: 1200 });
        kernel.words(task, purpose, item, 0, 40, at.out);
        const stream = new KeyStream(seed, task, purpose, item);
        expect(Array.from({ length: 40 }, () => stream.next())).toEqual([...u32(kernel, at.out, 40)]);
        kernel.permutation(task, n, at.out);
        const bounded = new KeyStream(seed, task, PURPOSE.permutation, 0);
        const order = Array.from({ length: n }, (_, i) => i);
        for (let i = n - 1; i > 0; i--) {
          const j = bounded.bounded(i + 1);
          [order[i], order[j]] = [order[j] as number, order[i] as number];
        }
        expect(order).toEqual([...u32(kernel, at.out, n)]);
      }),
      { numRuns: 60 },
    );
  });
});

test("a schedule is constant outside of its points and linear between them", () => {
  const schedule: Schedule = [
    [10, 0.2],
    [20, 0.8],
    [40, 0],
  ];
  expect([0, 9, 10, 15, 20, 30, 40, 1e9].map((step) => shareAt(schedule, step))).toEqual([
    0.2, 0.2, 0.2, 0.5, 0.8, 0.4, 0, 0,
  ]);
});

async function choices(options: TaskAugmentorOptions) {
  using tasks = new TaskAugmentor({ taskCount: 4000, ...options });
  const plan = inside(tasks).plan(dataset) as unknown as Plan;
  return Array.from({ length: tasks.taskCount }, (_, i) => chooseTask(plan, tasks.taskOffset + i));
}

/** Expects a count of a binomial within 5 deviations, which one in 1.7 million misses. */
function expectShare(count: number, of: number, share: number) {
  expect(Math.abs(count - of * share)).toBeLessThanOrEqual(5 * Math.sqrt(of * share * (1 - share)));
}

describe("shares of tasks", () => {
  test.each([0, 0.1, 0.5, 0.97, 1])("%f of tasks, matrix and labels apart", async (share) => {
    const other = 1 - share;
    const drawn = await choices({ seed: 5, identity: { projection: share, permutation: other } });
    expectShare(drawn.filter((task) => task.identityProjection).length, 4000, share);
    expectShare(drawn.filter((task) => task.identityPermutation).length, 4000, other);
    const both = drawn.filter((task) => task.identityProjection && task.identityPermutation).length;
    expectShare(both, 4000, share * other);
  });

  test("a schedule over steps", async () => {
    const identity: Share = [
      [0, 1],
      [10, 0],
    ];
    const drawn = await choices({ seed: 6, identity, tasksPerStep: 400 });
    for (let step = 0; step < 10; step++) {
      const here = drawn.slice(step * 400, (step + 1) * 400);
      expectShare(here.filter((task) => task.identityPermutation).length, 400, 1 - step / 10);
    }
  });

  test("fixed tasks: one, a pool, another in each step; the identity comes first", async () => {
    const fixed = { share: 0.7, task: 4, pool: 3 };
    const drawn = await choices({ seed: 7, fixed, taskOffset: 100 });
    const taken = drawn.filter((task, i) => task.permutationTask !== 100 + i);
    expectShare(taken.length, 4000, 0.7);
    for (const other of [4, 5, 6]) {
      expectShare(taken.filter((task) => task.permutationTask === other).length, taken.length, 1 / 3);
    }
    expect(drawn.every((task, i) => task.projectionTask === 100 + i)).toBe(true);
    const steps = await choices({
      seed: 7,
      fixed: { share: 1, task: "step", pool: 2, projection: true },
      tasksPerStep: 50,
    });
    steps.forEach((task, i) => {
      expect(Math.floor(task.permutationTask / 2)).toBe(Math.floor(i / 50));
      expect(task.projectionTask).toBe(task.permutationTask);
    });
  });
});

test("a task of a set says what it has: matrix, permutation and values", async () => {
  const options: TaskAugmentorOptions = {
    seed: 9,
    taskCount: 60,
    sequenceLength: 5,
    labelFormat: "integer",
    identity: { projection: 0.3, permutation: 0.3 },
    fixed: { share: 0.5, permutation: true, projection: true, task: 1000, pool: 2 },
    standardDeviation: 1,
    workers: 0,
  };
  using tasks = new TaskAugmentor(options);
  using plain = new TaskAugmentor({ ...options, identity: true, fixed: null });
  const woven = await tasks.transform(dataset);
  const examples = await plain.transform(dataset);
  let identities = 0;
  for (let task = 0; task < 60; task++) {
    const permutation = await tasks.targetPermutation(task, dataset).permutation();
    const projection = tasks.linearProjection(task, dataset);
    if (projection.identity) identities++;
    for (let p = task * 5; p < task * 5 + 5; p++) {
      const x = Uint8Array.from(examples.inputs.data.subarray(p * 3, p * 3 + 3), (value) => Math.round(value * 255));
      expect([...woven.inputs.data.subarray(p * 3, p * 3 + 3)]).toEqual([...(await projection.apply(x)).data]);
      expect(woven.targets.data[p]).toBe(permutation[examples.targets.data[p] as number]);
    }
  }
  expect(identities).toBeGreaterThan(0);
  expect(identities).toBeLessThan(60);
  // The slice of a whole is the part alone.
  using part = new TaskAugmentor({ ...options, taskOffset: 17, taskCount: 9 });
  const alone = await part.transform(dataset);
  expect(alone.inputs.data).toEqual(woven.inputs.data.slice(17 * 15, 26 * 15));
  expect(alone.targets.data).toEqual(woven.targets.data.slice(17 * 5, 26 * 5));
});

test("schedules are given as shares are", () => {
  expect(scheduleOf(0.5)).toEqual([[0, 0.5]]);
});
