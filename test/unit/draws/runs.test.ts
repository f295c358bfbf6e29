import fc from "fast-check";
import { expect, test } from "vitest";
import { Dispatches, type DrawnDispatch } from "../../../src/backend/webgpu/dispatches.js";
import { listOf, runOf } from "../../../src/draws/items.js";
import { NO_LABEL } from "../../../src/draws/labels.js";
import { chooseTask } from "../../../src/plan/curriculum.js";
import { hasLabels, labelValues, type Plan } from "../../../src/plan/plan.js";
import { moduleWith, u32 } from "../../support/module.js";
import { plain } from "../support/plans.js";

const seeds = fc.bigInt(0n, 2n ** 64n - 1n);
const tasks = fc.oneof(fc.nat(5), fc.integer({ min: 2 ** 32 - 3, max: 2 ** 32 - 1 }));
const runs = fc.array(fc.record({ task: tasks, item: tasks, count: fc.integer({ min: 1, max: 4 }) }), {
  minLength: 1,
  maxLength: 6,
});
const wrap = (n: number) => n >>> 0;

/** A fourth of all words is rejected for 3 * 2^30, hardly any for what datasets have. */
const examples = fc.oneof(
  fc.integer({ min: 1, max: 200 }),
  fc.constantFrom(60000, 2 ** 31 + 1, 3 * 2 ** 30, 2 ** 32 - 1),
);

test("sequences of many runs are those drawn one by one, with and without replacement", async () => {
  const given = { seed: seeds, runs, n: examples, length: fc.integer({ min: 1, max: 150 }), distinct: fc.boolean() };
  await fc.assert(
    fc.asyncProperty(fc.record(given), async ({ seed, runs, n, length: wanted, distinct }) => {
      const length = distinct ? Math.min(n, wanted) : wanted;
      // A bitmap of all of them would be half a gigabyte.
      fc.pre(!distinct || n <= 60000);
      const items = runs.reduce((sum, { count }) => sum + count, 0);
      const taken = distinct ? Math.ceil(n / 8) : 0;
      const sizes = { runs: runs.length * 28, taken, out: (items * length + 64) * 4, alone: length * 4 };
      const { kernel, at } = await moduleWith(seed, sizes);
      const table = new Uint32Array(kernel.memory.buffer, at.runs, runs.length * 7);
      table.set(runs.flatMap(({ task, item, count }) => [task, item, count, 0, 0, 0, 0]));
      kernel.drawRuns(at.runs, runs.length, n, length, distinct ? at.taken : 0, at.out);
      const drawn = u32(kernel, at.out, items * length);
      expect(new Uint8Array(kernel.memory.buffer, at.taken, taken).every((byte) => byte === 0)).toBe(true);
      let place = 0;
      for (const { task, item, count } of runs) {
        for (let i = 0; i < count; i++, place += length) {
          if (distinct) kernel.drawWithoutReplacement(task, wrap(item + i), n, length, at.alone, at.taken);
          else kernel.drawWithReplacement(task, wrap(item + i), n, length, at.alone);
          expect(drawn.subarray(place, place + length)).toEqual(u32(kernel, at.alone, length));
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("every sequence of many takes the fast way or the slow one: both are right", async () => {
  // Of 3000 sequences of 128 words out of 60000, five on average have one that might have to be rejected.
  const [count, n, length] = [3000, 60000, 100];
  const { kernel, at } = await moduleWith(42n, { runs: 28, out: (count * length + 64) * 4, alone: length * 4 });
  new Uint32Array(kernel.memory.buffer, at.runs, 7).set([7, 0, count, 0, 0, 0, 0]);
  kernel.drawRuns(at.runs, 1, n, length, 0, at.out);
  const drawn = u32(kernel, at.out, count * length);
  for (let item = 0; item < count; item++) {
    kernel.drawWithReplacement(7, item, n, length, at.alone);
    expect(Buffer.from(u32(kernel, at.alone, length).buffer)).toEqual(
      Buffer.from(drawn.slice(item * length, (item + 1) * length).buffer),
    );
  }
});

const plans = fc
  .record({
    seed: seeds,
    mode: fc.constantFrom("sequence", "sequence", "sequence", "dataset", "samples") as fc.Arbitrary<Plan["mode"]>,
    generator: fc.constantFrom("chacha8", "chacha8", "torch") as fc.Arbitrary<Plan["generator"]>,
    taskOffset: fc.constantFrom(0, 5, 2 ** 32 - 9),
    samplesPerTask: fc.integer({ min: 1, max: 3 }),
    length: fc.integer({ min: 1, max: 70 }),
    replacement: fc.boolean(),
    episode: fc.constantFrom(null, null, { ways: 2, shots: 1, queries: 1, relabel: true }),
    examples: fc.integer({ min: 12, max: 90 }),
    identityProjection: fc.constantFrom(0, 0.5, 1).map((share) => [[0, share]] as const),
    identityPermutation: fc.constantFrom(0, 0, 0.5, 1).map((share) => [[0, share]] as const),
    fixed: fc.constantFrom(null, {
      share: [[0, 0.5]] as const,
      permutation: true,
      projection: true,
      task: 3,
      pool: 2,
    }),
    labelLayout: fc.constantFrom("shifted", "query-last", "none") as fc.Arbitrary<Plan["labelLayout"]>,
    labelFormat: fc.constantFrom("one-hot", "integer") as fc.Arbitrary<Plan["labelFormat"]>,
    specialTokens: fc.constantFrom(0, 2),
    startToken: fc.constantFrom(null, 1),
  })
  .map(({ samplesPerTask, episode, ...given }): Plan => {
    const { mode, examples, generator } = given;
    const sequences = mode === "sequence";
    const episodes = sequences && generator === "chacha8" ? episode : null;
    const length = episodes ? 4 : given.replacement ? given.length : Math.min(given.length, examples);
    const itemsPerTask = { sequence: samplesPerTask, dataset: examples, samples: 0 }[mode];
    // A far task of PyTorch's takes milliseconds, each time it is met: one plan of eight has them.
    const near = generator === "torch" && given.seed % 8n !== 0n;
    return {
      ...plain,
      ...given,
      taskOffset: near ? Math.min(given.taskOffset, 5) : given.taskOffset,
      replacement: given.replacement || generator === "torch",
      episode: episodes,
      taskCount: 9,
      itemsPerTask,
      itemCount: mode === "samples" ? 40 : 9 * itemsPerTask,
      length: sequences ? length : 1,
      labelLayout: sequences ? given.labelLayout : "none",
      exampleClasses: 5,
      classes: episodes ? 2 : 5,
      features: 4,
      outFeatures: 4,
      exampleDtype: "uint8",
      grayOffset: 0,
      scale: 1,
      dtype: "float32",
    };
  });

/** The words of a batch about each of its positions. */
function positionsOf({ runs, indices, given, targets, labels }: DrawnDispatch): unknown[] {
  const all = [...runs].flatMap(({ matrix, first, count }) => {
    const places = Array.from({ length: count }, (_, i) => first + i);
    return places.map((p) => [p, matrix.key, matrix.identity, indices[p], given[p], targets[p], labels[p]]);
  });
  expect(all.map((position) => (position as number[])[0])).toEqual([...indices.keys()]);
  return all.map((position) => (position as unknown[]).slice(1));
}

test("items in any order and batches of any size are each what they are alone, and no neighbours share a run for nothing", async () => {
  const sizes = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constant(1000)).map((n) => 2 * n);
  const orders = fc.option(fc.array(fc.nat(10_000), { minLength: 1, maxLength: 30 }));
  await fc.assert(
    fc.asyncProperty(plans, sizes, orders, async (plan, size, order) => {
      const labels = Uint16Array.from({ length: plan.examples }, (_, i) => (i * 7) % 5);
      const [batches, alone] = [await Dispatches.create(plan, labels), await Dispatches.create(plan, labels)];
      const numbers = order?.map((number) => number % plan.itemCount);
      const count = numbers?.length ?? Math.min(plan.itemCount, 60);
      const items = numbers ? listOf(Float64Array.from(numbers)) : runOf(plan.itemCount - count, count);
      const made: unknown[] = [];
      for (const batch of batches.of(items, size)) {
        expect(batch.first).toBe(made.length);
        const [runs] = [[...batch.runs]];
        for (const [i, { matrix }] of runs.slice(1).entries()) expect(matrix).not.toEqual(runs[i]?.matrix);
        made.push(...positionsOf(batch));
        // Between two batches of a walk others may be drawn.
        [...alone.of(runOf(0, 1), size)];
      }
      const each: unknown[] = [];
      for (let i = 0; i < count; i++) {
        for (const batch of alone.of(runOf(items.at(i), 1), plan.length)) each.push(...positionsOf(batch));
      }
      expect(made).toEqual(each);
    }),
    { numRuns: 150 },
  );
});

test("targets are the permuted labels of the examples, and the given ones follow from them", async () => {
  await fc.assert(
    fc.asyncProperty(plans, async (drawn) => {
      const plain = {
        mode: "sequence",
        generator: "chacha8",
        episode: null,
        classes: 5,
        labelLayout: "shifted",
      } as const;
      const own: Plan = { ...drawn, ...plain, length: 12, itemsPerTask: 2, itemCount: 18 };
      const labels = Uint16Array.from({ length: own.examples }, (_, i) => (i * 7) % 5);
      const [batch] = (await Dispatches.create(own, labels)).of(runOf(0, own.itemCount), own.itemCount * own.length);
      const matrices = [...batch!.runs].flatMap(({ matrix, count }) => Array<typeof matrix>(count).fill(matrix));
      const { kernel, at } = await moduleWith(own.seed, { out: own.classes * 4 });
      const separate = hasLabels(own);
      for (let p = 0; p < own.itemCount * own.length; p++) {
        const task = own.taskOffset + Math.floor(p / (2 * own.length));
        const { identityProjection, identityPermutation, projectionTask, permutationTask } = chooseTask(own, task);
        // All identity matrices are one.
        const key = identityProjection ? 0 : projectionTask;
        expect(matrices[p]).toEqual({ key, identity: identityProjection });
        kernel.permutation(permutationTask, own.classes, at.out);
        const label = labels[batch!.indices[p]!]!;
        const permuted = identityPermutation ? label : u32(kernel, at.out, own.classes)[label]!;
        expect(batch!.targets[p]).toBe(permuted + own.specialTokens);
        const before = p % own.length > 0 ? batch!.targets[p - 1] : (own.startToken ?? undefined);
        const none = separate ? labelValues(own) : NO_LABEL;
        expect((separate ? batch!.labels : batch!.given)[p]).toBe(before ?? none);
      }
    }),
    { numRuns: 40 },
  );
});
