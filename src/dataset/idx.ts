import { checkInteger, checkOptions, type Names } from "../base/check.js";
import { DatasetError } from "../base/errors.js";
import { checkSource, nameOf, type ReadOptions, readBytes, type Source } from "../files/bytes.js";
import { FileError } from "../files/file-error.js";
import { checkPauses } from "../files/http.js";
import { Dataset } from "./dataset.js";
import { gunzip, isGzip } from "./gunzip.js";
import { decodeIdx, extentOfIdx, type IdxArray } from "./idx-decode.js";
import type { Classes } from "./targets.js";
import { shapeText } from "./tensor.js";

/** Options of {@link readIdxDataset}. */
export interface IdxDatasetOptions extends ReadOptions {
  /** An IDX file of uint8 or float32, `[N, ...shape]`; plain or gzip. */
  readonly images: Source;
  /** An IDX file of integers, `[N]`; plain or gzip. */
  readonly labels: Source;
  /** The number of classes, 1 to 65536, or `"compact"`: see `DatasetInit`. Default: the largest label plus one. */
  readonly classes?: Classes | undefined;
  /** `"allow"` takes float32 values that are NaN or infinite. Default `"refuse"`. */
  readonly nonFinite?: "refuse" | "allow" | undefined;
  /**
   * Read the first examples only, at most this many: the rest of the images is neither read nor held. Default: all. The
   * labels are read whole, so that the number of classes does not depend on it.
   */
  readonly limit?: number | undefined;
  /** The name of the dataset in messages and recipes. Default: the images' file name without `.gz`, or `"dataset"`. */
  readonly name?: string | undefined;
}

const OPTIONS: Names<IdxDatasetOptions> = {
  images: true,
  labels: true,
  classes: true,
  nonFinite: true,
  limit: true,
  name: true,
  signal: true,
  retryPauses: true,
};

/**
 * Reads an IDX file, the format of MNIST: plain or gzip, told apart by their first bytes.
 *
 * @returns the values, row-major, and the shape. uint8 data of a plain source is a view, not a copy.
 * @throws {@link DatasetError} if the source is missing or is not exactly one IDX array.
 * @example
 * const { data, shape } = await readIdx("train-images-idx3-ubyte.gz"); // shape [60000, 28, 28]
 */
export async function readIdx(source: Source, options: ReadOptions = {}): Promise<IdxArray> {
  checkSource("source", source);
  checkOptions<ReadOptions>(options, { signal: true, retryPauses: true });
  const { data, shape } = await readFirst(source, options, Number.POSITIVE_INFINITY);
  return { data, shape };
}

/** Reads the first `limit` examples of an IDX file. */
async function readFirst(
  source: Source,
  { signal, retryPauses }: ReadOptions,
  limit: number,
): Promise<IdxArray & { readonly count: number }> {
  const name = nameOf(source);
  const extentOf = extentOfIdx(limit);
  let bytes: Uint8Array;
  try {
    // Of gzip the head tells nothing, so the whole file is read.
    const everything = { bytes: Number.POSITIVE_INFINITY, whole: false };
    bytes = await readBytes(source, {
      signal,
      retryPauses: checkPauses(retryPauses),
      extentOf: (head) => (isGzip(head) ? everything : extentOf(head)),
    });
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof FileError) throw new DatasetError(name, cause.problem, { cause });
    throw cause;
  }
  return decodeIdx(isGzip(bytes) ? await gunzip(bytes, name, { signal, extentOf }) : bytes, name, limit);
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
  checkOptions<IdxDatasetOptions>(options, OPTIONS);
  checkSource("images", options.images);
  checkSource("labels", options.labels);
  const { limit = Number.POSITIVE_INFINITY } = options;
  if (options.limit !== undefined) checkInteger("limit", limit, 1, 2 ** 32);
  const [images, labels] = await Promise.all([
    readFirst(options.images, options, limit),
    readFirst(options.labels, options, Number.POSITIVE_INFINITY),
  ]);
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
  const { count } = images;
  if (count !== labels.count) {
    throw new DatasetError(
      labelsName,
      `has ${labels.count} labels, but ${imagesName} has ${count} images; give files of the same split`,
    );
  }
  if (images.shape.includes(0)) {
    throw new DatasetError(imagesName, `has shape ${shapeText(images.shape)}; at least one example is needed`);
  }
  const name = options.name ?? defaultName(options.images);
  const { classes, nonFinite } = options;
  const [examples, ...shape] = images.shape;
  return Dataset.firstOf({ images: data, targets: labels.data, shape, classes, name, nonFinite }, examples as number);
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
