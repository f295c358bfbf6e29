import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as everywhere from "taskloom";
import * as gpu from "taskloom/gpu";
import * as node from "taskloom/node";
import { afterAll, describe, expect, test } from "vitest";

/**
 * Every public function, constructor and method of the three modules with its arguments, given what it does not take. The
 * names are taken from the modules: an export without a row is a failure.
 */

const { Center, Compose, ConvertImageDtype, Dataset, Flatten, Grayscale, Lambda, Normalize, Resize } = everywhere;
const { LinearProjection, openTasks, recipeOf, TargetPermutation, TaskAugmentor, TaskloomError } = everywhere;

/** What a caller may hold by mistake. */
const WRONG: Record<string, unknown> = {
  null: null,
  undefined: undefined,
  number: 5,
  fraction: 0.5,
  text: "x",
  flag: true,
  bigint: 10n ** 30n,
  symbol: Symbol("x"),
  list: [],
  "list of null": [null],
  object: {},
  "other object": { wrong: 1 },
  function: () => undefined,
};
type Kind = keyof typeof WRONG;

interface Argument {
  /** The name as messages have it. A field of an object may be named instead. */
  readonly name: string;
  /** A value that fits. */
  readonly good: unknown;
  /** The wrong values that are none for this argument. */
  readonly takes: readonly Kind[];
  /** Fields of the argument that a message may name instead of it. */
  readonly fields: readonly string[];
}

/** A function with its arguments. */
interface Row {
  readonly call: (...values: never[]) => unknown;
  readonly arguments: readonly Argument[];
}

const argument =
  (takes: readonly Kind[], ...fields: string[]) =>
  (name: string, good: unknown): Argument => ({ name, good, takes, fields });
const any = (value: unknown) => value as never;

const dataset = Dataset.from({
  images: Uint8Array.from({ length: 80 }, (_, i) => i),
  targets: Array.from({ length: 20 }, (_, i) => i % 4),
  shape: [2, 2],
  name: "small",
});
const taskOptions = { seed: 1, taskCount: 8, sequenceLength: 3, workers: 0, backend: "wasm" } as const;
const tasks = new TaskAugmentor(taskOptions);
const recipe = await recipeOf(tasks, dataset);
const folder = mkdtempSync(join(tmpdir(), "taskloom-arguments-"));
afterAll(() => rmSync(folder, { recursive: true }));
await node.generate(dataset, { ...taskOptions, out: folder });
const zarr = join(folder, "zarr");
await node.generate(dataset, { ...taskOptions, out: zarr, format: "zarr" });
const store = await node.openStoreFolder(folder);
const set = await openTasks(recipe, { dataset, workers: 0, backend: "wasm" });
const projection = new LinearProjection({ inFeatures: 4, task: 0 });
const permutation = new TargetPermutation({ classes: 4, task: 0 });
const matrix = { dtype: "float32", data: new Float32Array(4), shape: [2, 2] };
const features = Dataset.from({ images: Float32Array.of(1, 2), targets: [0, 1], shape: [1] });
const images = { data: new Uint8Array(4), shape: [2, 2], dtype: "uint8", count: 1 };
const floats = { data: new Float32Array(4), shape: [2, 2], dtype: "float32", count: 1 };
/** What is a device as far as arguments are concerned. */
const device = { queue: {}, limits: {}, features: new Set(), createComputePipelineAsync: () => undefined };
const tensor = { dtype: "float32", shape: [2, 2], buffer: { destroy: () => undefined }, offset: 0, size: 16 };

const options = argument(["undefined", "object"], "wrong");
const optional = argument(["undefined"]);
const text = argument(["text"]);
const theDataset = argument([])("dataset", dataset);
const theDevice = argument([])("device", device);
const theProjection = argument([])("projection", projection);
const theBatch = argument([], "batch.inputs", "batch.device")("batch", { device, inputs: tensor });
const source = argument(["text"])("source", "x");
const transformed = (batch: unknown) => argument([])("batch", batch);

const row = (call: (...values: never[]) => unknown, ...list: Argument[]): Row => ({ call, arguments: list });
const first = async (walk: AsyncIterator<unknown>) => (await walk.next()).value;

/** Names that are no functions, and classes of errors, which nobody needs to make. */
const NO_FUNCTIONS = ["PRESETS", "FILES", "FORMATS"];
/** Members that the declarations do not have, and those without arguments. */
const NO_MEMBERS: Record<string, readonly string[]> = {
  Center: ["clamped"],
  Dataset: ["digest", "moments", "range", "firstOf"],
  StoreReader: ["open", "close"],
  TargetPermutation: ["permutation"],
  TaskAugmentor: [
    ...["taskCount", "taskOffset", "describeBackend", "dispose"],
    ...["stream", "items", "itemBuffers", "plan", "planned", "options"],
  ],
};
/** Classes that are made by other functions. */
const NOT_MADE = ["Dataset", "StoreReader"];

const rows: Record<string, Row> = {
  Center: row((o) => new Center(o), argument([], "mean", "dtype", "wrong")("options", { mean: 1 })),
  "Center.of": row((d, o) => Center.of(d, o), theDataset, options("options", {})),
  "Center#apply": row((b) => new Center({ mean: 1 }).apply(b), transformed(images)),
  Compose: row((t) => new Compose(t), argument(["list"], "transforms[0]")("transforms", [new Flatten()])),
  "Compose#apply": row((b) => new Compose([]).apply(b), transformed(images)),
  ConvertImageDtype: row((d) => new ConvertImageDtype(d), argument([])("dtype", "uint8")),
  "ConvertImageDtype#apply": row((b) => new ConvertImageDtype("uint8").apply(b), transformed(images)),
  Flatten: row(() => new Flatten()),
  "Flatten#apply": row((b) => new Flatten().apply(b), transformed(images)),
  Grayscale: row(() => new Grayscale()),
  "Grayscale#apply": row((b) => new Grayscale().apply(b), transformed(images)),
  Lambda: row(
    (m) => new Lambda(m),
    argument(["function"])("map", (x: unknown) => x),
  ),
  "Lambda#apply": row((b) => new Lambda((x) => x).apply(b), transformed(images)),
  Normalize: row((o) => new Normalize(o), argument([], "mean", "std", "wrong")("options", { mean: 1, std: 1 })),
  "Normalize#apply": row((b) => new Normalize({ mean: 1, std: 1 }).apply(b), transformed(floats)),
  Resize: row((s, o) => new Resize(s, o), argument(["number"])("size", 2), options("options", {})),
  "Resize#apply": row((b) => new Resize(1).apply(b), transformed(images)),

  "Dataset.from": row((i) => Dataset.from(i), argument([], "wrong", "shape")("dataset", { ...dataset })),
  "Dataset#at": row((i) => dataset.at(i), argument(["number"])("index", 0)),
  "Dataset#head": row((n) => dataset.head(n), argument(["number"])("count", 1)),
  "Dataset#quantize": row(
    (o) => features.quantize(o),
    argument([], "bits", "max", "scale", "wrong")("options", { bits: 16 }),
  ),
  "Dataset#slice": row(
    (a, b) => dataset.slice(a, b),
    argument(["undefined", "number", "fraction"])("start", 0),
    argument(["undefined", "number", "fraction"])("stop", 1),
  ),
  "Dataset#transform": row((t) => dataset.transform(t), argument([])("transform", new Flatten())),

  LinearProjection: row(
    (o) => new LinearProjection(o),
    argument([], "wrong", "inFeatures")("options", { inFeatures: 1, task: 0 }),
  ),
  "LinearProjection#apply": row(
    (x, o) => projection.apply(x, o),
    argument([])("examples", new Uint8Array(4)),
    options("options", {}),
  ),
  "LinearProjection#matrix": row((a, b) => projection.matrix(a, b), optional("start", 0), optional("stop", 1)),
  TargetPermutation: row(
    (o) => new TargetPermutation(o),
    argument([], "wrong", "classes")("options", { classes: 1, task: 0 }),
  ),
  "TargetPermutation#apply": row((t) => permutation.apply(t), argument(["list"], "targets[0]")("targets", [0])),
  TaskAugmentor: row((o) => new TaskAugmentor(o), options("options", {})),
  "TaskAugmentor#transform": row((d, o) => tasks.transform(d, o), theDataset, options("options", {})),
  "TaskAugmentor#batch": row(
    (d, a, b, o) => tasks.batch(d, a, b, o),
    theDataset,
    argument(["number"])("start", 0),
    argument(["undefined", "number"])("stop", 1),
    options("options", {}),
  ),
  "TaskAugmentor#batches": row((d, o) => first(tasks.batches(d, o)), theDataset, options("options", {})),
  "TaskAugmentor#gpuBatches": row((d, o) => first(tasks.gpuBatches(d, o)), theDataset, options("options", {})),
  "TaskAugmentor#linearProjection": row(
    (t, d) => tasks.linearProjection(t, d),
    argument(["number"])("task", 0),
    theDataset,
  ),
  "TaskAugmentor#targetPermutation": row(
    (t, d) => tasks.targetPermutation(t, d),
    argument(["number"])("task", 0),
    theDataset,
  ),
  "StoreReader#read": row(
    (f, n, s) => store.read(f, n, s),
    argument(["number"])("first", 0),
    argument(["undefined", "number"])("count", 1),
    argument(["undefined"])("signal", undefined),
  ),
  // The set that openTasks gives is a class that is not exported.
  "TaskSet#at": row((i, o) => set.at(i, o), argument(["number"])("index", 0), options("options", {})),
  "TaskSet#range": row(
    (a, b, o) => set.range(a, b, o),
    argument(["number"])("start", 0),
    argument(["number"])("stop", 1),
    options("options", {}),
  ),
  "TaskSet#batches": row((o) => set.batches(o), options("options", {})),
  "TaskSet#gpuBatches": row((o) => first(set.gpuBatches(o)), options("options", {})),

  findLeaks: row(
    (a, b) => everywhere.findLeaks(a, b),
    argument([], "dataset", "wrong")("first", { options: {}, dataset }),
    argument([], "dataset", "wrong")("second", { options: {}, dataset }),
  ),
  generationSeeds: row(
    (r, n, f) => everywhere.generationSeeds(r, n, f),
    argument(["number"])("randomState", 1),
    argument(["number"])("count", 1),
    argument(["undefined", "number"])("first", 0),
  ),
  gpuMatrix: row(
    (d, p, a, b) => everywhere.gpuMatrix(d, p, a, b),
    ...[theDevice, theProjection, optional("start", 0), optional("stop", 1)],
  ),
  gpuNormalize: row(
    (b, s, o) => everywhere.gpuNormalize(b, s, o),
    theBatch,
    argument([], "statistics.shape")("statistics", tensor),
    options("options", {}),
  ),
  gpuProject: row(
    (d, m, x) => everywhere.gpuProject(d, m, x),
    theDevice,
    argument([], "matrix.data")("matrix", matrix),
    argument([])("examples", new Float32Array(2)),
  ),
  gpuStatistics: row((b, o) => everywhere.gpuStatistics(b, o), theBatch, options("options", {})),
  openStore: row((s, o) => everywhere.openStore(s, o), argument([])("source", any(new Map())), options("options", {})),
  openTasks: row((s, o) => everywhere.openTasks(s, o), source, options("options", {})),
  parseRecipe: row(
    (t, s) => everywhere.parseRecipe(t, s),
    text("text", "x"),
    argument(["undefined", "text"])("source", "x"),
  ),
  project: row(
    (m, x, o) => everywhere.project(m, x, o),
    argument([], "matrix.data")("matrix", matrix),
    argument([])("examples", new Float32Array(2)),
    options("options", {}),
  ),
  readCifar: row((s, o) => everywhere.readCifar(s, o), source, options("options", {})),
  readCsv: row((s, o) => everywhere.readCsv(s, o), source, options("options", {})),
  readDataset: row((s, o) => everywhere.readDataset(s, o), source, options("options", {})),
  readImageFolder: row((s, o) => everywhere.readImageFolder(s, o), source, options("options", {})),
  readNpy: row(
    (s, o) => everywhere.readNpy(s, o),
    argument([])("source", { images: "x", labels: "x" }),
    options("options", {}),
  ),
  readNpz: row((s, o) => everywhere.readNpz(s, o), source, options("options", {})),
  readParquet: row((s, o) => everywhere.readParquet(s, o), source, options("options", {})),
  readIdx: row((s, o) => everywhere.readIdx(s, o), source, options("options", {})),
  readIdxDataset: row(
    (o) => everywhere.readIdxDataset(o),
    argument([], "wrong", "images")("options", { images: "x", labels: "x" }),
  ),
  recipeOf: row((t, d) => recipeOf(t, d), argument([])("tasks", tasks), theDataset),
  splitTaskSet: row(
    (o, s) => everywhere.splitTaskSet(o, s),
    argument(["object"], "wrong")("options", {}),
    argument(
      [],
      "seenTasks",
      "wrong",
    )("split", {
      ...{ seenTasks: [0, 1], unseenTasks: [1, 2], seenExamples: [0, 1], unseenExamples: [1, 2] },
    }),
  ),
  standardizeBatch: row(
    (b, o) => everywhere.standardizeBatch(b, o),
    argument([], "batch.inputs")("batch", { inputs: matrix }),
    options("options", {}),
  ),

  generate: row((d, o) => node.generate(d, o), theDataset, argument([], "wrong", "out")("options", { out: folder })),
  inspect: row((p, o) => node.inspect(p, o), text("path", folder), options("options", {})),
  inspectDataset: row((d, o) => node.inspectDataset(d, o), theDataset, options("options", {})),
  mnist: row((o) => node.mnist(o), options("options", {})),
  openDataset: row((n, o) => node.openDataset(n, o), text("source", "mnist"), options("options", {})),
  openStoreFolder: row((p, o) => node.openStoreFolder(p, o), text("path", folder), options("options", {})),
  "openTasks of taskloom/node": row((s, o) => node.openTasks(s, o), source, options("options", {})),
  preview: row((p, o) => node.preview(p, o), text("path", folder), options("options", {})),
  readFolder: row((p, o) => node.readFolder(p, o), text("path", "x"), options("options", {})),
  verify: row((p, o) => node.verify(p, o), text("path", folder), options("options", {})),
  finish: row((p, o) => node.finish(p, o), text("path", zarr), options("options", {})),
};

/** The names of a module's functions, and of the classes' methods. */
function namesOf(module: object): string[] {
  return Object.entries(module).flatMap(([name, value]): string[] => {
    if (NO_FUNCTIONS.includes(name)) return [];
    expect(typeof value, name).toBe("function");
    if (value === TaskloomError || value.prototype instanceof TaskloomError) return [];
    if (!/^class\b/.test(String(value))) return [name];
    const left = [...(NO_MEMBERS[name] ?? []), "constructor"];
    const members = Object.getOwnPropertyNames(value.prototype).filter((member) => !left.includes(member));
    const statics = Object.getOwnPropertyNames(value).filter((member) => typeof value[member] === "function");
    return [
      ...(NOT_MADE.includes(name) ? [] : [name]),
      ...members.map((member) => `${name}#${member}`),
      ...statics.filter((member) => !left.includes(member)).map((member) => `${name}.${member}`),
    ];
  });
}

test("every export has a row", () => {
  const names = [everywhere, node, gpu].flatMap(namesOf);
  const known = Object.keys(rows).filter((name) => !/^TaskSet#| of /.test(name));
  expect([...new Set(names)].sort()).toEqual(known.sort());
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(set)).filter((name) => name !== "dispose");
  expect(Object.keys(rows).filter((name) => name.startsWith("TaskSet#"))).toEqual(
    methods.filter((name) => name !== "constructor").map((name) => `TaskSet#${name}`),
  );
});

const taking = Object.entries(rows).filter(([, { arguments: list }]) => list.length > 0);

describe.each(taking)("%s", (_, { call, arguments: list }) => {
  test.each(
    list.flatMap(({ name, takes }, i) =>
      Object.keys(WRONG)
        .filter((kind) => !takes.includes(kind))
        .map((kind) => [name, kind, i] as const),
    ),
  )("%s is %s", async (name, kind, place) => {
    const values = list.map(({ good }, i) => (i === place ? WRONG[kind] : good));
    let thrown: unknown;
    try {
      await call(...(values as never[]));
    } catch (error) {
      thrown = error;
    }
    expect(thrown, "nothing is thrown").toBeDefined();
    expect(thrown, String((thrown as Error).stack)).toBeInstanceOf(TaskloomError);
    const { option, message } = thrown as InstanceType<typeof everywhere.InvalidOptionError>;
    expect([name, ...(list[place]?.fields ?? [])], message).toContain(option);
  });
});
