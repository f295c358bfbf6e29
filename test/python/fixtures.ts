import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  Dataset,
  InvalidOptionError,
  openTasks,
  RecipeError,
  recipeOf,
  TaskAugmentor,
  type TaskAugmentorOptions,
} from "taskloom";
import { generate } from "taskloom/node";
import { recipes } from "../support/recipes.js";
import { sha256, trainingSet } from "../support/support.js";
import { damagedRecipes } from "./damaged.js";

/** What the Python package is held to: recipes with the digests of their tasks, stores, and verdicts on damaged recipes. */

/** The datasets of the recipes, by the name of their file. */
type Data = "bytes" | "floats" | "compact";

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
];

async function datasets(): Promise<Record<Data, Dataset>> {
  const bytes = (await trainingSet()).head(300);
  const { targets, shape } = bytes;
  const floats = Float32Array.from(bytes.images, (value) => value / 255 - 0.1);
  // Labels such as 60000, 3 and -7.
  const labels = Int32Array.from(targets, (label) => label * 6667 - 3);
  return {
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
  const { images, targets, shape, originalLabels } = dataset;
  const shapes = [dataset.length, ...shape];
  const bytes = Buffer.from(images.buffer, images.byteOffset, images.byteLength);
  const values = images instanceof Float32Array ? Buffer.from(bytes).swap32() : bytes;
  const labels = Int32Array.from(targets, (label) => originalLabels?.[label] ?? label);
  writeFileSync(join(folder, `${name}-images`), idx(images instanceof Float32Array ? 0x0d : 0x08, shapes, values));
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
    ...(format === "zarr" ? [{ onehot: false, specialTokens: 1, startToken: 0 }] : []),
  ].map((options) => ({ format, options })),
);

export async function writeFixtures(folder: string): Promise<void> {
  const data = await datasets();
  for (const [name, dataset] of Object.entries(data)) writeDataset(folder, name as Data, dataset);
  const cases = [];
  for (const [name, options, kind] of sets) cases.push(await caseOf(name, options, kind, data[kind]));
  const written = [];
  for (const [i, { format, options }] of stores.entries()) {
    const { onehot, ...choices } = { onehot: true, ...options };
    const out = join(folder, `store-${i}`);
    const small = { taskCount: 23, seed: 7, sequenceLength: 5, outFeatures: 12, workers: 0, ...choices } as const;
    const where = format === "zarr" ? { format, chunkTasks: 4, onehot } : { format };
    await generate(data.bytes, { ...small, ...where, out });
    written.push({ format, onehot, ...(await caseOf(`${format} ${i}`, small, "bytes", data.bytes)), folder: out });
  }
  const verdicts = [];
  const base = JSON.parse(cases[1]?.recipe ?? "null");
  for (const text of damagedRecipes(base)) verdicts.push(await verdictOf(text, data.bytes));
  writeFileSync(join(folder, "fixtures.json"), JSON.stringify({ cases, stores: written, verdicts }));
}
