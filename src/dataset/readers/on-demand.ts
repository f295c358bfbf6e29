import { DatasetError, InvalidOptionError, messageOf, StoreError, TaskloomError } from "../../base/errors.js";
import { Dataset } from "../dataset.js";
import type { ReaderOptions } from "./reader-options.js";
import type { DatasetSource, ImagesAndLabels } from "./source.js";

type Readers = typeof import("./readers.js");

/**
 * The readers, which are loaded with the first of them that is called. The published chunk has no classes of its own that
 * callers compare with: scripts/readers.mjs adds `give`, which takes those of this entry.
 */
async function load(): Promise<Readers> {
  try {
    const readers: Readers & { give?(kit: object): void } = await import("./readers.js");
    readers.give?.({ Dataset, DatasetError, InvalidOptionError, StoreError, TaskloomError });
    return readers;
  } catch (cause) {
    throw new DatasetError("readers", `their code could not be loaded: ${messageOf(cause)}`, { cause });
  }
}

/**
 * Reads a dataset of any known format, which its content tells: a file, a folder, several files, or two files of images and
 * labels. docs/your-data.md has a section for each format.
 *
 * @param source a path, URL, `Blob`, `File` or bytes; a folder's path or directory handle; a `FileList`; `{ images, labels }`
 * @param options see {@link ReaderOptions}
 * @throws {@link DatasetError} if the data is missing, damaged or of an unknown format, saying what it is
 * @throws {@link InvalidOptionError} if an option is not allowed
 * @example
 * const dataset = await readDataset("train.csv", { labels: "label" });
 * const dropped = await readDataset(input.files); // of <input type="file" webkitdirectory>
 */
export async function readDataset(source: DatasetSource, options: ReaderOptions = {}): Promise<Dataset> {
  return (await load()).readDataset(source, options);
}

/**
 * Reads a dataset from two NumPy files. Any byte order and type of numbers is taken, and Fortran order is transposed.
 *
 * @param source the two files; IDX files are taken, too
 * @throws {@link DatasetError} if a file is missing, damaged, or holds Python objects
 * @example
 * const dataset = await readNpy({ images: "x_train.npy", labels: "y_train.npy" });
 */
export async function readNpy(source: ImagesAndLabels, options: ReaderOptions = {}): Promise<Dataset> {
  return (await load()).readNpy(source, options);
}

/**
 * Reads a dataset from a NumPy archive. Arrays are found by the usual names (`x_train` and `y_train`, `train_images` and
 * `train_labels`, `images` and `labels`, `arr_0` and `arr_1`), or by those that the options give.
 *
 * @throws {@link DatasetError} if the archive is missing or damaged, or no names are known
 * @example
 * const dataset = await readNpz("pathmnist.npz", { split: "test" });
 */
export async function readNpz(source: DatasetSource, options: ReaderOptions = {}): Promise<Dataset> {
  return (await load()).readNpz(source, options);
}

/**
 * Reads the binary version of CIFAR-10 or CIFAR-100: its folder, its archive, or single batches. Images become
 * `[32, 32, 3]`.
 *
 * @throws {@link DatasetError} if the batches are missing or damaged, or of the version for Python
 * @example
 * const dataset = await readCifar("cifar-100-binary.tar.gz", { labels: "coarse" });
 */
export async function readCifar(source: DatasetSource, options: ReaderOptions = {}): Promise<Dataset> {
  return (await load()).readCifar(source, options);
}

/**
 * Reads PNG and JPEG images from a folder, one folder for each class, in the order of torchvision's `ImageFolder`.
 *
 * @param source a folder's path or directory handle, a `FileList`, or an archive
 * @throws {@link DatasetError} if an image is damaged, or sizes differ and there is no `resize`
 * @example
 * const dataset = await readImageFolder("flowers", { split: "train", resize: [64, 64] });
 */
export async function readImageFolder(source: DatasetSource, options: ReaderOptions = {}): Promise<Dataset> {
  return (await load()).readImageFolder(source, options);
}

/**
 * Reads Parquet files: PNG or JPEG images in a column, as Hugging Face serves datasets, lists of numbers, or a table.
 *
 * @param source one file, or several in order
 * @throws {@link DatasetError} if a file is missing or damaged, or the columns are not known
 * @example
 * const dataset = await readParquet("train-00000-of-00001.parquet");
 * dataset.classNames; // of Hugging Face's ClassLabel
 */
export async function readParquet(source: DatasetSource, options: ReaderOptions = {}): Promise<Dataset> {
  return (await load()).readParquet(source, options);
}

/**
 * Reads a table of text: a column of labels, and values in all others.
 *
 * @param options `labels` names the column of labels, if it is not called label, target, class or y
 * @throws {@link DatasetError} if the file is missing, is no table, or the column of labels is not known
 * @example
 * const dataset = await readCsv("digits.csv", { labels: -1, shape: [8, 8] });
 */
export async function readCsv(source: DatasetSource, options: ReaderOptions = {}): Promise<Dataset> {
  return (await load()).readCsv(source, options);
}
