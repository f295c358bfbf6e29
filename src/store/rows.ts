import { StoreError } from "../base/errors.js";
import { type StoredArray, storedItemBytes } from "./arrays.js";
import { checkSize } from "./documents.js";
import type { StoredSet } from "./stored-set.js";

/** Chunks of an array that are read at a time. */
const PARALLEL = 4;

/** Reads the bytes of a chunk's values from `offset` on that `into` has room for. */
export type ReadChunk = (array: StoredArray, chunk: number, offset: number, into: Uint8Array) => Promise<void>;

/** Reads from the files of a set, no more than is asked for. */
export function chunkReader(set: StoredSet, signal: AbortSignal | undefined): ReadChunk {
  return async (array, chunk, start, into) => {
    const { key, offset, size } = set.place(array, chunk);
    const part = await set.files.readInto(key, offset + start, into, signal);
    if (!part) throw missing(set, key);
    checkSize(set.files, key, part.size, size);
    if (part.bytes !== into.length) {
      const end = offset + start + part.bytes;
      throw new StoreError(set.files.name, `is truncated: it ends at ${end} bytes, not ${size}`, { chunk: key });
    }
  };
}

/**
 * Reads the bytes of an array from `start` on that `into` has room for.
 *
 * @throws StoreError when a chunk is missing, truncated or damaged
 */
export async function readRange(
  { chunkItems }: StoredSet,
  array: StoredArray,
  start: number,
  into: Uint8Array,
  read: ReadChunk,
): Promise<void> {
  const size = chunkItems * storedItemBytes(array);
  const stop = start + into.length;
  let next = Math.floor(start / size);
  const work = async () => {
    while (next * size < stop) {
      const chunk = next++;
      const from = Math.max(start, chunk * size);
      const to = Math.min(stop, (chunk + 1) * size);
      await read(array, chunk, from - chunk * size, into.subarray(from - start, to - start));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
}

/** Reads a whole range of an array's bytes, as `readRange`, into new memory. */
export async function readBytesOf(
  set: StoredSet,
  array: StoredArray,
  start: number,
  length: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  await readRange(set, array, start, bytes, chunkReader(set, signal));
  return bytes;
}

/** The error for a chunk that is not there. */
export function missing({ files }: StoredSet, key: string): StoreError {
  return new StoreError(
    files.name,
    "is missing; is the store finished, and was all of it copied? taskloom verify lists what is bad",
    { chunk: key },
  );
}
