import { DatasetError } from "../../base/errors.js";
import { type FileEntry, isHidden } from "../../files/list.js";
import type { Dataset } from "../dataset.js";
import { readArray } from "./array.js";
import { cifarSplitOf, isPythonCifar, PYTHON_CIFAR, readCifarEntries } from "./cifar.js";
import { isImagePath } from "./image.js";
import { byCodePoints } from "./labels.js";
import type { ReaderOptions } from "./reader-options.js";
import { refuseOptions } from "./refuse.js";
import { choosePair, pairsOf, roleOf, splitOf } from "./roles.js";
import { datasetOfArrays } from "./to-dataset.js";

/** The formats that are known, for messages. */
export const KNOWN =
  "IDX, .npy and .npz, CIFAR's binaries, Parquet, CSV, folders of PNG or JPEG images, and zip, tar or gzip of these (docs/your-data.md)";

/** Reads a dataset from one file. */
export type ReadOne = (entry: FileEntry, fallback: string, options: ReaderOptions) => Promise<Dataset>;

/** Endings of files of one array. */
const ARRAY = /(idx\d+[-.]?(ubyte|byte|short|int|float|double)?|[-.]ubyte|\.npy)(\.txt)?(\.gz)?$/i;

/**
 * Reads a dataset from the files of a folder or an archive, wherever below they are. Their names tell which of them belong
 * together; the content tells the format.
 *
 * @param source the folder, for messages
 * @throws DatasetError that says what is there, where nothing is known or there is a choice
 */
export async function readFolderEntries(
  entries: readonly FileEntry[],
  source: string,
  fallback: string,
  options: ReaderOptions,
  readOne: ReadOne,
): Promise<Dataset> {
  const named = options.split === "test" ? `${fallback}-test` : fallback;
  const files = entries
    .filter(({ path }) => !path.split("/").some(isHidden))
    .sort((a, b) => byCodePoints(a.path, b.path));
  const paths = (pattern: RegExp) => files.filter(({ path }) => pattern.test(path));

  const arrays = arraysAmong(files);
  const pairs = pairsOf(arrays);
  if (pairs.length > 0) return readPair(choosePair(pairs, source, options), named, options);
  if (files.some(({ path }) => cifarSplitOf(path) !== undefined))
    return readCifarEntries(files, source, named, options);
  if (files.some(({ path }) => isPythonCifar(path))) throw new DatasetError(source, PYTHON_CIFAR);
  const npz = paths(/\.npz$/i);
  if (npz.length > 0) return readOne(onlyOne(npz, source, options), named, options);
  const parquet = paths(/\.parquet$/i);
  if (parquet.length > 0) {
    const { readParquetEntries } = await import("./parquet.js");
    return readParquetEntries(ofSplit(parquet, source, options), source, named, options);
  }
  if (files.some(({ path }) => isImagePath(path))) {
    const { readImageEntries } = await import("./image-folder.js");
    return readImageEntries(files, source, named, options);
  }
  const tables = paths(/\.[ct]sv(\.gz)?$/i);
  if (tables.length > 0) return readOne(onlyOne(tables, source, options), named, options);
  const archives = paths(/\.(zip|tar|tgz|tar\.gz)$/i);
  if (arrays.length === 0 && (archives.length === 1 || files.length === 1))
    return readOne((archives[0] ?? files[0]) as FileEntry, named, options);
  throw nothing(files, arrays, source);
}

/** Files of arrays by what their names say; a plain file stands before a compressed one. */
function arraysAmong(files: readonly FileEntry[]) {
  const isPacked = ({ path }: FileEntry) => Number(/\.gz$/i.test(path));
  const depth = ({ path }: FileEntry) => path.split("/").length;
  return files
    .filter(({ path }) => ARRAY.test(path) || /\.npz$/i.test(path))
    .sort((a, b) => isPacked(a) - isPacked(b) || depth(a) - depth(b))
    .flatMap((entry) => roleOf(entry.path, entry) ?? []);
}

/** Reads two files of arrays. */
export async function readPair(
  { images, labels }: { readonly images: FileEntry; readonly labels: FileEntry },
  fallback: string,
  options: ReaderOptions,
): Promise<Dataset> {
  refuseOptions(options, "a pair of files", ["images", "labels"]);
  // The labels are read whole, so that the number of classes does not depend on the limit.
  const { limit: _, ...all } = options;
  const [first, second] = await Promise.all([readArray(images, options), readArray(labels, all)]);
  return datasetOfArrays(first, second, fallback, options);
}

/** The files of the split that is asked for; without one, of the training split, or those of no split. */
function ofSplit(files: readonly FileEntry[], source: string, { split, variant }: ReaderOptions): FileEntry[] {
  const fitting = variant ? files.filter(({ path }) => path.toLowerCase().includes(variant.toLowerCase())) : files;
  const asked = split ?? "train";
  const exact = fitting.filter(({ path }) => splitOf(path) === asked);
  const chosen =
    exact.length > 0 || asked !== "train" ? exact : fitting.filter(({ path }) => splitOf(path) === undefined);
  if (chosen.length > 0) return chosen;
  throw new DatasetError(source, `has no ${asked} split; there are: ${listed(files)}. Give split (--split)`);
}

function onlyOne(files: readonly FileEntry[], source: string, options: ReaderOptions): FileEntry {
  const chosen = ofSplit(files, source, options);
  const [only] = chosen;
  if (only && chosen.length === 1) return only;
  throw new DatasetError(source, `holds several datasets: ${listed(chosen)}; give one of them, or variant (--variant)`);
}

function listed(files: readonly FileEntry[]): string {
  const names = files.slice(0, 5).map(({ path }) => path);
  return files.length > 5 ? `${names.join(", ")}, ... (${files.length} files)` : names.join(", ");
}

/** The error for a folder in which no dataset is found. */
function nothing(files: readonly FileEntry[], arrays: ReturnType<typeof arraysAmong>, source: string): DatasetError {
  if (files.length === 0) return new DatasetError(source, `is empty; expected ${KNOWN}`);
  if (arrays.length > 0) {
    const missing = arrays.every(({ role }) => role === "images")
      ? "labels"
      : arrays.every(({ role }) => role === "labels")
        ? "images"
        : "one of the two";
    const problem = `has no pair of images and labels, such as train-images-idx3-ubyte and train-labels-idx1-ubyte: ${missing} missing`;
    return new DatasetError(
      source,
      `${problem}; there are: ${listed(files)}. Other names: --images FILE --labels FILE`,
    );
  }
  return new DatasetError(source, `holds no dataset that is known; there are: ${listed(files)}. Known are ${KNOWN}`);
}
