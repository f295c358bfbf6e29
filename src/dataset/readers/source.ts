import { InvalidOptionError } from "../../base/errors.js";
import { fileSystem, nodeUrl } from "../../base/host.js";
import { bytesOf, isBlob, isBuffer, isUrl, tagOf } from "../../base/realm.js";
import type { Source } from "../../files/bytes.js";
import { FileError } from "../../files/file-error.js";
import { type FileEntry, listFolder, listGiven, listHandle } from "../../files/list.js";
import { entryOf } from "./contents.js";

/** Images and labels in two files. */
export interface ImagesAndLabels {
  /** The images: IDX, .npy, or .npz with one array; plain or gzip. */
  readonly images: Source;
  /** The labels, likewise. */
  readonly labels: Source;
}

/**
 * Data as people have it: a file (path, URL, `Blob`, `File`, bytes), a folder (path, directory handle), several files (a
 * page's `FileList`, a list), or two files of images and labels.
 */
export type DatasetSource =
  | Source
  | FileSystemDirectoryHandle
  | FileSystemFileHandle
  | Iterable<Source>
  | ArrayLike<Source>
  | ImagesAndLabels;

/** The kind of source that was given: a file, the files of a folder, or a pair. */
export type Found =
  | { readonly kind: "file"; readonly entry: FileEntry; readonly name: string }
  | { readonly kind: "folder"; readonly entries: readonly FileEntry[]; readonly source: string; readonly name: string }
  | { readonly kind: "pair"; readonly images: FileEntry; readonly labels: FileEntry; readonly name: string };

/**
 * Finds out what was given.
 *
 * @throws FileError for a folder that cannot be listed
 * @throws InvalidOptionError for something else
 */
export async function findSource(given: DatasetSource, signal: AbortSignal | undefined): Promise<Found> {
  if (typeof given === "string" || isUrl(given)) return findPath(given, signal);
  if (isBlob(given))
    return { kind: "file", entry: entryOf(given), name: lastPart((given as Partial<File>).name ?? "") };
  if (isBuffer(given) || tagOf(given) === "Uint8Array")
    return { kind: "file", entry: entryOf(given as Uint8Array), name: "dataset" };
  if (typeof given !== "object" || given === null) throw notASource(given);
  if ("getDirectoryHandle" in given) {
    const source = given.name || "the folder";
    return { kind: "folder", entries: await listHandle(given, signal), source, name: source };
  }
  if ("getFile" in given) {
    const file = (await given.getFile()) as File;
    return { kind: "file", entry: entryOf(file), name: lastPart(file.name) };
  }
  if (Symbol.iterator in given || "length" in given) {
    const sources = Array.from(given as Iterable<Source>);
    if (sources.length === 0 || !sources.every(isSource)) throw notASource(given);
    const entries = listGiven(sources);
    const [only] = entries;
    if (only && entries.length === 1) return { kind: "file", entry: only, name: lastPart(only.path) };
    return { kind: "folder", entries, source: `the ${entries.length} files`, name: "dataset" };
  }
  if ("images" in given && "labels" in given) {
    const images = entryOf(given.images);
    const isFile = typeof given.images === "string" || isUrl(given.images) || isBlob(given.images);
    return { kind: "pair", images, labels: entryOf(given.labels), name: isFile ? lastPart(images.name) : "dataset" };
  }
  throw notASource(given);
}

function isSource(value: unknown): value is Source {
  return typeof value === "string" || isUrl(value) || isBlob(value) || bytesOf(value) !== undefined;
}

function notASource(given: unknown): InvalidOptionError {
  const allowed = "a path, URL, Blob, File, bytes, a list of these, a directory handle, or { images, labels }";
  return new InvalidOptionError("source", given, allowed);
}

/** A path or an address: on a disk that of a file or a folder. */
async function findPath(given: string | URL, signal: AbortSignal | undefined): Promise<Found> {
  const text = String(given);
  const fs = fileSystem();
  if (!fs || /^(https?|data|blob):/i.test(text)) return { kind: "file", entry: entryOf(given), name: lastPart(text) };
  const path = /^file:/i.test(text) ? pathOf(text) : text;
  const status = await fs.stat(path).catch((cause: { code?: string }) => {
    if (cause.code !== "ENOENT") return undefined;
    throw new FileError("there is no such file or folder; check the path", { cause });
  });
  if (!status?.isDirectory()) return { kind: "file", entry: entryOf(path), name: lastPart(path) };
  return { kind: "folder", entries: await listFolder(path, signal), source: path, name: lastPart(path) };
}

/** @throws InvalidOptionError for an address that is no path here, such as that of another host */
function pathOf(url: string): string {
  try {
    return nodeUrl()?.fileURLToPath(url) as string;
  } catch (cause) {
    throw new InvalidOptionError("source", url, "a file: address of this machine", { cause });
  }
}

/** The last part of a path or address, without `.gz`: names outlive the machine whose folders they would mention. */
function lastPart(path: string): string {
  if (/^(data|blob):/i.test(path)) return "dataset";
  const parts = path
    .replace(/[?#].*$/s, "")
    .split(/[\\/]/)
    .filter((part) => part !== "" && part !== ".");
  return parts.at(-1)?.replace(/\.gz$/i, "") || "dataset";
}
