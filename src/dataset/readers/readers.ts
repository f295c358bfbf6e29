import { DatasetError, InvalidOptionError } from "../../base/errors.js";
import { FileError } from "../../files/file-error.js";
import type { FileEntry } from "../../files/list.js";
import type { Dataset } from "../dataset.js";
import { readCifarEntries } from "./cifar.js";
import { readCsvEntry } from "./csv.js";
import { readNpzEntry } from "./npz.js";
import { readFileEntry } from "./read-file.js";
import { readFolderEntries, readPair } from "./read-folder.js";
import { checkReaderOptions, type ReaderOptions } from "./reader-options.js";
import { type DatasetSource, type Found, findSource, type ImagesAndLabels } from "./source.js";

/**
 * The readers. `on-demand.ts` loads them with the first call of one, as a chunk of its own; those of images and Parquet are
 * chunks by themselves.
 */

/** Finds out what was given, and reads it. Faults of files become errors of the dataset. */
async function reading(
  given: DatasetSource,
  options: ReaderOptions,
  read: (found: Found) => Promise<Dataset>,
): Promise<Dataset> {
  checkReaderOptions(options);
  const { signal } = options;
  signal?.throwIfAborted();
  const name = typeof given === "string" ? given : "the source";
  try {
    return await read(await findSource(given, signal));
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof FileError) throw new DatasetError(name, cause.problem, { cause });
    throw cause;
  }
}

/** @throws DatasetError for anything but one file */
function fileOf(found: Found): FileEntry {
  if (found.kind === "file") return found.entry;
  if (found.kind === "folder")
    throw new DatasetError(found.source, "is not one file; give the path of a file, or use readDataset");
  throw new DatasetError(found.images.name, "is given with labels; this format has both in one file");
}

/** The files that were given. */
function entriesOf(found: Found): { entries: readonly FileEntry[]; source: string } {
  if (found.kind === "folder") return found;
  if (found.kind === "file") return { entries: [found.entry], source: found.entry.name };
  throw new DatasetError(found.images.name, "is given with labels; this format has both together");
}

export function readDataset(given: DatasetSource, options: ReaderOptions): Promise<Dataset> {
  return reading(given, options, (found) => {
    if (found.kind === "pair") return readPair(found, found.name, options);
    if (found.kind === "file") return readFileEntry(found.entry, found.name, options);
    return readFolderEntries(found.entries, found.source, found.name, options, readFileEntry);
  });
}

export async function readNpy(given: ImagesAndLabels, options: ReaderOptions): Promise<Dataset> {
  const isPair = typeof given === "object" && given !== null && "images" in given && "labels" in given;
  if (!isPair) throw new InvalidOptionError("source", given, "{ images, labels }, two .npy files");
  return readDataset(given, options);
}

export function readNpz(given: DatasetSource, options: ReaderOptions): Promise<Dataset> {
  return reading(given, options, (found) => readNpzEntry(fileOf(found), found.name, options));
}

export function readCsv(given: DatasetSource, options: ReaderOptions): Promise<Dataset> {
  return reading(given, options, (found) => readCsvEntry(fileOf(found), found.name, options));
}

export function readCifar(given: DatasetSource, options: ReaderOptions): Promise<Dataset> {
  return reading(given, options, (found) => {
    // An archive is a folder, and one file may be packed.
    if (found.kind === "file") return readFileEntry(found.entry, found.name, options);
    const { entries, source } = entriesOf(found);
    return readCifarEntries(entries, source, found.name, options);
  });
}

export function readImageFolder(given: DatasetSource, options: ReaderOptions): Promise<Dataset> {
  return reading(given, options, async (found) => {
    if (found.kind === "file") return readFileEntry(found.entry, found.name, options);
    const { entries, source } = entriesOf(found);
    const { readImageEntries } = await import("./image-folder.js");
    return readImageEntries(entries, source, found.name, options);
  });
}

export function readParquet(given: DatasetSource, options: ReaderOptions): Promise<Dataset> {
  return reading(given, options, async (found) => {
    // Of a folder the names tell the split; files that are given one by one are all wanted.
    if (found.kind === "folder" && typeof given === "string") {
      return readFolderEntries(found.entries, found.source, found.name, options, readFileEntry);
    }
    const { entries, source } = entriesOf(found);
    const { readParquetEntries } = await import("./parquet.js");
    return readParquetEntries(entries, source, found.name, options);
  });
}
