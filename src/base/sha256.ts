import { pacer } from "./abort.js";
import { DatasetError, messageOf } from "./errors.js";
import { nodeCrypto } from "./host.js";

/** Bytes that are hashed before other work gets a turn; Node's hashes take less than 2^31 at once. */
const UPDATE_BYTES = 2 ** 25;

/**
 * Computes a SHA-256 as lower-case hexadecimal digits.
 *
 * @param name what the bytes are, for error messages
 * @throws DatasetError where the page has no hash function, or the bytes are too many for it
 */
export async function sha256(bytes: Uint8Array, name: string): Promise<string> {
  // Web Crypto, which hashes beside the main thread, takes no shared memory, and in Node nothing of 2^31 bytes and more.
  const shared = !(bytes.buffer instanceof ArrayBuffer);
  const node = shared || bytes.length >= 2 ** 31 ? nodeCrypto() : undefined;
  if (node) {
    const hash = node.createHash("sha256");
    const pace = pacer(undefined);
    for (let start = 0; start < bytes.length; start += UPDATE_BYTES) {
      hash.update(bytes.subarray(start, start + UPDATE_BYTES));
      await pace();
    }
    return hash.digest("hex");
  }
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) {
    throw new DatasetError(
      name,
      "cannot be hashed: this page has no crypto.subtle, which browsers offer on https: and localhost only; " +
        "serve the page from there",
    );
  }
  try {
    const digest = await subtle.digest("SHA-256", shared ? new Uint8Array(bytes) : (bytes as Uint8Array<ArrayBuffer>));
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  } catch (cause) {
    throw new DatasetError(name, `cannot be hashed (${bytes.length} bytes): ${messageOf(cause)}`, { cause });
  }
}
