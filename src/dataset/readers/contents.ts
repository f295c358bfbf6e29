import { DatasetError, TaskloomError } from "../../base/errors.js";
import { nameOf, type ReadOptions, readBytes, type Source } from "../../files/bytes.js";
import { FileError, problemOf } from "../../files/file-error.js";
import type { ExtentOf } from "../../files/growing.js";
import type { FileEntry } from "../../files/list.js";
import { gunzip, isGzip } from "../gunzip.js";

/** A file that was read and is not compressed any more. */
export interface Content {
  readonly bytes: Uint8Array;
  readonly name: string;
}

/**
 * Reads a file; of gzip the content.
 *
 * @param options.extentOf tells from the first bytes how much is wanted
 * @throws DatasetError when it cannot be read or is damaged
 */
export async function readContent(
  source: Source,
  { signal, retryPauses, extentOf, name = nameOf(source) }: ReadOptions & { extentOf?: ExtentOf; name?: string } = {},
): Promise<Content> {
  const everything = { bytes: Number.POSITIVE_INFINITY, whole: false };
  let bytes: Uint8Array;
  try {
    bytes = await readBytes(source, {
      signal,
      retryPauses,
      // Of gzip the head tells nothing.
      ...(extentOf ? { extentOf: (head: Uint8Array) => (isGzip(head) ? everything : extentOf(head)) } : {}),
    });
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof FileError) throw new DatasetError(name, cause.problem, { cause });
    throw cause;
  }
  if (!isGzip(bytes)) return { bytes, name };
  const inner = await gunzip(bytes, name, { signal, ...(extentOf ? { extentOf } : {}) });
  if (!isGzip(inner)) return { bytes: inner, name };
  throw new DatasetError(name, "is gzip within gzip; decompress it once");
}

/** Reads a file of a folder, an archive or a list. */
export async function readEntry(
  entry: FileEntry,
  options: ReadOptions & { extentOf?: ExtentOf } = {},
): Promise<Content> {
  const { name } = entry;
  try {
    return await readContent(await entry.open(options.signal), { ...options, name });
  } catch (cause) {
    options.signal?.throwIfAborted();
    if (cause instanceof TaskloomError || cause === options.signal?.reason) throw cause;
    throw new DatasetError(name, problemOf(cause), { cause });
  }
}

/** One given file as an entry. */
export function entryOf(source: Source): FileEntry {
  const name = nameOf(source);
  return { path: name, name, open: async () => source };
}
