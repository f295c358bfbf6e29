import { type Batch, Center, type Dataset, TaskAugmentor, type TaskAugmentorOptions } from "taskloom";
import { beforeAll, describe, expect, test } from "vitest";
import {
  CLASSIFIERS,
  cholesky,
  curve,
  gain,
  innerProducts,
  judge,
  linearAttention,
  nearestNeighbour,
  RIDGE_PENALTY,
  ridge,
} from "../../examples/learnability/classifiers.mjs";
import { permuteEach, SETTINGS } from "../../examples/learnability/settings.mjs";
import { trainingSet } from "../support/support.js";

const SEQUENCES = 64;
const LENGTH = 100;
const CLASSES = 10;
/**
 * The gain along a sequence has to be above this many standard errors. By chance its t statistic of 63 degrees of freedom
 * is so large once in 2 * 10^7 times; MNIST gives about 20.
 */
const ERRORS = 6;
/** The most by which the shares of right answers of projected and plain MNIST may differ; control: 8 outputs lose more. */
const CLOSE = 0.05;

const names = Object.keys(CLASSIFIERS) as (keyof typeof CLASSIFIERS)[];
type Judged = Record<string, Uint8Array>;
const share = (right: Uint8Array) => right.reduce((sum, value) => sum + value, 0) / right.length;

async function sequences(options: TaskAugmentorOptions, dataset?: Dataset): Promise<Batch> {
  const tasks = new TaskAugmentor({ ...options, taskCount: SEQUENCES, sequenceLength: LENGTH, seed: 7, workers: 0 });
  try {
    return await tasks.transform(dataset ?? (await trainingSet()));
  } finally {
    tasks.dispose();
  }
}

const judgeBatch = (batch: Batch): Judged =>
  judge(
    { inputs: { data: batch.inputs.data as Float32Array, shape: batch.inputs.shape }, targets: batch.targets },
    CLASSES,
  );

describe("MNIST", () => {
  const results = new Map<string, Judged>();
  const of = (setting: string, classifier: string) => results.get(setting)?.[classifier] as Uint8Array;

  beforeAll(async () => {
    for (const { name, options, relabel } of SETTINGS) {
      const batch = await sequences(options as TaskAugmentorOptions);
      results.set(name, judgeBatch(relabel ? await relabel(batch, CLASSES) : batch));
    }
  }, 60_000);

  const [plain, notebook, paper, permuted] = SETTINGS.map(({ name }) => name) as [string, string, string, string];

  test.each(names.flatMap((name) => [plain, notebook, paper].map((setting) => [setting, name])))(
    "%s: %s gets better along the sequence",
    (setting, name) => {
      const { mean, standardError } = gain(of(setting, name), LENGTH);
      expect(mean).toBeGreaterThan(ERRORS * standardError);
      // No examples, no knowledge: at most 6 deviations of a binomial above chance.
      const first = curve(of(setting, name), LENGTH)[0] as number;
      expect(first).toBeLessThan(1 / CLASSES + 6 * Math.sqrt(0.09 / SEQUENCES));
    },
  );

  test.each(names)("labels permuted per example: %s does not get better, and is at chance", (name) => {
    const right = of(permuted, name);
    const { mean, standardError } = gain(right, LENGTH);
    expect(Math.abs(mean)).toBeLessThan(ERRORS * standardError);
    // Every label is uniform and independent of all else, hence of the prediction: right answers are binomial.
    expect(Math.abs(share(right) - 1 / CLASSES)).toBeLessThan(6 * Math.sqrt(0.09 / right.length));
  });

  test.each(names)("projections and label maps cost %s next to nothing", async (name) => {
    for (const setting of [notebook, paper]) {
      expect(Math.abs(share(of(plain, name)) - share(of(setting, name)))).toBeLessThan(CLOSE);
    }
    const narrow = judgeBatch(await sequences({ preset: "notebook", outFeatures: 8 }));
    expect(share(of(plain, name)) - share(narrow[name] as Uint8Array)).toBeGreaterThan(CLOSE);
  });

  test("permuting each label leaves the inputs, and no trace of the labels", async () => {
    const batch = await sequences({ preset: "notebook" });
    const relabelled = await permuteEach(batch, CLASSES);
    expect(relabelled.inputs).toBe(batch.inputs);
    const [before, after] = [Array.from(batch.targets.data), relabelled.targets.data];
    const same = before.filter((label, k) => label === after[k]).length / before.length;
    expect(Math.abs(same - 1 / CLASSES)).toBeLessThan(6 * Math.sqrt(0.09 / before.length));
  });
});

describe("the classifiers", () => {
  const [length, features, stride, classes] = [12, 5, 8, 3];
  const at = (k: number) => (Math.imul(k + 1, 0x9e3779b1) >>> 8) / 2 ** 24 - 0.3;
  const rows = Float32Array.from({ length: length * stride }, (_, k) => at(k));
  const targets = Array.from({ length }, (_, p) => (p * p + (p >> 2)) % classes);
  const input = (p: number) => Array.from(rows.subarray(p * stride, p * stride + features));
  const gram = innerProducts(rows, length, stride, features);

  test("the nearest neighbour is that of the distances themselves", () => {
    const distance = (p: number, j: number) => Math.hypot(...input(p).map((x, i) => x - (input(j)[i] as number)));
    const expected = targets.map((_, p) => {
      if (p === 0) return 0;
      const distances = Array.from({ length: p }, (_, j) => distance(p, j));
      return targets[distances.indexOf(Math.min(...distances))];
    });
    expect([...nearestNeighbour(gram, targets)]).toEqual(expected);
  });

  test("ridge is that of the normal equations of each beginning", () => {
    const unit = (p: number) => [...input(p).map((x) => x / Math.hypot(...input(p))), 1];
    const expected = targets.map((_, p) => {
      // (X' X + c I) w = X' y, over the features and the constant one.
      const n = features + 1;
      const seen = Array.from({ length: p }, (_, j) => unit(j));
      const normal = Array.from({ length: n }, (_, a) =>
        Array.from({ length: n }, (_, b) => {
          return seen.reduce((sum, x) => sum + (x[a] as number) * (x[b] as number), a === b ? RIDGE_PENALTY : 0);
        }),
      );
      const scores = Array.from({ length: classes }, (_, c) => {
        const right = Array.from({ length: n }, (_, a) =>
          seen.reduce((sum, x, j) => sum + (x[a] as number) * ((targets[j] === c ? 1 : 0) - 1 / classes), 0),
        );
        return solve(normal, right).reduce((sum, weight, a) => sum + weight * (unit(p)[a] as number), 0);
      });
      return scores.indexOf(Math.max(...scores));
    });
    expect(new Set(expected).size).toBe(classes);
    expect([...ridge(gram, targets, classes)]).toEqual(expected);
  });

  test("none looks at its own label or at what comes after", () => {
    for (const name of names) {
      const whole = CLASSIFIERS[name](gram, targets, classes);
      for (let p = 0; p < length; p++) {
        const other = targets.map((label, j) => (j < p ? label : (label + 1) % classes));
        expect(CLASSIFIERS[name](gram, other, classes)[p]).toBe(whole[p]);
        const changed = rows.map((value, k) => (k < (p + 1) * stride ? value : value * 3 + 1));
        expect(CLASSIFIERS[name](innerProducts(changed, length, stride, features), targets, classes)[p]).toBe(whole[p]);
      }
    }
  });

  test("the factor times itself is the matrix", () => {
    const n = 3;
    // L = [[2, 0, 0], [1, 3, 0], [-1, 2, 1]], all of it exact.
    expect([...cholesky(Float64Array.of(4, 2, -2, 2, 10, 5, -2, 5, 6), n)]).toEqual([2, 0, 0, 1, 3, 0, -1, 2, 1]);
  });

  test("gain is the last quarter less the first, with the error of its mean", () => {
    // Two sequences of 8: gains 1 and 0, mean 1/2, sample variance 1/2, so that of the mean 1/4.
    const right = Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1);
    expect(gain(right, 8)).toEqual({ mean: 0.5, standardError: 0.5 });
    expect([...curve(right, 8)]).toEqual([0.5, 0, 0, 0, 0, 0, 0.5, 1]);
  });
});

/** Gauss and Jordan's elimination with row pivots. */
function solve(matrix: number[][], right: number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i] as number]);
  const n = rows.length;
  for (let k = 0; k < n; k++) {
    const pivot = rows.slice(k).reduce((best, row) => (Math.abs(row[k]!) > Math.abs(best[k]!) ? row : best));
    rows.splice(rows.indexOf(pivot), 1);
    rows.splice(k, 0, pivot);
    for (const row of rows) {
      if (row === pivot) continue;
      const factor = row[k]! / pivot[k]!;
      for (let j = k; j <= n; j++) row[j]! -= factor * pivot[j]!;
    }
  }
  return rows.map((row, k) => row[n]! / row[k]!);
}

test("without the mean image linear attention finds what it hid, and nearest neighbors stay", async () => {
  const dataset = await trainingSet();
  const classifiers = { nearest: nearestNeighbour, linear: linearAttention };
  const shares = async (examples: Dataset) => {
    const batch = await sequences({ preset: "notebook" }, examples);
    const inputs = { data: batch.inputs.data as Float32Array, shape: batch.inputs.shape };
    const right = judge({ inputs, targets: batch.targets }, CLASSES, classifiers);
    return { nearest: share(right.nearest as Uint8Array), linear: share(right.linear as Uint8Array) };
  };
  const [plain, centered] = [await shares(dataset), await shares(dataset.transform(Center.of(dataset)))];
  // Distances do not know of a mean; bytes are rounded once more.
  expect(Math.abs(centered.nearest - plain.nearest)).toBeLessThan(0.01);
  // A share of 6,400 answers has a standard error of at most 0.00625, a difference of two 0.0089.
  expect(centered.linear - plain.linear).toBeGreaterThan(ERRORS * 0.0089);
  const chance = 1 / CLASSES;
  expect(plain.linear).toBeGreaterThan(chance);
}, 60_000);
