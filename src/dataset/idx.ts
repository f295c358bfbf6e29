import { DatasetError } from "../base/errors.js";
import { nameOf, type ReadOptions, readBytes, type Source } from "../files/bytes.js";
import { Dataset } from "./dataset.js";
import { gunzip, isGzip } from "./gunzip.js";
import { decodeIdx, type IdxArray } from "./idx-decode.js";
import type { Classes } from "./targets.js";
import { shapeText } from "./tensor.js";

/** What {@link readIdxDataset} takes. */
export interface IdxDatasetOptions extends ReadOptions {
  /** An IDX file of uint8 or float32, `[N, ...shape]`; plain or gzip. */
  readonly images: Source;
  /** An IDX file of integers, `[N]`; plain or gzip. */
  readonly labels: Source;
  /** The number of classes, 1 to 65536, or `"compact"`: see `DatasetInit`. Default: the largest label plus one. */
  readonly classes?: Classes | undefined;
  /** `"allow"` takes float32 values that are NaN or infinite. Default `"refuse"`. */
  readonly nonFinite?: "refuse" | "allow" | undefined;
  /** What messages and recipes call the dataset. Default: the images' file name without `.gz`, or `"dataset"`. */
  readonly name?: string | undefined;
}

/**
 * Reads an IDX file, the format of MNIST: plain or gzip, told apart by their first bytes.
 *
 * @returns the values, row-major, and the shape. uint8 data of a plain source is a view, not a copy.
 * @throws {@link DatasetError} if the source is missing or is not exactly one IDX array.
 * @example
 * const { data, shape } = await readIdx("train-images-idx3-ubyte.gz"); // shape [60000, 28, 28]
 */
export async function readIdx(source: Source, options: ReadOptions = {}): Promise<IdxArray> {
  const name = nameOf(source);
  const bytes = await readBytes(source, options);
  return decodeIdx(isGzip(bytes) ? await gunzip(bytes, name, options) : bytes, name);
}

/**
 * Reads a dataset from a pair of IDX files, as MNIST, Fashion-MNIST, KMNIST and EMNIST come.
 *
 * @throws {@link DatasetError} if a file is missing or malformed, the counts disagree, or a label is not below `classes`.
 * @throws {@link InvalidOptionError} if `classes` is not allowed.
 * @example
 * const dataset = await readIdxDataset({ images: "/data/images.gz", labels: "/data/labels.gz", classes: 10 });
 */
export async function readIdxDataset(options: IdxDatasetOptions): Promise<Dataset> {
  const [images, labels] = await Promise.all([readIdx(options.images, options), readIdx(options.labels, options)]);
  const imagesName = nameOf(options.images);
  const labelsName = nameOf(options.labels);
  const { data } = images;
  if (images.shape.length < 2) {
    throw new DatasetError(
      imagesName,
      `has shape ${shapeText(images.shape)}; images need a count and at least one more dimension. ` +
        "Are images and labels exchanged?",
    );
  }
  if (!(data instanceof Uint8Array || data instanceof Float32Array)) {
    throw new DatasetError(imagesName, `holds ${kindOf(data)}; images must be uint8 or float32: convert them first`);
  }
  if (labels.shape.length !== 1) {
    throw new DatasetError(
      labelsName,
      `has shape ${shapeText(labels.shape)}; labels have one dimension, the count. Are images and labels exchanged?`,
    );
  }
  if (labels.data instanceof Float32Array || labels.data instanceof Float64Array) {
    throw new DatasetError(labelsName, `holds ${kindOf(labels.data)}; labels must be integers`);
  }
  const [count, ...shape] = images.shape;
  if (count !== labels.shape[0]) {
    throw new DatasetError(
      labelsName,
      `has ${labels.shape[0]} labels, but ${imagesName} has ${count} images; give files of the same split`,
    );
  }
  if (images.shape.includes(0)) {
    throw new DatasetError(imagesName, `has shape ${shapeText(images.shape)}; at least one example is needed`);
  }
  const name = options.name ?? defaultName(options.images);
  const { classes, nonFinite } = options;
  return Dataset.from({ images: data, targets: labels.data, shape, classes, name, nonFinite });
}

/** The last part of a path or URL, without `.gz`: names outlive the machine whose folders they would mention. */
function defaultName(images: Source): string {
  const path = images instanceof URL ? images.href : images;
  if (typeof path !== "string" || /^(data|blob):/i.test(path)) return "dataset";
  const file = path
    .replace(/[?#].*$/s, "")
    .split(/[\\/]/)
    .at(-1) as string;
  return file.replace(/\.gz$/i, "") || "dataset";
}

/** `int16`, as formats call it. */
function kindOf(data: IdxArray["data"]): string {
  return data.constructor.name.replace("Array", "").toLowerCase();
}
