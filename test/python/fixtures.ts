import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  Center,
  Dataset,
  InvalidOptionError,
  type LoaderOptions,
  type LoaderState,
  openTasks,
  type Recipe,
  RecipeError,
  recipeOf,
  TaskAugmentor,
  type TaskAugmentorOptions,
} from "taskloom";
import { generate } from "taskloom/node";
import { featuresOf, quantizedRecipes } from "../support/quantized.js";
import { recipes } from "../support/recipes.js";
import { sha256, trainingSet } from "../support/support.js";
import { damagedRecipes } from "./damaged.js";

/** What the Python package is held to: recipes with the digests of their tasks, stores, and verdicts on damaged recipes. */

/** The datasets of the recipes, by the name of their file. */
type Data = "bytes" | "floats" | "compact" | "centered" | "centered16" | "int16" | "quantized";

const short = { taskCount: 3, sequenceLength: 12 } as const;

/** The recipes that other readers are held to, PyTorch's generator, floats, standardized results, renumbered labels. */
const sets: readonly (readonly [string, TaskAugmentorOptions, Data])[] = [
  ...recipes.map(([name, options]) => [name, options, "bytes"] as const),
  ["torch", { ...short, preset: "notebook-torch", seed: 69 }, "bytes"],
  ["torch, far away", { taskCount: 2, taskOffset: 1e9, preset: "notebook-torch", sequenceLength: 5 }, "bytes"],
  ["torch, samples", { preset: "notebook-torch", drawSequence: false, samples: 50, taskCount: 1000 }, "bytes"],
  ["torch, unit", { ...short, preset: "notebook-torch", inputScaling: "unit" }, "bytes"],
  ["torch, standard", { ...short, preset: "notebook-torch", inputScaling: "standard" }, "bytes"],
  ["notebook's grayscale", { ...short, inputScaling: "notebook" }, "bytes"],
  ["float32", { ...short, seed: 3 }, "floats"],
  ["float32, identity, float16", { ...short, identity: true, dtype: "float16" }, "floats"],
  ["float32, paper", { ...short, preset: "paper", outFeatures: 40 }, "floats"],
  ["float32, torch", { ...short, generator: "torch", outFeatures: 40 }, "floats"],
  ["each position standardized", { ...short, outputScaling: "example", outFeatures: 40 }, "bytes"],
  ["each position standardized, float16", { ...short, outputScaling: "example", dtype: "float16" }, "bytes"],
  ["the set standardized", { ...short, outputScaling: "set", outFeatures: 40 }, "bytes"],
  ["the set standardized as in the notebook", { ...short, samplesPerTask: 2, outputScaling: "notebook" }, "bytes"],
  ["one sequence a task, as in the notebook", { ...short, outputScaling: "notebook", outFeatures: 40 }, "bytes"],
  ["renumbered labels", { ...short, outFeatures: 16 }, "compact"],
  ["a mean image taken off", { ...short, outFeatures: 16 }, "centered"],
  ["a mean image taken off, int16", { ...short, preset: "paper", outFeatures: 40 }, "centered16"],
  ...quantizedRecipes.map(([name, bits, options]) => [name, options, bits === 16 ? "int16" : "quantized"] as const),
  ["int16, torch", { ...short, generator: "torch", outFeatures: 40 }, "int16"],
  ["int16, each position standardized", { ...short, outputScaling: "example", outFeatures: 40 }, "int16"],
  ["uint8 around 128, torch", { ...short, generator: "torch", outFeatures: 40 }, "quantized"],
];

async function datasets(): Promise<Record<Data, Dataset>> {
  const bytes = (await trainingSet()).head(300);
  const { targets, shape } = bytes;
  const floats = Float32Array.from(bytes.images, (value) => value / 255 - 0.1);
  // Labels such as 60000, 3 and -7.
  const labels = Int32Array.from(targets, (label) => label * 6667 - 3);
  const features = featuresOf(bytes.images, bytes.features);
  const dense = Dataset.from({ name: "features", images: features, targets, shape, classes: 10 });
  return {
    centered: bytes.transform(Center.of(bytes)),
    centered16: bytes.transform(Center.of(bytes, { dtype: "int16" })),
    int16: dense.quantize({ bits: 16 }),
    quantized: dense.quantize({ bits: 8 }),
    bytes: Dataset.from({ name: "bytes", images: bytes.images, targets, shape, classes: 10 }),
    floats: Dataset.from({ name: "floats", images: floats, targets, shape, classes: 10 }),
    compact: Dataset.from({ name: "compact", images: bytes.images, targets: labels, shape, classes: "compact" }),
  };
}

/** The values of an array as an IDX file. */
function idx(type: number, shape: readonly number[], values: Buffer): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE((type << 8) | shape.length);
  shape.forEach((size, axis) => {
    header.writeUInt32BE(size, 4 + 4 * axis);
  });
  return Buffer.concat([header, values]);
}

function writeDataset(folder: string, name: Data, dataset: Dataset): void {
  const { images, dtype, targets, shape, originalLabels } = dataset;
  const shapes = [dataset.length, ...shape];
  const bytes = Buffer.from(images.buffer, images.byteOffset, images.byteLength);
  const values = { uint8: bytes, int16: Buffer.from(bytes).swap16(), float32: Buffer.from(bytes).swap32() };
  const types = { uint8: 0x08, int16: 0x0b, float32: 0x0d };
  const labels = Int32Array.from(targets, (label) => originalLabels?.[label] ?? label);
  writeFileSync(join(folder, `${name}-images`), idx(types[dtype], shapes, values[dtype]));
  writeFileSync(join(folder, `${name}-labels`), idx(0x0c, [dataset.length], Buffer.from(labels.buffer).swap32()));
}

/** A whole set, or of one too large for that the last two items. */
function partOf(items: number): { start: number; stop: number } {
  return { start: items <= 600 ? 0 : items - 2, stop: items };
}

/** A recipe with the digests of its tasks. */
async function caseOf(name: string, options: TaskAugmentorOptions, data: Data, dataset: Dataset) {
  using tasks = new TaskAugmentor(options);
  const recipe = await recipeOf(tasks, dataset);
  await using set = await openTasks(recipe, { dataset, backend: "wasm", workers: 0 });
  const part = partOf(set.length);
  const { inputs, targets, labels } = await set.range(part.start, part.stop);
  const arrays = [inputs, targets, ...(labels ? [labels] : [])];
  return {
    name,
    data,
    options: { ...options, seed: String(options.seed ?? 0) },
    recipe: JSON.stringify(recipe),
    key: set.batches().state().recipe,
    items: set.length,
    ...part,
    arrays: arrays.map(({ dtype, shape, data: values }) => ({ dtype, shape, sha256: sha256(values) })),
  };
}

/** A recipe that is refused, or not, here: Python does the same. */
async function verdictOf(text: string, dataset: Dataset) {
  const source = new Blob([text]);
  // A recipe that can be read lacks its dataset here.
  const read = await openTasks(source).catch((error) => error);
  if (read instanceof RecipeError) return { text, parsed: false, opened: false };
  if (!(read instanceof InvalidOptionError)) throw read;
  try {
    await using set = await openTasks(source, { dataset, backend: "wasm", workers: 0 });
    return { text, parsed: true, opened: set.length > 0 };
  } catch (error) {
    if (!(error instanceof RecipeError)) throw error;
    return { text, parsed: true, opened: false };
  }
}

/** Stores of every format, with the options of each. */
const stores = (["npy", "safetensors", "zarr"] as const).flatMap((format) =>
  [
    { dtype: "float16" as const, samplesPerTask: 2 },
    { labelFormat: "integer" as const, specialTokens: 2, startToken: 1 },
    { targetDtype: "int64" as const, labelFormat: "integer" as const },
    ...(format === "zarr" ? [{ onehot: false, specialTokens: 1, startToken: 0 }] : []),
  ].map((options) => ({ format, options })),
);

/** Walks whose states are taken in one language and resumed in the other. */
const walks: readonly LoaderOptions[] = [
  { batchSize: 7, shuffle: true, epochs: 2 },
  { batchSize: 5, shuffle: "tasks", epochs: 2, dropLast: true },
  { batchSize: 10, epochs: 2 },
  { batchSize: 3, shuffle: true, reshuffle: false, epochs: 2, shard: { index: 1, count: 3 } },
  { batchSize: 4, shuffle: "chunks", chunkItems: 6, blockChunks: 2, epochs: 2, even: "pad" },
];

/** The walks of this language: the sequences of each batch, and the state after it. */
async function walksHere(recipe: Recipe, dataset: Dataset) {
  await using set = await openTasks(recipe, { dataset, backend: "wasm", workers: 0 });
  const found = [];
  for (const options of walks) {
    const batches = [];
    for await (const { indices, state } of set.batches(options)) batches.push({ indices: Array.from(indices), state });
    found.push({ options, batches });
  }
  return { recipe: JSON.stringify(recipe), walks: found };
}

/** A state that Python wrote, and the sequences of the batches that it has left. */
export interface Left {
  readonly options: LoaderOptions;
  readonly state: LoaderState;
  readonly rest: readonly (readonly number[])[];
}

/** What Python's states have left here. */
export async function restHere(folder: string, left: readonly Left[]): Promise<number[][][]> {
  const { recipe } = JSON.parse(readFileSync(join(folder, "fixtures.json"), "utf8")).loader;
  const dataset = (await datasets()).bytes;
  await using set = await openTasks(recipe, { dataset, backend: "wasm", workers: 0 });
  const found = [];
  for (const { state, options } of left) {
    const rest = [];
    const { shard } = options;
    for await (const { indices } of set.batches(shard ? { state, shard } : { state })) rest.push(Array.from(indices));
    found.push(rest);
  }
  return found;
}

export async function writeFixtures(folder: string): Promise<void> {
  const data = await datasets();
  for (const [name, dataset] of Object.entries(data)) writeDataset(folder, name as Data, dataset);
  const cases = [];
  for (const [name, options, kind] of sets) cases.push(await caseOf(name, options, kind, data[kind]));
  const written = [];
  for (const [i, { format, options }] of stores.entries()) {
    const { onehot, targetDtype, ...choices } = { onehot: true, targetDtype: undefined, ...options };
    const out = join(folder, `store-${i}`);
    const small = { taskCount: 23, seed: 7, sequenceLength: 5, outFeatures: 12, workers: 0, ...choices } as const;
    const where = format === "zarr" ? { format, chunkTasks: 4, onehot } : { format };
    await generate(data.bytes, { ...small, ...where, out, ...(targetDtype ? { targetDtype } : {}) });
    written.push({
      format,
      onehot,
      targetDtype,
      ...(await caseOf(`${format} ${i}`, small, "bytes", data.bytes)),
      folder: out,
    });
  }
  const verdicts = [];
  const base = JSON.parse(cases[1]?.recipe ?? "null");
  for (const text of damagedRecipes(base)) verdicts.push(await verdictOf(text, data.bytes));
  using tasks = new TaskAugmentor({ taskCount: 25, samplesPerTask: 2, sequenceLength: 4, outFeatures: 8, seed: 5 });
  const loader = await walksHere(await recipeOf(tasks, data.bytes), data.bytes);
  const scales = Object.fromEntries(Object.entries(data).map(([name, { scale }]) => [name, scale ?? null]));
  writeFileSync(join(folder, "fixtures.json"), JSON.stringify({ scales, cases, stores: written, verdicts, loader }));
}
