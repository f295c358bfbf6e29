import { abortable } from "../base/abort.js";
import { fileSystem } from "../base/host.js";
import { isBlob } from "../base/realm.js";
import { nameOf, type Source } from "./bytes.js";
import { FileError, problemOf } from "./file-error.js";

/** A file among others, which is read on demand. */
export interface FileEntry {
  /** The path within the folder, with slashes. */
  readonly path: string;
  /** The name for messages: the whole path or address. */
  readonly name: string;
  /** Gives what `readBytes` reads. */
  open(signal?: AbortSignal): Promise<Source>;
}

/** Folders within each other, at most. */
const MOST_DEPTH = 10;
/** Files of a folder, at most: 2^21, more than ImageNet has. */
const MOST_FILES = 2 ** 21;

/** @throws FileError for more files than a dataset has */
function checkCount(count: number): void {
  if (count > MOST_FILES) throw new FileError(`holds more than ${MOST_FILES} files; give the folder of the dataset`);
}

/** True for names that systems and tools put beside the data. */
export function isHidden(name: string): boolean {
  return name.startsWith(".") || name === "__MACOSX" || name === "node_modules";
}

/**
 * Lists the files of a folder in Node's, Deno's or Bun's file system, and of the folders below. Hidden ones are left out.
 *
 * @throws FileError when there is no such folder, or it cannot be listed
 */
export async function listFolder(folder: string, signal: AbortSignal | undefined): Promise<FileEntry[]> {
  const fs = fileSystem();
  if (!fs) throw new FileError("is a folder's path, which a browser cannot open; give files or a directory handle");
  const entries: FileEntry[] = [];
  const visit = async (path: string, prefix: string, depth: number): Promise<void> => {
    signal?.throwIfAborted();
    for (const entry of await abortable(fs.readdir(path, { withFileTypes: true }), signal)) {
      const { name } = entry;
      if (isHidden(name)) continue;
      const full = `${path}/${name}`;
      const isFolder =
        entry.isDirectory() ||
        (entry.isSymbolicLink() && (await fs.stat(full).catch(() => undefined))?.isDirectory() === true);
      if (!isFolder) entries.push({ path: prefix + name, name: full, open: async () => full });
      else if (depth < MOST_DEPTH) await visit(full, `${prefix}${name}/`, depth + 1);
      checkCount(entries.length);
    }
  };
  try {
    await visit(folder.replace(/(?<=.)[/\\]+$/, ""), "", 0);
  } catch (cause) {
    signal?.throwIfAborted();
    const { code } = cause as { code?: unknown };
    if (code === "ENOENT") throw new FileError("there is no such folder; check the path", { cause });
    if (code === "ENOTDIR") throw new FileError("is not a folder; give the folder that holds the files", { cause });
    throw cause instanceof FileError ? cause : new FileError(problemOf(cause), { cause });
  }
  return entries;
}

/** Lists the files of a directory that a browser gave a handle to, and of those below. */
export async function listHandle(
  directory: FileSystemDirectoryHandle,
  signal: AbortSignal | undefined,
): Promise<FileEntry[]> {
  const entries: FileEntry[] = [];
  const visit = async (at: FileSystemDirectoryHandle, prefix: string, depth: number): Promise<void> => {
    signal?.throwIfAborted();
    for await (const [name, handle] of at as unknown as AsyncIterable<[string, FileSystemHandle]>) {
      if (isHidden(name)) continue;
      if (handle.kind === "file") {
        entries.push({
          path: prefix + name,
          name: `${directory.name}/${prefix}${name}`,
          open: (inner) => abortable((handle as FileSystemFileHandle).getFile(), inner),
        });
      } else if (depth < MOST_DEPTH) await visit(handle as FileSystemDirectoryHandle, `${prefix}${name}/`, depth + 1);
      checkCount(entries.length);
    }
  };
  try {
    await visit(directory, "", 0);
  } catch (cause) {
    signal?.throwIfAborted();
    throw cause instanceof FileError ? cause : new FileError(problemOf(cause), { cause });
  }
  return entries;
}

/**
 * Lists files that were given one by one: a page's `FileList`, paths, URLs. Files of a folder that was chosen or dropped
 * keep their paths below it, paths and addresses what follows the folder that all of them share.
 */
export function listGiven(sources: Iterable<Source> | ArrayLike<Source>): FileEntry[] {
  const list = Array.from(sources);
  const paths = list.map(pathOf);
  const chosen = list.every((source) => isBlob(source) && (source as Partial<File>).webkitRelativePath);
  const shared = chosen ? `${paths[0]?.split("/")[0]}/` : sharedFolder(paths);
  return list
    .map((source, i) => ({
      path: (paths[i] as string).slice(shared.length),
      name: isBlob(source) ? (paths[i] as string) : nameOf(source),
      open: async () => source,
    }))
    .filter(({ path }) => !path.split("/").some(isHidden));
}

/** The folder that all paths are in, with a slash; empty if there is none. */
function sharedFolder(paths: readonly string[]): string {
  const [first = [], ...others] = paths.map((path) => path.split("/").slice(0, -1));
  let count = 0;
  while (count < first.length && others.every((parts) => parts[count] === first[count])) count++;
  return first
    .slice(0, count)
    .map((part) => `${part}/`)
    .join("");
}

function pathOf(source: Source): string {
  if (isBlob(source)) {
    const { webkitRelativePath, name } = source as Partial<File>;
    return webkitRelativePath || name || nameOf(source);
  }
  const name = nameOf(source);
  if (typeof source !== "string" && ArrayBuffer.isView(source)) return name;
  return name.replace(/[?#].*$/s, "").replaceAll("\\", "/");
}
