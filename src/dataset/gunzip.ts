import { abortable } from "../base/abort.js";
import { DatasetError, messageOf } from "../base/errors.js";
import type { ReadOptions } from "../files/bytes.js";
import { FileError } from "../files/file-error.js";
import { type ExtentOf, Growing, HEAD_BYTES } from "../files/growing.js";

/** Deflate cannot shrink by more than this, so a damaged length cannot ask for more memory than the data could fill. */
const deflateLimit = 1032;

/** Compressed bytes a slice: about 20 ms of work, so the 4 ms browsers take to come back do not count. */
const sliceLength = 2 ** 20;

/** Tells whether the bytes begin as gzip does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Decompresses as much as the head of the data asks for, into one buffer of that size.
 *
 * @param options.extentOf tells from the first bytes how much is wanted; where the data should end there, all of it is
 *   read to check it, and data beyond is an error
 * @throws {@link DatasetError} if the data is damaged or too long, or the platform cannot decompress.
 */
export async function gunzip(
  bytes: Uint8Array,
  name: string,
  { signal, extentOf }: ReadOptions & { extentOf?: ExtentOf } = {},
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  if (typeof DecompressionStream === "undefined") {
    throw new DatasetError(name, "is gzip, which this platform cannot decompress; decompress the file first");
  }
  const tail = new DataView(bytes.buffer, bytes.byteOffset + Math.max(0, bytes.length - 4));
  // The length modulo 2^32 of the last member: a hint for files that are shorter than a head.
  const promised = bytes.length < 18 ? 0 : tail.getUint32(0, true);
  const reader = inSlices(bytes).pipeThrough(new DecompressionStream("gzip")).getReader();
  try {
    const most = bytes.length * deflateLimit;
    const result = new Growing({ hint: extentOf ? Math.min(promised, HEAD_BYTES) : promised, most, extentOf });
    for (;;) {
      const { done, value } = await abortable(reader.read(), signal);
      if (done || !result.take(value)) break;
    }
    return result.bytes;
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof FileError) throw new DatasetError(name, cause.problem, { cause });
    throw new DatasetError(name, `is damaged gzip: ${messageOf(cause)}; download it again`, { cause });
  } finally {
    // How a stream ends that nobody reads any more is of no interest.
    reader.cancel().catch(() => undefined);
  }
}

/**
 * Makes a stream of the bytes that lets other tasks run between slices. In Deno and in browsers a slice is decompressed at one
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
