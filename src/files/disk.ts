import { abortable } from "../base/abort.js";
import { fileSystem } from "../base/host.js";
import { allocate, FileError } from "./file-error.js";
import { type ExtentOf, HEAD_BYTES, tooLong } from "./growing.js";
import type { Part } from "./http.js";

export type FileSystem = NonNullable<ReturnType<typeof fileSystem>>;
type FileHandle = Awaited<ReturnType<FileSystem["open"]>>;

/** Bytes that are read at a time, at most, so that aborting takes effect soon. */
const READ_BYTES = 2 ** 24;

/**
 * Opens a file of Node's or Deno's file system and closes it after use. Opening a pipe would wait for somebody to write
 * into it, and a device has no end, so both are refused.
 *
 * @throws FileError when it is not a regular file, or the file system's error
 */
export async function withFile<T>(
  path: string | URL,
  signal: AbortSignal | undefined,
  use: (file: FileHandle, size: number) => Promise<T>,
): Promise<T> {
  const fs = fileSystem() as FileSystem;
  signal?.throwIfAborted();
  const status = await abortable(fs.stat(path), signal);
  if (status.isDirectory()) {
    throw new FileError("is a folder; give the path of a file", { permanent: true });
  }
  if (!status.isFile()) {
    throw new FileError("is not a regular file but a pipe, a device or a socket; copy it to a file", {
      permanent: true,
    });
  }
  const file = await fs.open(path);
  try {
    return await use(file, status.size);
  } finally {
    await file.close();
  }
}

/** Reads from `position` on until `into` is full or the file ends; returns the number of bytes. */
export async function fill(
  file: FileHandle,
  position: number,
  into: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<number> {
  for (let at = 0; at < into.length; ) {
    signal?.throwIfAborted();
    const { bytesRead } = await file.read(into, at, Math.min(READ_BYTES, into.length - at), position + at);
    if (bytesRead === 0) return at;
    at += bytesRead;
  }
  return into.length;
}

/**
 * Reads a file, or as much as its head asks for, into one buffer: `fs.readFile` stops at 2 GiB.
 *
 * @param options.limit bytes that the file may have at most
 * @param options.shared puts the bytes into shared memory, so that worker threads read the same bytes and not copies
 */
export function readWhole(
  path: string | URL,
  {
    limit = Number.POSITIVE_INFINITY,
    extentOf,
    shared,
    signal,
  }: { limit?: number; extentOf?: ExtentOf | undefined; shared?: boolean; signal?: AbortSignal | undefined } = {},
): Promise<Uint8Array> {
  return withFile(path, signal, async (file, size) => {
    if (size > limit) throw tooLong(limit, size);
    let wanted = size;
    if (extentOf) {
      const head = new Uint8Array(Math.min(size, HEAD_BYTES));
      const extent = extentOf(head.subarray(0, await fill(file, 0, head, signal)));
      if (extent?.whole && size > extent.bytes) throw tooLong(extent.bytes, size);
      wanted = Math.min(size, extent?.bytes ?? head.length);
    }
    const bytes = allocate(wanted, { shared: shared === true && wanted > 0 });
    return bytes.subarray(0, await fill(file, 0, bytes, signal));
  });
}

/** Reads a part of a file. */
export function readPart(
  path: string,
  offset: number,
  into: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Part> {
  return withFile(path, signal, async (file, size) => ({ bytes: await fill(file, offset, into, signal), size }));
}
