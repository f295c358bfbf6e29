import { abortable } from "../base/abort.js";
import { InvalidOptionError } from "../base/errors.js";
import { fileSystem } from "../base/host.js";
import { bytesOf, isBlob, isBuffer, isUrl } from "../base/realm.js";
import { readWhole } from "./disk.js";
import { FileError, problemOf } from "./file-error.js";
import { type ExtentOf, HEAD_BYTES, tooLong } from "./growing.js";
import { Http } from "./http.js";
import { readS3 } from "./s3/files.js";
import { isS3, type S3Options, textOfPlace } from "./s3/place.js";

/**
 * A source of bytes: a path, a URL (`file:`, `https:`, `data:`, `blob:`, `s3:`), a `Blob` or `File`, or bytes in memory. In a
 * browser, which has no paths, a string is a URL relative to the page.
 */
export type Source = string | URL | Blob | ArrayBuffer | Uint8Array;

/** Options of everything that reads. */
export interface ReadOptions {
  /** Aborting it rejects the call with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Pauses in milliseconds before a request to a server is made again after a network error, 408, 429 or 5xx: one for
   * each further attempt. Default `[200, 800, 3200]`; `[]` for none.
   */
  readonly retryPauses?: readonly number[] | undefined;
}

/** @throws InvalidOptionError for anything but a source of bytes */
export function checkSource(name: string, value: unknown): asserts value is Source {
  const kinds = [URL, Blob, ArrayBuffer, Uint8Array];
  if ((typeof value === "string" && value !== "") || kinds.some((kind) => value instanceof kind)) return;
  throw new InvalidOptionError(name, value, "a path, URL, Blob, ArrayBuffer or Uint8Array");
}

/** Names a source for messages: the path, the URL, or the kind of bytes. */
export function nameOf(source: Source): string {
  if (typeof source === "string") return shortened(source);
  if (isUrl(source)) return shortened(source.href);
  if (isBlob(source)) {
    return "name" in source && typeof source.name === "string" ? source.name : `a Blob of ${source.size} bytes`;
  }
  return `${isBuffer(source) ? "an ArrayBuffer" : "a Uint8Array"} of ${source.byteLength} bytes`;
}

/** A `data:` URL carries its bytes in its name; a message wants only the beginning. */
function shortened(text: string): string {
  return /^data:/i.test(text) && text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/**
 * Reads a source. Bytes in memory are viewed, not copied, and always whole.
 *
 * @param options.extentOf tells from the first bytes how much is wanted
 * @throws {@link FileError} if the source is missing, cannot be read, or a server answers with anything but success.
 */
export async function readBytes(
  source: Source,
  options: ReadOptions & S3Options & { extentOf?: ExtentOf } = {},
): Promise<Uint8Array> {
  const { signal } = options;
  signal?.throwIfAborted();
  try {
    return await read(source, options);
  } catch (error) {
    // Platforms wrap the reason of an abort in errors of their own.
    signal?.throwIfAborted();
    throw error instanceof FileError ? error : new FileError(problemOf(error), { cause: error });
  }
}

function read(
  source: Source,
  options: ReadOptions & S3Options & { extentOf?: ExtentOf },
): Promise<Uint8Array> | Uint8Array {
  const own = bytesOf(source);
  if (own) return own;
  if (isBlob(source)) return readBlob(source, options);
  if (typeof source !== "string" && !isUrl(source)) {
    throw new FileError("is not a path, URL, Blob, ArrayBuffer or Uint8Array");
  }
  const text = textOfPlace(source);
  if (isS3(text)) return readS3(text, options);
  const local = fileSystem() && !/^(https?|data|blob):/i.test(text);
  if (local) return readWhole(/^file:/i.test(text) ? new URL(text) : text, { ...options, shared: true });
  return fetched(text, options);
}

async function readBlob(
  blob: Blob,
  { signal, extentOf }: { signal?: AbortSignal | undefined; extentOf?: ExtentOf },
): Promise<Uint8Array> {
  const bytesOf = async (part: Blob) => new Uint8Array(await abortable(part.arrayBuffer(), signal));
  if (!extentOf) return bytesOf(blob);
  const head = await bytesOf(blob.slice(0, HEAD_BYTES));
  const extent = extentOf(head);
  if (extent?.whole && blob.size > extent.bytes) throw tooLong(extent.bytes, blob.size);
  return extent ? bytesOf(blob.slice(0, extent.bytes)) : head;
}

async function fetched(
  url: string,
  { signal, retryPauses, extentOf }: ReadOptions & { extentOf?: ExtentOf },
): Promise<Uint8Array> {
  const http = new Http(/^(data|blob):/i.test(url) ? [] : retryPauses);
  const bytes = await http.whole(url, { signal, extentOf });
  if (!bytes) throw new FileError("cannot be fetched: the server answered 404; expected the file, with status 200");
  return bytes;
}
