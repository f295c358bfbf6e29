import { DatasetError } from "../../base/errors.js";
import type { FileEntry } from "../../files/list.js";
import type { Dataset } from "../dataset.js";
import { decodeIdx } from "../idx-decode.js";
import { type Sniffed, sniff } from "../sniff.js";
import { shapeText } from "../tensor.js";
import { cifarKindOf, isPythonCifar, PYTHON_CIFAR, readCifarEntries } from "./cifar.js";
import { type Content, readEntry } from "./contents.js";
import { readCsvEntry } from "./csv.js";
import { decodeNpy } from "./npy-decode.js";
import { arraysOf, datasetOfMembers } from "./npz.js";
import { KNOWN, readFolderEntries } from "./read-folder.js";
import type { ReaderOptions } from "./reader-options.js";
import { listTar } from "./tar.js";
import { listZip } from "./zip.js";

/** Reads a dataset from one file of any known format, which its first bytes tell. */
export async function readFileEntry(entry: FileEntry, fallback: string, options: ReaderOptions): Promise<Dataset> {
  const content = await readEntry(entry, options);
  const { bytes, name } = content;
  // It is decompressed, and not read a second time.
  const same: FileEntry = { path: entry.path, name, open: async () => bytes };
  const found = sniff(bytes);
  switch (found.format) {
    case "zip": {
      const members = listZip(bytes, name);
      const arrays = arraysOf(members);
      if (arrays.length > 0) return datasetOfMembers(arrays, name, fallback, options);
      return readFolderEntries(members, name, fallback, options, readFileEntry);
    }
    case "tar":
      return readFolderEntries(listTar(bytes, name), name, fallback, options, readFileEntry);
    case "parquet": {
      const { readParquetEntries } = await import("./parquet.js");
      return readParquetEntries([same], name, fallback, options);
    }
    default:
      if (cifarKindOf(bytes)) return readCifarEntries([same], name, fallback, options);
      if (found.format === "text") return readCsvEntry(same, fallback, options);
      throw refusal(content, found, entry.path);
  }
}

/** The error for a file that is no dataset. */
function refusal({ bytes, name }: Content, { format, name: kind, remedy }: Sniffed, path: string): DatasetError {
  const pair = "give both files: --images FILE --labels FILE, or readDataset({ images, labels })";
  switch (format) {
    case "idx":
    case "npy": {
      const { shape } = format === "idx" ? decodeIdx(bytes, name) : decodeNpy(bytes, name);
      const part = shape.length > 1 ? "the labels" : "the images";
      return new DatasetError(name, `holds one array, of shape ${shapeText(shape)}; ${part} are missing: ${pair}`);
    }
    case "png":
    case "jpeg":
      return new DatasetError(name, "is one image; give the folder of all, with one folder for each class");
    case "pickle":
      return new DatasetError(name, isPythonCifar(path) ? PYTHON_CIFAR : `is ${kind}; ${remedy}`);
    case "unknown":
    case "empty":
      return new DatasetError(name, `is ${kind}; known are ${KNOWN}`);
    default:
      return new DatasetError(name, `is ${kind}; ${remedy}`);
  }
}
