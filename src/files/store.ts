import { FetchStore } from "zarrita";
import { describe, InvalidOptionError, StoreError } from "../base/errors.js";

/** The bytes of a file, or `undefined` where there is no such file. */
export type Bytes = Uint8Array | undefined;

/**
 * Where the files of a store come from: anything with zarrita's `AsyncReadable` interface (its stores, a `Map`). A file
 * that is not there is `undefined`; without `getRange` whole chunks are read.
 */
export interface ReadableStore {
  /** Reads a whole file; `undefined` where there is none. */
  get(key: `/${string}`, options?: { signal?: AbortSignal }): Promise<Bytes> | Bytes;
  /** Reads `length` bytes from byte `offset` on; fewer only where the file ends. */
  getRange?(
    key: `/${string}`,
    range: { offset: number; length: number },
    options?: { signal?: AbortSignal },
  ): Promise<Bytes> | Bytes;
  /**
   * Reads a range into memory that is there already.
   *
   * @returns the bytes read, fewer only where the file ends; `undefined` where there is no file
   * @internal
   */
  readInto?(
    key: `/${string}`,
    offset: number,
    into: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<number | undefined>;
}

/** A source as the reader uses it. */
export interface NamedSource {
  readonly store: ReadableStore;
  /** For error messages. */
  readonly name: string;
}

/**
 * Makes a source of what was given.
 *
 * @throws InvalidOptionError when it is no address, no directory and no store
 */
export function sourceOf(given: string | URL | FileSystemDirectoryHandle | ReadableStore): NamedSource {
  if (typeof given === "string" || given instanceof URL) return fetched(given);
  if (typeof given === "object" && given !== null) {
    if ("getDirectoryHandle" in given) return { store: new DirectoryStore(given), name: given.name || "directory" };
    if ("get" in given) return { store: given, name: given.constructor?.name ?? "store" };
  }
  throw new InvalidOptionError(
    "source",
    given,
    "an http(s) address, a FileSystemDirectoryHandle, or a store with get() and getRange()",
  );
}

/** Files of a web server, by range requests. */
function fetched(given: string | URL): NamedSource {
  const url = URL.canParse(given, globalThis.location?.href) ? new URL(given, globalThis.location?.href) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new InvalidOptionError(
      "source",
      String(given),
      "an http(s) address; paths open with openStoreFolder of taskloom/node",
    );
  }
  const name = url.href;
  const root = name.endsWith("/") ? name : `${name}/`;
  const store = new FetchStore(url, { fetch: (request) => answer(request, name, request.url.slice(root.length)) });
  return { store, name };
}

/** A response that FetchStore takes as it is meant: found, partial if that was asked for, or not there. */
async function answer(request: Request, source: string, key: string): Promise<Response> {
  const response = await fetch(request).catch((cause) => {
    if (request.signal.aborted) throw request.signal.reason;
    throw new StoreError(source, `cannot be fetched: ${(cause as Error).message}`, { chunk: key, cause });
  });
  const { status } = response;
  const partial = request.headers.has("range");
  if (status === 404 || status === 206 || (status === 200 && !partial)) return response;
  await response.body?.cancel();
  // A file that ends before the range does: the reader says what it misses.
  if (status === 416) return new Response(new Uint8Array(0), { status: 200 });
  throw new StoreError(
    source,
    status === 200
      ? "was sent whole, not the range asked for: serve it with support for range requests, " +
          "or read whole chunks with { wholeChunks: true }"
      : `cannot be fetched: the server answers ${describe(status)} ${response.statusText}`,
    { chunk: key },
  );
}

/** Files of a directory that the page was given, or of its own (OPFS). */
class DirectoryStore implements ReadableStore {
  readonly #root: FileSystemDirectoryHandle;

  constructor(root: FileSystemDirectoryHandle) {
    this.#root = root;
  }

  async get(key: `/${string}`): Promise<Bytes> {
    const file = await this.#file(key);
    return file && new Uint8Array(await file.arrayBuffer());
  }

  async getRange(key: `/${string}`, { offset, length }: { offset: number; length: number }): Promise<Bytes> {
    const file = await this.#file(key);
    return file && new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
  }

  async #file(key: `/${string}`): Promise<File | undefined> {
    const parts = key.slice(1).split("/");
    const name = parts.pop() as string;
    try {
      let directory = this.#root;
      for (const part of parts) directory = await directory.getDirectoryHandle(part);
      return await (await directory.getFileHandle(name)).getFile();
    } catch (error) {
      if ((error as DOMException | undefined)?.name === "NotFoundError") return undefined;
      throw error;
    }
  }
}
