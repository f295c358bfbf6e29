import { StoreError } from "../base/errors.js";
import type { Files } from "../files/folder.js";

/** Bytes that a recipe or the document of a store has at most. */
export const DOCUMENT_LIMIT = 64 * 2 ** 20;

/** Reads a file of text; undefined where there is none. */
export async function readText(
  files: Files,
  key: string,
  signal: AbortSignal | undefined,
  limit: number = DOCUMENT_LIMIT,
): Promise<string | undefined> {
  const bytes = await files.get(key, limit, signal);
  return bytes && new TextDecoder().decode(bytes);
}

/**
 * Reads the beginning of a file.
 *
 * @returns the bytes, fewer than `length` where the file is shorter, and the file's size where it is known; undefined
 *   where there is no such file
 */
export async function readHead(
  files: Files,
  key: string,
  length: number,
  signal: AbortSignal | undefined,
): Promise<{ bytes: Uint8Array; size: number | undefined } | undefined> {
  const into = new Uint8Array(length);
  const part = await files.readInto(key, 0, into, signal);
  return part && { bytes: into.subarray(0, part.bytes), size: part.size };
}

/** @throws StoreError when a file is known to have another size than it should have */
export function checkSize(files: Files, key: string, size: number | undefined, expected: number): void {
  if (size === undefined || size === expected) return;
  const what = size < expected ? "it is truncated" : "it is another file";
  throw new StoreError(files.name, `has ${size} bytes, not ${expected}: ${what}`, { chunk: key });
}
