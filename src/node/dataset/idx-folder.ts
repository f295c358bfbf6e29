import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { checkText } from "../../base/check.js";
import { DatasetError } from "../../base/errors.js";
import { type Dataset, type DatasetSplit, type ReaderOptions, readDataset } from "../../dataset/index.js";
import { checkReaderOptions } from "../../dataset/readers/reader-options.js";

/** A part of a dataset: what to learn from, what to test on, or what to choose settings with. */
export type Split = DatasetSplit;

/** Options of {@link readFolder}. */
export interface FolderOptions extends ReaderOptions {}

/** @throws InvalidOptionError for anything but the path or the file: URL of a folder */
export function checkFolder(name: string, value: unknown): asserts value is string | URL {
  if (!(value instanceof URL)) checkText(name, value, "the path of a folder, or a file: URL");
}

/**
 * Reads a split from a folder, such as that of the four files that MNIST and its relatives come in:
 * `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`, each plain or
 * with `.gz`, and also with a dot before `idx`. A plain file is preferred. `readDataset` takes files, too.
 *
 * @throws InvalidOptionError if an option is not allowed.
 * @throws DatasetError if there is no dataset in the folder, saying what is there, or a file is malformed.
 * @example
 * const fashion = await readFolder("/data/fashion-mnist", { classes: 10 });
 */
export async function readFolder(path: string | URL, options: FolderOptions = {}): Promise<Dataset> {
  checkFolder("path", path);
  checkReaderOptions(options);
  const folder = resolve(path instanceof URL ? fileURLToPath(path) : path);
  options.signal?.throwIfAborted();
  const status = await stat(folder).catch((cause: NodeJS.ErrnoException) => {
    const problem =
      cause.code === "ENOENT" ? "there is no such folder; check the path" : `cannot be opened: ${cause.message}`;
    throw new DatasetError(folder, problem, { cause });
  });
  if (!status.isDirectory()) throw new DatasetError(folder, "is not a folder; give the folder that holds the files");
  return readDataset(folder, options);
}
