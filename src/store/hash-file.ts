import { nodeCrypto } from "../base/host.js";
import type { Files } from "../files/folder.js";

/** Bytes that are read at a time. */
const BLOCK = 16 * 2 ** 20;

/**
 * Hashes a file piece by piece, in Node, Deno and Bun. A file of another size is read no further than it takes to know that.
 *
 * @param size bytes that the file should have
 * @returns the bytes that it has, and its SHA-256, lower-case hex, if these are as many; undefined where there is no such file
 */
export async function hashFile(
  files: Files,
  key: string,
  size: number,
  signal: AbortSignal | undefined,
): Promise<{ size: number; digest: string } | undefined> {
  const crypto = nodeCrypto() as NonNullable<ReturnType<typeof nodeCrypto>>;
  const hash = crypto.createHash("sha256");
  const block = new Uint8Array(Math.min(BLOCK, size));
  for (let at = 0; at < size; ) {
    const part = await files.readInto(key, at, block.subarray(0, size - at), signal);
    if (!part) return undefined;
    if (part.size !== undefined && part.size !== size) return { size: part.size, digest: "" };
    if (part.bytes === 0) return { size: at, digest: "" };
    hash.update(block.subarray(0, part.bytes));
    at += part.bytes;
  }
  return { size, digest: hash.digest("hex") };
}
