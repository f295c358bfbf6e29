import { Compose, ConvertImageDtype, Normalize, TargetPermutation } from "taskloom";

/** What the classifiers are tried on. `relabel` replaces the targets of a batch. */
export const SETTINGS = [
  { name: "MNIST as it is", options: { preset: "notebook", identity: true } },
  { name: "tasks, preset notebook", options: { preset: "notebook" } },
  { name: "tasks, preset paper", options: { preset: "paper" } },
  { name: "labels permuted per example", options: { preset: "notebook" }, relabel: permuteEach },
];

/** Float32 features of MNIST, and the same in integers. `examples` makes the dataset of a setting. */
export const FEATURE_SETTINGS = [
  { name: "float32 features", options: { preset: "paper" }, examples: features },
  { name: "in 16 bits", options: { preset: "paper" }, examples: (mnist) => features(mnist).quantize({ bits: 16 }) },
  { name: "in 8 bits", options: { preset: "paper" }, examples: (mnist) => features(mnist).quantize({ bits: 8 }) },
];

function features(mnist) {
  const steps = [new ConvertImageDtype("float32"), new Normalize({ mean: 0.1307, std: 0.3081 })];
  return mnist.transform(new Compose(steps));
}

/**
 * A batch whose labels are permuted afresh at every position, each by the permutation of a task of its own. What is left
 * to learn is nothing: every label is uniform and independent of all the others.
 *
 * @param {import("taskloom").Batch} batch one sequence for each task
 * @param {number} classes
 * @returns {Promise<import("taskloom").Batch>}
 */
export async function permuteEach(batch, classes) {
  const data = batch.targets.data.slice();
  const [, length] = batch.targets.shape;
  for (let k = 0; k < data.length; k++) {
    const task = batch.tasks.start * length + k;
    const labels = new TargetPermutation({ seed: 2n ** 64n - 1n, task, classes });
    [data[k]] = await labels.apply([data[k]]);
  }
  return { ...batch, targets: { ...batch.targets, data } };
}
