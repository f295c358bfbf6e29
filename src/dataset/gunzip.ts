import { DatasetError, messageOf } from "../base/errors.js";
import type { ReadOptions } from "../files/bytes.js";

/** Deflate cannot shrink by more than this, so a damaged length cannot ask for more memory than the data could fill. */
const deflateLimit = 1032;

/** Compressed bytes a slice: about 20 ms of work, so the 4 ms browsers take to come back do not count. */
const sliceLength = 2 ** 20;

/** Whether the bytes begin as gzip does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * The decompressed bytes, in one buffer of their size: gzip ends with the length, so nothing is held twice.
 *
 * @throws {@link DatasetError} if the data is damaged, or the platform cannot decompress.
 */
export async function gunzip(bytes: Uint8Array, name: string, options: ReadOptions = {}): Promise<Uint8Array> {
  const { signal } = options;
  signal?.throwIfAborted();
  if (typeof DecompressionStream === "undefined") {
    throw new DatasetError(name, "is gzip, which this platform cannot decompress; decompress the file first");
  }
  const tail = new DataView(bytes.buffer, bytes.byteOffset + Math.max(0, bytes.length - 4));
  const promised = bytes.length < 18 ? 0 : tail.getUint32(0, true);
  let result = new Uint8Array(Math.min(promised, bytes.length * deflateLimit));
  let filled = 0;
  const reader = inSlices(bytes).pipeThrough(new DecompressionStream("gzip")).getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      signal?.throwIfAborted();
      const chunk = read.value;
      if (filled + chunk.length > result.length) {
        // Only for files of several gzip members or of 4 GiB and more.
        const larger = new Uint8Array(Math.max(filled + chunk.length, result.length * 2));
        larger.set(result.subarray(0, filled));
        result = larger;
      }
      result.set(chunk, filled);
      filled += chunk.length;
    }
  } catch (cause) {
    // The reason is thrown below; how a stream that nobody reads any more ends is of no interest.
    reader.cancel().catch(() => {});
    signal?.throwIfAborted();
    throw new DatasetError(name, `is damaged gzip: ${messageOf(cause)}; download it again`, { cause });
  }
  return result.subarray(0, filled);
}

/**
 * The bytes as a stream that lets other tasks run between slices. In Deno and in browsers a slice is decompressed at one
 * go: all of it at once would hold the whole output a second time, and let no timer, click or abort through.
 */
function inSlices(bytes: Uint8Array): ReadableStream<BufferSource> {
  let start = 0;
  return new ReadableStream<BufferSource>({
    async pull(controller) {
      if (start > 0) await new Promise((resolve) => setTimeout(resolve));
      const slice = bytes.subarray(start, start + sliceLength);
      // Streams take no shared memory.
      const shared = !(bytes.buffer instanceof ArrayBuffer);
      controller.enqueue(shared ? new Uint8Array(slice) : (slice as Uint8Array<ArrayBuffer>));
      start += sliceLength;
      if (start >= bytes.length) controller.close();
    },
  });
}
