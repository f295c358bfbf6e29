import {
  Compose,
  ConvertImageDtype,
  Dataset,
  type ImageTensor,
  Lambda,
  LinearProjection,
  Normalize,
  Resize,
  TargetPermutation,
  TaskAugmentor,
  type TaskAugmentorOptions,
} from "taskloom";
import { mnist } from "taskloom/node";
import { beforeAll, expect, test } from "vitest";
import { correlationP, expectPlausible, kolmogorovSmirnovP, tally, uniformP } from "../statistics/measures.js";
import { drawnExamples } from "../support/drawn.js";
import { apart, product } from "../support/product.js";
import { trainingSet } from "../support/support.js";

// kir-gadjello/GPICL, of which docs/replications.md has the table. Its collate_fn is written here anew for given examples,
// matrices and permutations; those are found by their task, as its own are by a hash of their number.

const seed = 3162541;
/** 400 digits of 15x15 pixels, as bytes. */
let digits: Dataset;
/** The same ones of 6x6, for what is not about inputs. */
let tiny: Dataset;

beforeAll(async () => {
  tiny = (await trainingSet()).head(400).transform(new Resize([6, 6]));
  digits = (await trainingSet()).head(400).transform(new Resize([15, 15]));
});

/** Few rows of the matrix, for speed: each is made alone. */
const here: TaskAugmentorOptions = {
  seed,
  sequenceLength: 50,
  replacement: false,
  specialTokens: 1,
  startToken: 0,
  standardDeviation: "1/n",
  outFeatures: 4,
  workers: 0,
  backend: "wasm",
};

/** The tasks whose matrix and permutation a sequence has; null for the identity. */
interface Choice {
  matrix: number | null;
  permutation: number | null;
}
const own = (task: number): Choice => ({ matrix: task, permutation: task });
const none = (): Choice => ({ matrix: null, permutation: null });

const permutations = new Map<string, Promise<Uint16Array>>();
function permutationOf(task: number, of = seed): Promise<Uint16Array> {
  const key = `${of} ${task}`;
  const known = permutations.get(key) ?? new TargetPermutation({ seed: of, task, classes: 10 }).permutation();
  permutations.set(key, known);
  return known;
}

/**
 * Expects what collate_fn makes of the examples that each sequence draws, position after position: A x, the label before
 * as a one-hot raised by the special tokens, and the raised label as the target. `choose` says which task's matrix and
 * permutation a sequence has; it may ask which permutation fits the targets.
 *
 * float32 values are within (n + 5) 2^-24 sum |A x| of the true product: n + 2 for the sum, and each entry of the matrix
 * read here is a product of two rounded numbers. bytes are multiplied exactly, which is closer.
 */
async function expectCollated(
  options: TaskAugmentorOptions,
  dataset: Dataset,
  choose: (task: number, fits: (other: number) => Promise<boolean>) => Choice | Promise<Choice>,
) {
  using tasks = new TaskAugmentor(options);
  const batch = await tasks.transform(dataset);
  const numbers = await drawnExamples(options, dataset);
  const { features } = dataset;
  const specials = options.specialTokens ?? 0;
  const unit = dataset.dtype === "uint8" ? 255 : 1;
  const [, length = 0, width = 0] = batch.inputs.shape;
  const projected = width - 10 - specials;
  const wrong: string[] = [];
  for (const [s, sequence] of numbers.entries()) {
    const targets = Array.from(batch.targets.data.subarray(s * length, (s + 1) * length));
    const labels = sequence.map((i) => dataset.targets[i]!);
    const fits = async (other: number) => {
      const permutation = await permutationOf(other, Number(options.seed));
      return labels.every((label, p) => permutation[label]! + specials === targets[p]);
    };
    const choice = await choose((options.taskOffset ?? 0) + Math.floor(s / (options.samplesPerTask ?? 1)), fits);
    const permutation =
      choice.permutation === null ? undefined : await permutationOf(choice.permutation, Number(options.seed));
    expect(targets).toEqual(labels.map((label) => (permutation?.[label] ?? label) + specials));
    const matrix =
      choice.matrix === null
        ? undefined
        : await new LinearProjection({
            seed: options.seed!,
            task: choice.matrix,
            inFeatures: features,
            outFeatures: projected,
            standardDeviation: "1/n",
          }).matrix();
    for (const [p, number] of sequence.entries()) {
      const row = batch.inputs.data.subarray((s * length + p) * width, (s * length + p + 1) * width);
      const x = Float64Array.from(dataset.at(number).image, (v) => v / unit);
      const expected = matrix
        ? product(matrix.data, x)
        : Array.from(x, (value) => ({ value, magnitude: Math.abs(value) }));
      const bound = (i: number) => (features + 5) * 2 ** -24 * expected[i]!.magnitude;
      const values = expected.map(({ value }) => value);
      const label = p > 0 ? targets[p - 1] : options.startToken;
      const cells = Array.from({ length: 10 + specials }, (_, cell) => (cell === label ? 1 : 0));
      const differences = [
        ...apart(row.subarray(0, projected), values, bound),
        ...apart(row.subarray(projected), cells),
      ];
      if (differences.length > 0) wrong.push(`sequence ${s}, position ${p}: ${differences}`);
    }
  }
  expect(wrong.slice(0, 5)).toEqual([]);
  return { batch, numbers };
}

/** Within 5 deviations of a binomial count, which is missed once in 1.7 million. */
function expectCount(count: number, shares: readonly number[]): void {
  const mean = shares.reduce((sum, share) => sum + share, 0);
  const variance = shares.reduce((sum, share) => sum + share * (1 - share), 0);
  expect(Math.abs(count - mean)).toBeLessThanOrEqual(5 * Math.sqrt(variance));
}

test("resize_to: 15 x 15, each pixel a mean with a triangle's weights", async () => {
  const dataset = (await trainingSet()).head(20);
  const small = dataset.transform(new Resize([15, 15]));
  const scale = 28 / 15;
  const weights = Array.from({ length: 15 }, (_, i) => {
    const row = Array.from({ length: 28 }, (_, j) => Math.max(0, 1 - Math.abs(j + 0.5 - (i + 0.5) * scale) / scale));
    const sum = row.reduce((a, b) => a + b, 0);
    return row.map((weight) => weight / sum);
  });
  const expected = Array.from(small.images, (_, at) => {
    const [image, y, x] = [Math.floor(at / 225), Math.floor(at / 15) % 15, at % 15];
    let sum = 0;
    for (let j = 0; j < 28; j++) {
      for (let k = 0; k < 28; k++) sum += weights[y]![j]! * weights[x]![k]! * dataset.images[image * 784 + j * 28 + k]!;
    }
    return sum;
  });
  // Half a grey level in each of the two passes, and 15 bits of each weight over at most 5 taps of 255.
  expect(apart(small.images, expected, () => 1 + 2 * 5 * 255 * 2 ** -15)).toEqual([]);
});

test("to_rgb: three equal channels, one after the other", () => {
  const stacked = ({ data, shape, dtype }: ImageTensor) => ({
    data: Uint8Array.from({ length: data.length * 3 }, (_, i) => data[i % data.length]!),
    shape: [3, ...shape],
    dtype,
  });
  const rgb = digits.transform(new Lambda(stacked));
  expect(rgb.features).toBe(675);
  const { image } = rgb.at(7);
  for (const channel of [0, 1, 2]) {
    expect([...image.subarray(channel * 225, channel * 225 + 225)]).toEqual([...digits.at(7).image]);
  }
});

test("ds_norms: (x - mean) / std by the split's own numbers, one rule for all pixels", async () => {
  const { mean, std } = { mean: 0.1324341262398292, std: 0.2551300750769682 };
  const small = (await mnist({ split: "test" })).transform(new Resize([15, 15]));
  // Where its numbers are from: the mean of all pixels, and the mean over images of each one's unbiased deviation. Any
  // rounding of pixels to bytes moves both by at most one grey level.
  expect(Math.abs(small.moments().mean / 255 - mean)).toBeLessThanOrEqual(1 / 255);
  const deviations = Array.from(small, ({ image }) => {
    const average = Array.from(image).reduce((a, b) => a + b, 0) / 225;
    return Math.sqrt(Array.from(image, (v) => (v - average) ** 2).reduce((a, b) => a + b, 0) / 224);
  });
  expect(Math.abs(deviations.reduce((a, b) => a + b, 0) / small.length / 255 - std)).toBeLessThanOrEqual(1 / 255);

  const some = small.head(300);
  const normal = some.transform(new Compose([new ConvertImageDtype("float32"), new Normalize({ mean, std })]));
  // Roundings of x / 255, of mean and std, and of both steps, each 2^-24 of values of at most (1 + mean) / std.
  const expected = Array.from(some.images, (v) => (v / 255 - mean) / std);
  expect(apart(normal.images, expected, () => (5 * 2 ** -24 * (1 + mean)) / std)).toEqual([]);
  await expectCollated({ ...here, taskCount: 2 }, normal, own);
});

test("perm_count: a task is the same whichever of its 2 ** 17 numbers are made", async () => {
  const count = 2 ** 17;
  using tasks = new TaskAugmentor({ ...here, taskCount: count });
  for (const task of [0, 4711, count - 1]) {
    const { batch } = await expectCollated({ ...here, taskOffset: task }, digits, own);
    const { inputs, targets } = await tasks.batch(digits, task);
    expect(inputs.data).toEqual(batch.inputs.data);
    expect(targets.data).toEqual(batch.targets.data);
  }
  await expect(tasks.batch(digits, count)).rejects.toThrow(/from 0 to 131071/);
});

test("perm_count of 0: neither a matrix nor a permutation", async () => {
  const { outFeatures: _, ...whole } = here;
  await expectCollated({ ...whole, identity: true, taskCount: 3 }, digits, none);
});

test("random_linear_proj: a matrix of randn / n for each task", async () => {
  using tasks = new TaskAugmentor({ ...here, outFeatures: 225, taskCount: 2 });
  const matrices = await Promise.all([0, 1].map((task) => tasks.linearProjection(task, digits).matrix()));
  for (const { shape, data } of matrices) {
    expect(shape).toEqual([225, 225]);
    expectPlausible({ normal: kolmogorovSmirnovP(Float64Array.from(data, (a) => a * 225)) });
  }
  const [one, other] = matrices.map(({ data }) => Float64Array.from(data, (a) => a * 225));
  expectPlausible({ independent: correlationP(one!, other!) });
  await expectCollated({ ...here, outFeatures: 225, taskCount: 2 }, digits, own);
});

test("random_linear_proj off: inputs unprojected, labels permuted", async () => {
  const { outFeatures: _, ...whole } = here;
  const options = { ...whole, identity: { projection: true }, taskCount: 4 };
  await expectCollated(options, digits, (task) => ({ matrix: null, permutation: task }));
});

/** Expects relaxed tasks to have the permutation of one of `pool(task)`, the others their own; which ones it were. */
async function expectRelaxed(
  options: TaskAugmentorOptions,
  pool: (task: number) => readonly number[],
  matrix: (task: number, fixed: number) => number = (task) => task,
): Promise<Map<number, number>> {
  const relaxed = new Map<number, number>();
  await expectCollated(options, tiny, async (task, fits) => {
    for (const fixed of pool(task)) {
      if (await fits(fixed)) {
        relaxed.set(task, fixed);
        return { matrix: matrix(task, fixed), permutation: fixed };
      }
    }
    return own(task);
  });
  return relaxed;
}

/** 0.9 of 128 places and one more, as its int(bs * 0.9) + 1 has it. */
const share = 116 / 128;
const from = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);

test("single_perm_relaxation: 116 of 128 tasks have one fixed permutation", async () => {
  const options = { ...here, taskCount: 512, outFeatures: 1, fixed: { share, task: 2 ** 20 } };
  const relaxed = await expectRelaxed(options, () => [2 ** 20]);
  expectCount(relaxed.size, new Array<number>(512).fill(share));
});

test("single_perm_relaxation_multi: a pool of 116 fixed permutations", async () => {
  const options = { ...here, taskCount: 512, outFeatures: 1, fixed: { share, task: 2 ** 20, pool: 116 } };
  const relaxed = await expectRelaxed(options, () => from(2 ** 20, 116));
  expectCount(relaxed.size, new Array<number>(512).fill(share));
  const places = [...relaxed.values()].map((fixed) => fixed - 2 ** 20);
  expectPlausible({ places: uniformP(tally(places, 116)) });
});

test("per_batch_relaxed_perm: another fixed permutation in each batch", async () => {
  const batches = { ...here, taskCount: 512, tasksPerStep: 128, outFeatures: 1 };
  const relaxed = await expectRelaxed({ ...batches, fixed: { share, task: "step" } }, (task) => [
    Math.floor(task / 128),
  ]);
  expectCount(relaxed.size, new Array<number>(512).fill(share));
  const fixed = await Promise.all([0, 1, 2, 3].map((step) => permutationOf(step)));
  expect(new Set(fixed.map(String)).size).toBe(4);
  // With single_perm_relaxation_multi, a pool in each batch.
  const several = { ...batches, taskCount: 256, fixed: { share, task: "step", pool: 116 } } as const;
  const pools = await expectRelaxed(several, (task) => from(116 * Math.floor(task / 128), 116));
  expectCount(pools.size, new Array<number>(256).fill(share));
});

test("relax_perm_only: the matrix of a relaxed task is its own", async () => {
  const options = { ...here, taskCount: 64, fixed: { share, task: 2 ** 20 } };
  const relaxed = await expectRelaxed(options, () => [2 ** 20]);
  expectCount(relaxed.size, new Array<number>(64).fill(share));
});

test("relax_perm_only off: relaxed tasks have the fixed matrix too", async () => {
  const options = { ...here, taskCount: 64, fixed: { share, task: 2 ** 20, projection: true } };
  const relaxed = await expectRelaxed(
    options,
    () => [2 ** 20],
    (_, fixed) => fixed,
  );
  expectCount(relaxed.size, new Array<number>(64).fill(share));
});

test("relaxation over training: a share that falls from 0.9 to 0", async () => {
  const schedule = [
    [4, 0.9],
    [20, 0],
  ] as const;
  const options = {
    ...here,
    taskCount: 640,
    tasksPerStep: 16,
    outFeatures: 1,
    fixed: { share: schedule, task: 2 ** 20 },
  };
  const relaxed = await expectRelaxed(options, () => [2 ** 20]);
  const shareOf = (task: number) => 0.9 * Math.min(1, Math.max(0, (20 - Math.floor(task / 16)) / 16));
  const counted = (tasks: number[]) =>
    expectCount(tasks.filter((task) => relaxed.has(task)).length, tasks.map(shareOf));
  counted(from(0, 80));
  counted(from(80, 240));
  counted(from(320, 320));
});

test("context_len: 50 pairs in a sequence", async () => {
  const { batch } = await expectCollated({ ...here, taskCount: 3 }, digits, own);
  expect(batch.inputs.shape).toEqual([3, 50, 4 + 11]);
  expect(batch.targets.shape).toEqual([3, 50]);
});

test("bs: batches of 128 tasks", async () => {
  const options = { ...here, taskCount: 300, outFeatures: 1 };
  const { batch } = await expectCollated(options, tiny, own);
  using tasks = new TaskAugmentor(options);
  const sizes = [];
  const targets = [];
  for await (const part of tasks.batches(tiny, { batchSize: 128 })) {
    sizes.push(part.inputs.shape[0]);
    targets.push(...part.targets.data);
  }
  expect(sizes).toEqual([128, 128, 44]);
  expect(targets).toEqual([...batch.targets.data]);
});

test("pad_token: labels raised by one, and a start of its own", async () => {
  const { batch } = await expectCollated({ ...here, taskCount: 8 }, digits, own);
  expect(Math.min(...batch.targets.data)).toBe(1);
  expect(Math.max(...batch.targets.data)).toBe(10);
  // There the start goes through the same addition as labels, and is in the cell of label 0; here it is in its own.
  const prevY = 0;
  const cells = Array.from({ length: 11 }, (_, cell) => (cell === prevY + 1 ? 1 : 0));
  const width = 4 + 11;
  for (let s = 0; s < 8; s++) {
    const first = [...batch.inputs.data.subarray(s * 50 * width + 4, s * 50 * width + width)];
    expect(first).toEqual([...cells.slice(1), 0]);
  }
});

test("add_special_tokens: labels raised by as many more", async () => {
  const { batch } = await expectCollated({ ...here, specialTokens: 1 + 3, taskCount: 8 }, digits, own);
  expect(batch.inputs.shape[2]).toBe(4 + 14);
  expect(Math.min(...batch.targets.data)).toBe(4);
  expect(Math.max(...batch.targets.data)).toBe(13);
});

test("validation: the same tasks of examples that training has not", async () => {
  const held = (await mnist({ split: "test" })).head(200).transform(new Resize([15, 15]));
  await expectCollated({ ...here, taskCount: 4 }, held, own);
  // Or with part of the training set held back.
  const training = await expectCollated({ ...here, taskCount: 24, exampleRange: [0, 300] }, digits, own);
  const validation = await expectCollated({ ...here, taskCount: 24, exampleRange: [300, 400] }, digits, own);
  const seen = new Set(training.numbers.flat());
  const unseen = new Set(validation.numbers.flat());
  expect(Math.max(...seen)).toBeLessThan(300);
  expect(Math.min(...unseen)).toBeGreaterThanOrEqual(300);
  // Each of 24 sequences has half of the 100: one of them is in none with a probability of 100 / 2^24.
  expect(unseen.size).toBe(100);
});

test("unseen_datasets: other examples under 2 ** 25 tasks that training has not", async () => {
  const inverted = Dataset.from({
    name: "inverted",
    images: (digits.images as Uint8Array).map((v) => 255 - v),
    targets: Array.from(digits.targets, (label) => 9 - label),
    shape: digits.shape,
    classes: 10,
  });
  const training = 2 ** 17;
  const evaluation = { ...here, taskOffset: training, taskCount: 2 ** 25 };
  using tasks = new TaskAugmentor(evaluation);
  await expect(tasks.batch(inverted, training - 1)).rejects.toThrow(/from 131072 to 33685503/);
  for (const task of [training, training + 2 ** 25 - 1]) {
    const { batch } = await expectCollated({ ...here, taskOffset: task }, inverted, own);
    expect((await tasks.batch(inverted, task)).inputs.data).toEqual(batch.inputs.data);
  }
});

test("seed: other tasks, and the same ones again", async () => {
  const one = await expectCollated({ ...here, taskCount: 2 }, digits, own);
  const other = await expectCollated({ ...here, seed: 1337, taskCount: 2 }, digits, own);
  const again = await expectCollated({ ...here, taskCount: 2 }, digits, own);
  expect(other.numbers).not.toEqual(one.numbers);
  expect(again.batch.inputs.data).toEqual(one.batch.inputs.data);
});

test("shuffle: no example twice in a sequence, and all as often", async () => {
  const { numbers } = await expectCollated({ ...here, taskCount: 512, outFeatures: 1 }, tiny, own);
  for (const sequence of numbers) expect(new Set(sequence).size).toBe(50);
  // Counts of draws of 50 of 400 without replacement vary less, by 1 - 50 / 400.
  const factor = 399 / (400 * (1 - 50 / 400));
  expectPlausible({ examples: uniformP(tally(numbers.flat(), 400), 399, factor) });
});
