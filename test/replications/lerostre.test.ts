import {
  Compose,
  ConvertImageDtype,
  Dataset,
  Flatten,
  Grayscale,
  generationSeeds,
  type ImageTensor,
  Lambda,
  LinearProjection,
  Resize,
  TargetPermutation,
  TaskAugmentor,
  type TaskAugmentorOptions,
} from "taskloom";
import { beforeAll, expect, test } from "vitest";
import { type NotebookExamples, type NotebookOptions, notebookTransform, TorchGenerator } from "../support/notebook.js";
import { apart } from "../support/product.js";
import { trainingSet } from "../support/support.js";
import { firstOutside, torchCpu } from "../support/torch.js";

// Lerostre/gpicl, of which docs/replications.md has the table. The notebook's transform is evaluated in float64 from
// PyTorch's words (test/support/notebook.ts); these were compared with PyTorch itself in test/vectors/torch-cpu.json.

/** 300 digits of 7x7 pixels: 2401 values of a matrix, which are no multiple of PyTorch's 16. */
let digits: Dataset;
let examples: NotebookExamples;

beforeAll(async () => {
  digits = (await trainingSet()).head(300).transform(new Resize(7));
  examples = {
    // As the notebook's Grayscale leaves three equal channels.
    data: Float64Array.from(digits.images, (v) => Math.max(0, v - 1) / 255),
    targets: [...digits.targets],
    dim: 49,
  };
});

const there: NotebookOptions = {
  nTasks: 2,
  randomState: 69,
  drawSequence: true,
  sequenceLength: 20,
  normalize: false,
};
const here: TaskAugmentorOptions = {
  preset: "notebook-torch",
  seed: 69,
  taskCount: 2,
  sequenceLength: 20,
  workers: 0,
  backend: "wasm",
};

/** Expects what the notebook's transform makes of the digits, every value; returns both. */
async function expectNotebook(options: TaskAugmentorOptions, notebook: NotebookOptions) {
  using tasks = new TaskAugmentor(options);
  const batch = await tasks.transform(digits);
  const expected = notebookTransform(notebook, examples);
  expect([...batch.targets.data]).toEqual(expected.targets);
  expect(apart(batch.inputs.data, expected.data, (i) => expected.error[i]!)).toEqual([]);
  return { batch, expected };
}

test("g_transform: three channels, grey again, from 0 to 1", async () => {
  const repeat = ({ data, shape, dtype }: ImageTensor) => ({
    data: Uint8Array.from({ length: data.length * 3 }, (_, i) => data[Math.floor(i / 3)]!),
    shape: [...shape, 3],
    dtype,
  });
  const chain = [new Lambda(repeat), new Resize(28), new Grayscale(), new Flatten(), new ConvertImageDtype("float32")];
  const dataset = (await trainingSet()).head(50);
  const result = dataset.transform(new Compose(chain));
  expect(result.shape).toEqual([784]);
  // 0.2989 + 0.587 + 0.114 is 0.9999, and bytes are truncated: every grey level above 0 becomes the one below.
  expect(result.images).toEqual(Float32Array.from(dataset.images, (v) => Math.max(0, v - 1) / 255));
  // The preset reads pixels so without it.
  using tasks = new TaskAugmentor({ ...here, taskCount: 1, drawSequence: false, identity: true });
  expect((await tasks.transform(dataset)).inputs.data).toEqual(result.images);
});

test("rgb_transform: grey, 28 x 28, the sides of CIFAR's images exchanged", () => {
  const side = 32;
  const count = 3;
  const colours = Uint8Array.from({ length: count * side * side * 3 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 24);
  const transposed = ({ data, shape, dtype }: ImageTensor) => ({
    data: Uint8Array.from(data, (_, i) => {
      const [y, x, c] = [Math.floor(i / 3 / side), Math.floor(i / 3) % side, i % 3];
      return data[(x * side + y) * 3 + c]!;
    }),
    shape,
    dtype,
  });
  const tail = [new Grayscale(), new Resize(28), new Flatten(), new ConvertImageDtype("float32")];
  const dataset = Dataset.from({ images: colours, targets: [0, 1, 2], shape: [side, side, 3] });
  const cifar = dataset.transform(new Compose([new Lambda(transposed), ...tail]));
  const svhn = dataset.transform(new Compose(tail));
  expect(cifar.shape).toEqual([784]);

  // Each output pixel is a weighted mean with a triangle of half-width 32 / 28 around its centre.
  const scale = side / 28;
  const weights = Array.from({ length: 28 }, (_, i) => {
    const row = Array.from({ length: side }, (_, j) => Math.max(0, 1 - Math.abs(j + 0.5 - (i + 0.5) * scale) / scale));
    const sum = row.reduce((a, b) => a + b, 0);
    return row.map((weight) => weight / sum);
  });
  const grey = (image: number, y: number, x: number) => {
    const at = ((image * side + y) * side + x) * 3;
    return Math.floor(0.2989 * colours[at]! + 0.587 * colours[at + 1]! + 0.114 * colours[at + 2]!);
  };
  const expected = (image: number, y: number, x: number) => {
    let sum = 0;
    for (const [j, wy] of weights[y]!.entries()) {
      if (wy > 0) for (const [k, wx] of weights[x]!.entries()) sum += wx > 0 ? wy * wx * grey(image, j, k) : 0;
    }
    return sum / 255;
  };
  const upright = Array.from(svhn.images, (_, i) => expected(Math.floor(i / 784), Math.floor(i / 28) % 28, i % 28));
  const exchanged = upright.map((_, i) => upright[i - (i % 784) + (i % 28) * 28 + (Math.floor(i / 28) % 28)]!);
  // Half a grey level in each of the two passes, the weights' 15 bits over at most 5 taps of 255 each, and, where the
  // float32 sum of the colours falls on the other side of a whole number, one level.
  const bound = (0.5 + 0.5 + 2 * 5 * 255 * 2 ** -15 + 1) / 255;
  expect(apart(svhn.images, upright, () => bound)).toEqual([]);
  expect(apart(cifar.images, exchanged, () => bound)).toEqual([]);
});

test("SubLoader: all examples and labels as arrays, by index, counted, and transformed in a copy", async () => {
  const dataset = (await trainingSet()).head(5);
  expect([dataset.images.length, dataset.targets.length, dataset.length]).toEqual([5 * 784, 5, 5]);
  expect([...dataset.targets]).toEqual([5, 0, 4, 1, 9]);
  const { image, target } = dataset.at(2);
  expect(target).toBe(4);
  expect(image).toEqual(dataset.images.subarray(2 * 784, 3 * 784));
  const before = dataset.images.slice();
  const copy = dataset.transform(new Resize(14));
  expect(copy.shape).toEqual([14, 14]);
  expect([...copy.targets]).toEqual([...dataset.targets]);
  expect(dataset.images).toEqual(before);
});

test("n_tasks: as many tasks, each with a matrix and a permutation of its own", async () => {
  const { batch } = await expectNotebook({ ...here, taskCount: 5 }, { ...there, nTasks: 5 });
  expect(batch.targets.shape).toEqual([5, 20]);
});

test("data_dim: a square matrix of the dataset's own size", async () => {
  for (const side of [5, 7]) {
    const n = side * side;
    const dataset = (await trainingSet()).head(20).transform(new Resize(side));
    using tasks = new TaskAugmentor(here);
    const { shape, data } = await tasks.linearProjection(1, dataset).matrix();
    expect(shape).toEqual([n, n]);
    const seed = new TorchGenerator(69).randint(2 ** 32 - 1, 2)[1]!;
    const expected = new TorchGenerator(seed).normal(n * n, Math.fround(1 / n));
    expect(firstOutside(data, expected, 1 / n, 5)).toBeUndefined();
  }
});

test("random_state: PyTorch's own numbers of random_state 69", async () => {
  const { random_state, tasks: golden, flat_indices_50_of_240000, generation_seeds } = torchCpu;
  // The words that all tests here are built on.
  const words = () => new TorchGenerator(random_state);
  expect(words().randint(2 ** 32 - 1, 4)).toEqual(generation_seeds);
  expect(words().randint(240000, 50)).toEqual(flat_indices_50_of_240000);
  const forty = new TorchGenerator(5).normal(40, 1);
  // PyTorch is within 5 units of Taskloom, and Taskloom within 5 of the formulas (docs/torch.md).
  expect(firstOutside(forty, torchCpu.normal_seed5_numel40, 1, 15)).toBeUndefined();

  const mnist = await trainingSet();
  using augmentor = new TaskAugmentor({ ...here, seed: random_state, taskCount: 4, sequenceLength: 100 });
  const { inputs, targets } = await augmentor.transform(mnist);
  golden.forEach(({ permutation10, indices, projected_position0_first16 }, n) => {
    const labels = indices.map((i) => permutation10[mnist.targets[i]!]!);
    expect([...targets.data.subarray(n * 100, n * 100 + 100)]).toEqual(labels);
    const first = inputs.data.subarray(n * 79400, n * 79400 + 16);
    // Both sides are float32 products of 784 terms. |A| is at most sqrt(48 ln 2) / 784, the pixels at most 1 and of sum S:
    // each is within 2^-24 (5 + 784 + 3) sqrt(48 ln 2) S / 784 of the true product, PyTorch's entries 10 units instead.
    const x = mnist.at(indices[0]!).image;
    const sum = Array.from(x, (v) => Math.max(0, v - 1) / 255).reduce((a, b) => a + b, 0);
    const bound = (2 ** -24 * (5 + 10 + 2 * 787) * Math.sqrt(48 * Math.LN2) * sum) / 784;
    expect(apart(first, projected_position0_first16, () => bound)).toEqual([]);
  });
});

test("num_labels: always ten cells and ten labels, whatever the data has", async () => {
  const three = Dataset.from({
    images: digits.images,
    targets: Array.from(digits.targets, (label) => label % 3),
    shape: digits.shape,
    classes: 10,
  });
  using tasks = new TaskAugmentor(here);
  const { inputs, targets } = await tasks.transform(three);
  expect(inputs.shape).toEqual([2, 20, 59]);
  const expected = notebookTransform(there, { ...examples, targets: [...three.targets] });
  expect([...targets.data]).toEqual(expected.targets);
  expect(Math.max(...expected.targets)).toBeGreaterThan(2);
});

test("device: the backend and its threads change no number", async () => {
  const made = [];
  for (const workers of [0, 1]) {
    using tasks = new TaskAugmentor({ ...here, workers, backend: "wasm" });
    expect((await tasks.describeBackend()).name).toBe("wasm");
    made.push(await tasks.transform(digits));
  }
  expect(made[1]!.inputs.data).toEqual(made[0]!.inputs.data);
  const expected = notebookTransform(there, examples);
  expect(apart(made[1]!.inputs.data, expected.data, (i) => expected.error[i]!)).toEqual([]);
});

test("draw_sequence: without it, every example of every task, and no label cells", async () => {
  const { batch } = await expectNotebook({ ...here, drawSequence: false }, { ...there, drawSequence: false });
  expect(batch.inputs.shape).toEqual([2 * 300, 49]);
  expect(batch.targets.shape).toEqual([2 * 300]);
});

test("identity: one task that leaves inputs and labels as they are", async () => {
  const { batch } = await expectNotebook({ ...here, taskCount: 1, identity: true }, { ...there, identity: true });
  expect(batch.inputs.shape).toEqual([1, 20, 59]);
});

test("sequence_length: 100 where nothing is said", async () => {
  const { sequenceLength: _, ...rest } = here;
  const { batch } = await expectNotebook(rest, { ...there, sequenceLength: 100 });
  expect(batch.inputs.shape).toEqual([2, 100, 59]);
});

test("transform: another dataset under the same tasks", async () => {
  using tasks = new TaskAugmentor(here);
  await tasks.transform(digits);
  const others = (await trainingSet()).slice(300, 450).transform(new Resize(7));
  const data = Float64Array.from(others.images, (v) => Math.max(0, v - 1) / 255);
  const expected = notebookTransform(there, { data, targets: [...others.targets], dim: 49 });
  const { inputs, targets } = await tasks.transform(others);
  expect([...targets.data]).toEqual(expected.targets);
  expect(apart(inputs.data, expected.data, (i) => expected.error[i]!)).toEqual([]);
});

test("n_samples with sequences: so many of each task, one after the other", async () => {
  const { batch } = await expectNotebook({ ...here, samplesPerTask: 3 }, { ...there, nSamples: 3 });
  expect(batch.inputs.shape).toEqual([6, 20, 59]);
});

test("n_samples without sequences: drawn from all examples of all tasks, in order of the tasks", async () => {
  const notebook = { ...there, nTasks: 4, drawSequence: false, nSamples: 50 };
  const { batch } = await expectNotebook({ ...here, taskCount: 4, drawSequence: false, samples: 50 }, notebook);
  expect(batch.inputs.shape).toEqual([50, 49]);
});

test("normalize: each column over tasks and positions, the one-hots too", async () => {
  const { expected } = await expectNotebook(
    { ...here, samplesPerTask: 2, outputScaling: "notebook" },
    { ...there, nSamples: 2, normalize: true },
  );
  expect(Math.max(...expected.data.map(Math.abs))).toBeGreaterThan(1);
});

test("normalize without sequences: each column over the examples", async () => {
  await expectNotebook(
    { ...here, taskCount: 3, drawSequence: false, samples: 40, outputScaling: "notebook" },
    { ...there, nTasks: 3, drawSequence: false, nSamples: 40, normalize: true },
  );
});

test("normalize with one sample: not at all", async () => {
  const { batch } = await expectNotebook({ ...here, outputScaling: "notebook" }, { ...there, normalize: true });
  using plain = new TaskAugmentor(here);
  expect(batch.inputs.data).toEqual((await plain.transform(digits)).inputs.data);
});

test("prev_targets: the label before as a one-hot behind the input, zeros first", async () => {
  using tasks = new TaskAugmentor({ ...here, samplesPerTask: 2 });
  const { inputs, targets } = await tasks.transform(digits);
  for (let i = 0; i < 4 * 20; i++) {
    const cells = new Array<number>(10).fill(0);
    if (i % 20 > 0) cells[targets.data[i - 1]!] = 1;
    expect([...inputs.data.subarray(i * 59 + 49, i * 59 + 59)]).toEqual(cells);
  }
});

test("LinearProjection: the matrix of a random_state, and its product", async () => {
  const projection = new LinearProjection({ generator: "torch", seed: 1272380470, inFeatures: 49 });
  const { data } = await projection.matrix();
  const expected = new TorchGenerator(1272380470).normal(49 * 49, Math.fround(1 / 49));
  expect(firstOutside(data, expected, 1 / 49, 5)).toBeUndefined();
  const x = Float32Array.from(examples.data.subarray(0, 49));
  const projected = await projection.apply(x);
  const sums = Array.from({ length: 49 }, (_, i) => x.map((value, j) => Math.abs(value * data[i * 49 + j]!)));
  const products = sums.map((_, i) => x.reduce((sum, value, j) => sum + value * data[i * 49 + j]!, 0));
  const bound = (i: number) => 51 * 2 ** -24 * sums[i]!.reduce((a, b) => a + b, 0);
  expect(apart(projected.data, products, bound)).toEqual([]);
  const identity = new LinearProjection({ generator: "torch", seed: 1272380470, inFeatures: 49, identity: true });
  expect((await identity.apply(x)).data).toEqual(x);
});

test("TargetPermutation: the permutation of a random_state", async () => {
  const permutation = new TargetPermutation({ generator: "torch", seed: 1272380470, classes: 10 });
  const expected = new TorchGenerator(1272380470).randperm(10);
  expect(expected).toEqual(torchCpu.tasks[0]!.permutation10);
  expect([...(await permutation.permutation())]).toEqual(expected);
  expect([...(await permutation.apply([0, 9, 4]))]).toEqual([expected[0], expected[9], expected[4]]);
  const identity = new TargetPermutation({ generator: "torch", seed: 1272380470, classes: 10, identity: true });
  expect([...(await identity.apply([0, 9, 4]))]).toEqual([0, 9, 4]);
});

test("linear_projections and target_permutations: those of any task, made when asked for", async () => {
  using tasks = new TaskAugmentor({ ...here, taskCount: 4 });
  const seeds = new TorchGenerator(69).randint(2 ** 32 - 1, 4);
  for (const [task, seed] of seeds.entries()) {
    const { data } = await tasks.linearProjection(task, digits).matrix();
    const expected = new TorchGenerator(seed).normal(49 * 49, Math.fround(1 / 49));
    expect(firstOutside(data, expected, 1 / 49, 5)).toBeUndefined();
    const permutation = await tasks.targetPermutation(task, digits).permutation();
    expect([...permutation]).toEqual(new TorchGenerator(seed).randperm(10));
  }
});

test("_generation_seed: the seeds of the tasks", () => {
  expect(generationSeeds(69, 4)).toEqual([1272380470, 1724767435, 3474919369, 2559044203]);
  expect(generationSeeds(7, 1000)).toEqual(new TorchGenerator(7).randint(2 ** 32 - 1, 1000));
});
