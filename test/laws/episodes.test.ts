import fc from "fast-check";
import { Dataset, TaskAugmentor } from "taskloom";
import { expect, test } from "vitest";

/** Every example is told by its only value. */
const N = 90;
const K = 6;
const dataset = Dataset.from({
  images: Float32Array.from({ length: N }, (_, i) => i + 1),
  targets: Array.from({ length: N }, (_, i) => (i * 7 + (i % 3)) % K),
  shape: [1],
  classes: K,
});
const counts = Array.from({ length: K }, (_, label) => dataset.targets.filter((target) => target === label).length);

test("N classes, k examples of each, then the queries, none twice; labels are those of the task", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        ways: fc.integer({ min: 1, max: K }),
        shots: fc.integer({ min: 1, max: 5 }),
        queries: fc.integer({ min: 0, max: 4 }),
        relabel: fc.boolean(),
        seed: fc.bigInt(0n, 2n ** 64n - 1n),
        taskOffset: fc.nat(2 ** 32 - 4),
      }),
      async ({ seed, taskOffset, ...episode }) => {
        const options = { seed, taskOffset, taskCount: 3, samplesPerTask: 2, identity: { projection: true } };
        using tasks = new TaskAugmentor({
          ...options,
          episode,
          inputScaling: "unit",
          labelLayout: "query-last",
          workers: 0,
        });
        const { inputs, targets } = await tasks.transform(dataset);
        const { ways, shots, queries, relabel } = episode;
        const length = ways * (shots + queries);
        const width = inputs.shape[2] as number;
        expect(inputs.shape).toEqual([6, length, 1 + (relabel ? ways : K)]);
        for (let s = 0; s < 6; s++) {
          const rows = Array.from({ length }, (_, p) => (s * length + p) * width);
          const examples = rows.map((row) => (inputs.data[row] as number) - 1);
          expect(new Set(examples).size).toBe(length);
          const classes = examples.map((example) => dataset.targets[example] as number);
          const tally = (some: number[]) =>
            [...new Set(some)].map((label) => some.filter((other) => other === label).length);
          expect(tally(classes.slice(0, ways * shots))).toEqual(new Array(ways).fill(shots));
          if (queries > 0) expect(tally(classes.slice(ways * shots))).toEqual(new Array(ways).fill(queries));
          // One class, one label; and without relabelling that of the task's permutation.
          const labels = [...targets.data.subarray(s * length, (s + 1) * length)];
          const pairs = new Set(classes.map((label, p) => `${label} ${labels[p]}`));
          expect(pairs.size).toBe(ways);
          expect(new Set(labels).size).toBe(ways);
          if (!relabel) {
            const task = taskOffset + Math.floor(s / 2);
            const permutation = await tasks.targetPermutation(task, dataset).permutation();
            expect(labels).toEqual(classes.map((label) => permutation[label]));
          }
          // The labels of queries are not given; without queries, that of the last.
          const hidden = queries > 0 ? ways * shots : length - 1;
          rows.forEach((row, p) => {
            const cells = [...inputs.data.subarray(row + 1, row + width)];
            expect(cells.indexOf(1)).toBe(p < hidden ? labels[p] : -1);
          });
        }
      },
    ),
    { numRuns: 40 },
  );
});

test("classes, their order and examples are drawn evenly", async () => {
  const episode = { ways: 2, shots: 1, queries: 1 };
  const sequences = 6000;
  using tasks = new TaskAugmentor({
    taskCount: sequences,
    identity: { projection: true },
    episode,
    inputScaling: "unit",
    workers: 0,
  });
  const { inputs, targets } = await tasks.transform(dataset);
  const width = inputs.shape[2] as number;
  const drawn = Array.from({ length: 4 * sequences }, (_, p) => (inputs.data[p * width] as number) - 1);
  // Each class takes part in a third of the sequences: binomial, six deviations wide.
  for (let label = 0; label < K; label++) {
    const seen = drawn.filter((example, p) => p % 4 < 2 && dataset.targets[example] === label).length;
    expect(Math.abs(seen - sequences / 3)).toBeLessThan(6 * Math.sqrt((sequences / 3) * (2 / 3)));
  }
  // So is each example of a class: 4 of 6 classes' draws a sequence.
  for (let example = 0; example < N; example++) {
    const expected = (4 * sequences) / K / (counts[dataset.targets[example] as number] as number);
    const seen = drawn.filter((other) => other === example).length;
    expect(Math.abs(seen - expected)).toBeLessThan(6 * Math.sqrt(expected));
  }
  const zeros = targets.data.filter((label, p) => p % 4 === 0 && label === 0).length;
  expect(Math.abs(zeros - sequences / 2)).toBeLessThan(6 * Math.sqrt(sequences / 4));
});
