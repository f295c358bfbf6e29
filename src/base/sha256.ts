import { DatasetError, messageOf } from "./errors.js";
import { nodeCrypto } from "./host.js";

/** Bytes that Node's hashes take at once must stay below 2^31. */
const updateLength = 2 ** 30;

/** Lower-case hex SHA-256. `name` is what an error speaks of. */
export async function sha256(bytes: Uint8Array, name: string): Promise<string> {
  // Web Crypto, which hashes beside the main thread, takes no shared memory, and in Node nothing of 2^31 bytes and more.
  const shared = !(bytes.buffer instanceof ArrayBuffer);
  const node = shared || bytes.length >= 2 ** 31 ? nodeCrypto() : undefined;
  if (node) {
    const hash = node.createHash("sha256");
    for (let start = 0; start < bytes.length; start += updateLength) {
      hash.update(bytes.subarray(start, start + updateLength));
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
