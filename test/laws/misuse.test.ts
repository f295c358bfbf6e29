import {
  Compose,
  Dataset,
  DatasetError,
  findLeaks,
  generationSeeds,
  InvalidOptionError,
  Lambda,
  LinearProjection,
  Normalize,
  openTasks,
  project,
  Resize,
  recipeOf,
  splitTaskSet,
  TargetPermutation,
  TaskAugmentor,
  type TaskAugmentorOptions,
} from "taskloom";
import { describe, expect, test } from "vitest";

const N = 100;
const make = () =>
  Dataset.from({
    images: Uint8Array.from({ length: 4 * N }, (_, i) => i % 256),
    targets: Uint16Array.from({ length: N }, (_, i) => i % 4),
    shape: [4],
    name: "small",
  });
const dataset = make();
const tasksOf = (options: object = {}) =>
  new TaskAugmentor({ workers: 0, backend: "wasm", sequenceLength: 3, ...options } as TaskAugmentorOptions);
const first = async (walk: AsyncIterable<unknown>) => {
  for await (const batch of walk) return batch;
  return undefined;
};
// Calls that types refuse.
const any = (value: unknown) => value as never;
const matrix = { dtype: "float32", data: new Float32Array(4), shape: [2, 2] } as const;
const projection = () => new LinearProjection({ inFeatures: 4, task: 0 });
const permutation = () => new TargetPermutation({ classes: 3, task: 0 });
const bytes = new Uint8Array(4);
const large = { sequenceLength: 2 ** 26, outFeatures: 784 };

type Case = readonly [what: string, call: () => unknown, message: RegExp];

const options: Case[] = [
  ["a name with a dot", () => new TaskAugmentor(any({ "a.b": 1 })), /^a\.b is 1; allowed: no option of this name/],
  [
    "a nested one",
    () => tasksOf({ episode: { ways: 1, shots: 1, "x.y": 2 } }),
    /^episode\.x\.y is 2; allowed: null or/,
  ],
  ["__proto__", () => new TaskAugmentor(JSON.parse('{"__proto__": 1}')), /^__proto__ is 1; allowed: no option of this/],
  ["a list", () => new TaskAugmentor(any([])), /^options is \[\]; allowed: an object$/],
  ["a map", () => new TaskAugmentor(any(new Map())), /^options is .*; allowed: an object$/],
  ["a date", () => new TaskAugmentor(any(new Date(0))), /^options is .*; allowed: an object$/],
  ["null", () => new TaskAugmentor(any(null)), /^options is null; allowed: an object$/],
  ["a list of identities", () => tasksOf({ identity: [] }), /^identity is \[\]; allowed: true, false, a share/],
  ["a list for an episode", () => tasksOf({ episode: [] }), /^episode\.ways is undefined/],
  ["a share", () => tasksOf({ fixed: { share: 2 } }), /^fixed\.share is 2; allowed: true, false, a number from 0 to 1/],
  ["a point", () => tasksOf({ identity: [[0.5, 1]] }), /^identity is \[\[0\.5,1\]\]; allowed: true, false, a share/],
  ["a mean", () => tasksOf({ inputScaling: { mean: "x", standardDeviation: 1 } }), /^inputScaling is/],
  ["half a range", () => tasksOf({ exampleRange: [5] }), /^exampleRange\.1 is undefined; allowed: an integer from 1/],
  ["tune", () => tasksOf({ tune: 1 }), /^tune is 1; allowed: true or false$/],
  ["a name with a dot, to openTasks", () => openTasks("{}", any({ "a.b": 1 })), /^a\.b is 1/],
  ["a list, to openTasks", () => openTasks("{}", any([])), /^options is \[\]/],
];

const SEED = /allowed: a bigint from 0n to 2n \*\* 64n - 1n, or an integer from 0 to 2 \*\* 53 - 1$/;
const seeds: Case[] = [-1, 1.5, 2 ** 53, "1", null, -1n, 2n ** 64n, Number.NaN].flatMap((seed): Case[] => [
  [`seed ${String(seed)}`, () => tasksOf({ seed }), SEED],
  [`a projection's ${String(seed)}`, () => new LinearProjection(any({ inFeatures: 1, task: 0, seed })), SEED],
  [`a shuffle's ${String(seed)}`, () => openTasks("{}", any({ shuffleSeed: seed })), SEED],
]);

const augmentor: Case[] = [
  ["no dataset", () => tasksOf().transform(any(undefined)), /^dataset is undefined; allowed: a Dataset/],
  ["null", () => tasksOf().batch(any(null), 0), /^dataset is null; allowed: a Dataset/],
  ["an object", () => tasksOf().batch(any({}), 0), /^dataset is \{\}; allowed: a Dataset/],
  ["null, walked", () => first(tasksOf().batches(any(null))), /^dataset is null/],
  ["null, on a GPU", () => first(tasksOf().gpuBatches(any(null))), /^dataset is null/],
  ["null, for a projection", () => tasksOf().linearProjection(0, any(null)), /^dataset is null/],
  ["an object, for a permutation", () => tasksOf().targetPermutation(0, any({})), /^dataset is \{\}/],
  ["null, for a recipe", () => recipeOf(tasksOf(), any(null)), /^dataset is null/],
  ["no augmentor", () => recipeOf(any(null), dataset), /^tasks is null; allowed: a TaskAugmentor/],
  ["a bigint", () => tasksOf().batch(dataset, any(0n)), /^start is 0n; allowed: an integer from 0 to 0/],
  ["a bigint's end", () => tasksOf().batch(dataset, 0, any(1n)), /^stop is 1n/],
  ["a task", () => tasksOf().linearProjection(any(0n), dataset), /^task is 0n/],
  ["options null", () => tasksOf().transform(dataset, any(null)), /^options is null/],
  ["options of a batch", () => tasksOf().batch(dataset, 0, 1, any(null)), /^options is null/],
  ["options of a walk", () => first(tasksOf().batches(dataset, any(null))), /^options is null/],
  ["a signal", () => tasksOf().batch(dataset, 0, 1, any({ signal: 5 })), /^signal is 5; allowed: an AbortSignal/],
  [
    "a walk's",
    () => first(tasksOf().batches(dataset, any({ signal: {} }))),
    /^signal is \{\}; allowed: an AbortSignal/,
  ],
  ["an unknown name", () => first(tasksOf().batches(dataset, any({ batchsize: 3 }))), /^batchsize is 3; .* no option/],
  ["reuse", () => first(tasksOf().batches(dataset, any({ reuse: 3 }))), /^reuse is 3; allowed: true or false/],
  ["batchSize", () => first(tasksOf().batches(dataset, any({ batchSize: 1n }))), /^batchSize is 1n/],
  [
    "a sequence too long for an array",
    () => tasksOf(large).batch(dataset, 0),
    /^the result is "\d+ bytes"; .*sequenceLength/,
  ],
  ["walked", () => first(tasksOf(large).batches(dataset)), /^the result is "\d+ bytes"; .*sequenceLength/],
  ["the longest", () => tasksOf({ ...large, sequenceLength: 2 ** 31 - 1 }).batch(dataset, 0), /^the result is/],
  [
    "a batch too large",
    () => first(tasksOf({ taskCount: 2 ** 32 }).batches(dataset, { batchSize: 2 ** 32 })),
    /^the result is "\d+ bytes"; allowed: what one array can hold here; walk batches\(\), of fewer tasks/,
  ],
  ["a task too large", () => tasksOf({ samplesPerTask: 2 ** 32 }).batch(dataset, 0), /^the result is/],
  ["a set too large", () => tasksOf({ taskCount: 2 ** 32 }).transform(dataset), /^the result is/],
];

const steps: Case[] = [
  ["no options", () => new LinearProjection(any(undefined)), /^options is undefined/],
  [
    "a missing one",
    () => new LinearProjection(any({ task: 0 })),
    /^inFeatures is undefined; allowed: an integer from 1/,
  ],
  ["a missing task", () => new LinearProjection({ inFeatures: 4 }), /^task is undefined; allowed: an integer from 0/],
  [
    "a deviation",
    () => new LinearProjection({ inFeatures: 4, task: 0, standardDeviation: 1e308 }),
    /^standardDeviation/,
  ],
  [
    "a tiny one",
    () => new LinearProjection({ inFeatures: 4, task: 0, standardDeviation: 1e-320 }),
    /^standardDeviation/,
  ],
  ["rows of a matrix", () => projection().matrix(any(0n)), /^start is 0n/],
  [
    "a matrix too large",
    () => new LinearProjection({ inFeatures: 2 ** 16, outFeatures: 2 ** 16, task: 0 }).matrix(),
    /^stop is 65536; .* 2 \*\* 31 bytes/,
  ],
  ["options of apply", () => projection().apply(bytes, any(null)), /^options is null/],
  ["examples", () => projection().apply(any([1, 2, 3, 4])), /^examples is \[1,2,3,4\]/],
  [
    "too many of them",
    () => new LinearProjection({ inFeatures: 1, outFeatures: 2 ** 20, task: 0 }).apply(new Uint8Array(2 ** 14)),
    /^the result is "68719476736 bytes"/,
  ],
  ["no labels", () => permutation().apply(any(null)), /^targets is null; allowed: a list or typed array/],
  ["a number for labels", () => permutation().apply(any(5)), /^targets is 5/],
  ["an object for labels", () => permutation().apply(any({ length: 2 ** 40 })), /^targets is \{/],
  ["a bigint label", () => permutation().apply(any([0n])), /^targets\[0\] is 0n; allowed: an integer from 0 to 2/],
  ["no matrix", () => project(any(null), new Float32Array(2)), /^matrix is null/],
  ["an empty matrix", () => project(any({}), new Float32Array(2)), /^matrix\.data is undefined/],
  ["no shape", () => project(any({ ...matrix, shape: null }), new Float32Array(2)), /^matrix\.shape is null/],
  [
    "a negative shape",
    () => project({ ...matrix, shape: [-2, -2] }, new Float32Array(2)),
    /^matrix\.shape is \[-2,-2\]/,
  ],
  ["half a row", () => project({ ...matrix, shape: [0.5, 8] }, new Float32Array(8)), /^matrix\.shape is \[0.5,8\]/],
  ["options of project", () => project(matrix, new Float32Array(2), any(null)), /^options is null/],
  ["no seeds", () => generationSeeds(any(null), 1), /^randomState is null/],
  [
    "too many seeds",
    () => generationSeeds(69, 2 ** 32),
    /^count is 4294967296; allowed: an integer from 0 to 134217728/,
  ],
];

const side = { options: {}, dataset };
const leaks: Case[] = [
  ["no sides", () => findLeaks(any(null), any(null)), /^first is null/],
  ["a side without its dataset", () => findLeaks(side, any({ options: {} })), /^dataset is undefined/],
  ["no split", () => splitTaskSet({}, any(null)), /^split is null/],
  ["an empty split", () => splitTaskSet({}, any({})), /^seenTasks is undefined; allowed: \[start, stop\]/],
  ["no range", () => splitTaskSet({}, any({ seenTasks: 3 })), /^seenTasks is 3/],
];

const datasets: Case[] = [
  ["nothing", () => Dataset.from(any(null)), /^dataset is null/],
  ["no targets", () => Dataset.from(any({ images: bytes, shape: [4] })), /^dataset: targets are undefined; allowed/],
  [
    "a number of targets",
    () => Dataset.from(any({ images: bytes, shape: [4], targets: 5 })),
    /^dataset: targets are 5/,
  ],
  [
    "a name",
    () => Dataset.from(any({ images: bytes, shape: [4], targets: [0], name: 5 })),
    /^name is 5; allowed: text/,
  ],
  ["an unknown field", () => Dataset.from(any({ images: bytes, shape: [4], targets: [0], class: 5 })), /^class is 5/],
  ["an index", () => dataset.at(any(0n)), /^index is 0n/],
  ["a bound", () => dataset.slice(any(0n)), /^start is 0n/],
  ["no number", () => dataset.slice(0, Number.NaN), /^stop is NaN/],
  ["no transform", () => dataset.transform(any(null)), /^transform is null; allowed: a transform/],
  ["a function", () => dataset.transform(any((x: unknown) => x)), /^transform is a function; .*Lambda/],
  ["no list", () => new Compose(any(undefined)), /^transforms is undefined/],
  ["a list of nothing", () => new Compose(any([null])), /^transforms\[0\] is null/],
  ["no map", () => new Lambda(any(null)), /^map is null; allowed: a function/],
  ["a map to nothing", () => dataset.transform(new Lambda(() => any(null))), /^Lambda: returned null; allowed/],
  ["a map to an object", () => dataset.transform(new Lambda(() => any({}))), /^Lambda: returned \{\}; allowed/],
  ["a transform to nothing", () => dataset.transform({ name: "own", apply: () => any(null) }), /^own: returned null/],
  ["no deviations", () => new Normalize(any(null)), /^options is null/],
  ["options of Resize", () => new Resize(5, any(null)), /^options is null/],
  ["a side", () => new Resize(2 ** 20), /^size is 1048576; allowed: an integer from 1 to 65536/],
];

const set = await openTasks(await recipeOf(tasksOf({ taskCount: 2 ** 32 }), dataset), {
  dataset,
  workers: 0,
  backend: "wasm",
});
const loader: Case[] = [
  ["an index", () => set.at(any(0n)), /^index is 0n/],
  ["options of at", () => set.at(0, any(null)), /^options is null/],
  ["a signal", () => set.range(0, 1, any({ signal: 5 })), /^signal is 5/],
  ["a range too large", () => set.range(0, 2 ** 32), /^the result is "\d+ bytes"/],
  ["no options", () => set.batches(any(null)), /^options is null/],
  ["a list of options", () => set.batches(any([])), /^options is \[\]/],
  ["an unknown option", () => set.batches(any({ "a.b": 1 })), /^a\.b is 1; allowed: no option of this name/],
  ["a batch too large", () => set.batches({ batchSize: 2 ** 32 }), /^the result is "\d+ bytes"; .*of fewer tasks/],
  ["buffers too large", () => set.gpuBatches(any({ batchSize: 2 ** 32, device: { queue: 1 } })), /^the result is/],
  ["no dataset", () => openTasks(set.recipe, any({ dataset: {} })), /^dataset is \{\}; allowed: a Dataset/],
  [
    "half a dataset",
    () => openTasks(set.recipe, any({ dataset: { digest: () => "" } })),
    /^dataset is \{\}; allowed: a Dataset, as/,
  ],
];

describe.each(Object.entries({ options, seeds, augmentor, steps, leaks, datasets, loader }))(
  "misuse is a typed error that says what is allowed: %s",
  (_, cases) => {
    test.each(cases)("%s", async (_what, call, message) => {
      const error = await (async () => call())().then(
        (value) => expect.fail(`no error but ${String(value)}`),
        (reason) => reason,
      );
      expect([InvalidOptionError, DatasetError]).toContain(error.constructor);
      expect(error.message).toMatch(message);
      // The words of the schema library are not for users.
      expect(error.message).not.toMatch(/Invalid (type|key|value)|Expected/);
    });
  },
);

test("labels written over after a plan was made are refused, before they are out of the module's bounds", async () => {
  const changed = make();
  using planned = tasksOf();
  await recipeOf(planned, changed);
  changed.targets[7] = 60000;
  await expect(planned.transform(changed)).rejects.toThrow(DatasetError);
  await expect(planned.transform(changed)).rejects.toThrow(/^small: target 7 is 60000 now, of 4 classes/);
  using fresh = tasksOf({ classSubset: [0, 1] });
  await expect(fresh.transform(changed)).rejects.toThrow(/target 7 is 60000 now/);
});

test("-0 is 0", async () => {
  using tasks = tasksOf({ taskOffset: -0 });
  expect(Object.is(tasks.taskOffset, 0)).toBe(true);
  expect(Object.is((await recipeOf(tasks, dataset)).taskOffset, 0)).toBe(true);
});
