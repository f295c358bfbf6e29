import { abortable } from "../base/abort.js";
import { DatasetError, messageOf } from "../base/errors.js";
import { fileSystem } from "../base/host.js";

/**
 * Where bytes come from: a path, a URL (`file:`, `https:`, `data:`, `blob:`), a `Blob` or `File`, or bytes in memory. In a
 * browser, which has no paths, a string is a URL relative to the page.
 */
export type Source = string | URL | Blob | ArrayBuffer | Uint8Array;

/** Options of everything that reads. */
export interface ReadOptions {
  /** Aborting it rejects the call with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/** At most so much is read at a time, in bytes, so that aborting is not kept waiting. */
const readSize = 2 ** 24;

/** A source as messages call it: the path, the URL, or what sort of bytes it is. */
export function nameOf(source: Source): string {
  if (typeof source === "string") return shortened(source);
  if (source instanceof URL) return shortened(source.href);
  if (source instanceof Blob) {
    return "name" in source && typeof source.name === "string" ? source.name : `a Blob of ${source.size} bytes`;
  }
  return `${source instanceof ArrayBuffer ? "an ArrayBuffer" : "a Uint8Array"} of ${source.byteLength} bytes`;
}

/** A `data:` URL carries its bytes in its name; a message wants only the beginning. */
function shortened(text: string): string {
  return /^data:/i.test(text) && text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/**
 * All bytes of a source. Bytes in memory are viewed, not copied.
 *
 * @throws {@link DatasetError} if the source is missing, cannot be read, or a server answers with anything but success.
 */
export async function readBytes(source: Source, options: ReadOptions = {}): Promise<Uint8Array> {
  const { signal } = options;
  signal?.throwIfAborted();
  try {
    return await read(source, signal);
  } catch (error) {
    // Platforms wrap the reason of an abort in errors of their own.
    signal?.throwIfAborted();
    throw error;
  }
}

async function read(source: Source, signal: AbortSignal | undefined): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (source instanceof Blob) return readBlob(source, signal);
  if (typeof source !== "string" && !(source instanceof URL)) {
    throw new DatasetError(String(source), "is not a path, URL, Blob, ArrayBuffer or Uint8Array");
  }
  const text = String(source);
  if (/^(https?|data|blob):/i.test(text)) return fetchBytes(text, source, signal);
  const fs = fileSystem();
  if (fs) return readFile(fs, /^file:/i.test(text) ? new URL(text) : text, nameOf(source), signal);
  return fetchBytes(text, source, signal);
}

async function readBlob(blob: Blob, signal: AbortSignal | undefined): Promise<Uint8Array> {
  try {
    return new Uint8Array(await abortable(blob.arrayBuffer(), signal));
  } catch (cause) {
    throw new DatasetError(nameOf(blob), `cannot be read: ${messageOf(cause)}`, { cause });
  }
}

async function fetchBytes(url: string, source: Source, signal: AbortSignal | undefined): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(url, signal ? { signal } : {});
  } catch (cause) {
    const hint = "check the address, the connection and, in a browser, that the server allows this page (CORS)";
    throw new DatasetError(nameOf(source), `cannot be fetched: ${messageOf(cause)}; ${hint}`, { cause });
  }
  if (!response.ok) {
    // Nobody will read the body: let the connection go.
    await response.body?.cancel();
    const status = `${response.status} ${response.statusText}`.trim();
    throw new DatasetError(nameOf(source), `the server answered ${status}; expected the file, with status 200`);
  }
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw new DatasetError(nameOf(source), `broke off: ${messageOf(cause)}; fetch it again`, { cause });
  }
}

type FileSystem = NonNullable<ReturnType<typeof fileSystem>>;

/**
 * The whole file in one buffer of its size: `fs.readFile` stops at 2 GiB. The memory is shared, so that worker threads
 * read the same bytes and not copies.
 */
async function readFile(
  fs: FileSystem,
  path: string | URL,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  try {
    const file = await fs.open(path);
    try {
      const status = await file.stat();
      // Pipes and the like have no size. Folders say what they are when read.
      if (!status.isFile() || status.size === 0) return await readStream(file, signal);
      const { size } = status;
      const bytes = new Uint8Array(new SharedArrayBuffer(size));
      let filled = 0;
      while (filled < size) {
        signal?.throwIfAborted();
        const { bytesRead } = await file.read(bytes, filled, Math.min(readSize, size - filled), filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new DatasetError(name, fileProblem(cause), { cause });
  }
}

async function readStream(
  file: Awaited<ReturnType<FileSystem["open"]>>,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const buffer = await file.readFile(signal ? { signal } : {});
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

function fileProblem(cause: unknown): string {
  switch ((cause as { code?: unknown } | null)?.code) {
    case "ENOENT":
    case "ENOTDIR":
      return "there is no such file; check the path";
    case "EISDIR":
      return "is a folder; give the path of a file";
    case "EACCES":
    case "EPERM":
      return "may not be read; check its permissions";
    default:
      return `cannot be read: ${messageOf(cause)}`;
  }
}
