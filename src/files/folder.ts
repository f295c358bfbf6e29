import { abortable } from "../base/abort.js";
import { StoreError, TaskloomError } from "../base/errors.js";
import { readPart, readWhole } from "./disk.js";
import { FileError, problemOf } from "./file-error.js";
import { tooLong } from "./growing.js";
import { Http, type Part } from "./http.js";
import type { ReadableStore } from "./store.js";

/** Files of a folder, wherever it is. What cannot be read is a `StoreError` that names the file. */
export interface Files {
  /** The folder, for error messages. */
  readonly name: string;
  /** True if `readInto` reads no more than it is asked for. */
  readonly ranges: boolean;
  /**
   * Reads a whole file.
   *
   * @param limit bytes that it may have at most
   * @returns undefined when there is no such file
   */
  get(key: string, limit: number, signal: AbortSignal | undefined): Promise<Uint8Array | undefined>;
  /**
   * Reads the bytes from `offset` on that `into` has room for.
   *
   * @returns undefined when there is no such file
   */
  readInto(key: string, offset: number, into: Uint8Array, signal: AbortSignal | undefined): Promise<Part | undefined>;
}

/** Gives all faults of a folder their type. */
export function folder({ name, ranges, get, readInto }: Files): Files {
  const named = async <T>(key: string, signal: AbortSignal | undefined, reading: () => Promise<T>): Promise<T> => {
    signal?.throwIfAborted();
    try {
      return await reading();
    } catch (cause) {
      // Platforms wrap the reason of an abort in errors of their own.
      signal?.throwIfAborted();
      if (cause instanceof TaskloomError) throw cause;
      throw new StoreError(name, problemOf(cause), { chunk: key, cause });
    }
  };
  return {
    name,
    ranges,
    get: (key, limit, signal) => named(key, signal, () => get(key, limit, signal)),
    readInto: (key, offset, into, signal) => named(key, signal, () => readInto(key, offset, into, signal)),
  };
}

/** Files of a web server, read with range requests. */
export function httpFiles(address: URL, retryPauses: readonly number[] | undefined): Files {
  const base = new URL(address);
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  const http = new Http(retryPauses);
  const urlOf = (key: string) => {
    const url = new URL(key, base);
    url.search = base.search;
    return url.href;
  };
  return folder({
    name: base.href,
    ranges: true,
    get: (key, limit, signal) => http.whole(urlOf(key), { limit, signal }),
    readInto: (key, offset, into, signal) => http.part(urlOf(key), offset, into, signal),
  });
}

/** Files of a directory that a browser gave a handle to: of its private file system, or one that the user picked. */
export function handleFiles(directory: FileSystemDirectoryHandle): Files {
  const find = async (key: string): Promise<File | undefined> => {
    const parts = key.split("/");
    const file = parts.pop() as string;
    try {
      let at = directory;
      for (const part of parts) at = await at.getDirectoryHandle(part);
      return await (await at.getFileHandle(file)).getFile();
    } catch (cause) {
      if ((cause as DOMException).name === "NotFoundError") return undefined;
      throw cause;
    }
  };
  return folder({
    name: directory.name || "the folder",
    ranges: true,
    get: async (key, limit, signal) => {
      const file = await abortable(find(key), signal);
      if (file && file.size > limit) throw tooLong(limit, file.size);
      return file && new Uint8Array(await abortable(file.arrayBuffer(), signal));
    },
    readInto: async (key, offset, into, signal) => {
      const file = await abortable(find(key), signal);
      if (!file) return undefined;
      const bytes = await abortable(file.slice(offset, offset + into.length).arrayBuffer(), signal);
      into.set(new Uint8Array(bytes));
      return { bytes: bytes.byteLength, size: file.size };
    },
  });
}

/** Files of a folder in Node's or Deno's file system. */
export function pathFiles(path: string): Files {
  const base = path.replace(/(?<=.)[/\\]+$/, "") || ".";
  const orMissing = async <T>(reading: Promise<T>): Promise<T | undefined> => {
    try {
      return await reading;
    } catch (cause) {
      if (["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? "")) return undefined;
      throw cause;
    }
  };
  return folder({
    name: base,
    ranges: true,
    get: (key, limit, signal) => orMissing(readWhole(`${base}/${key}`, { limit, signal })),
    readInto: (key, offset, into, signal) => orMissing(readPart(`${base}/${key}`, offset, into, signal)),
  });
}

/** Files of a store of somebody else's. */
export function storeFiles(store: ReadableStore): Files {
  const get = async (key: string, limit: number, signal: AbortSignal | undefined) => {
    const bytes = await abortable(Promise.resolve(store.get(`/${key}`, signal ? { signal } : {})), signal);
    if (bytes && bytes.length > limit) throw tooLong(limit, bytes.length);
    return bytes;
  };
  return folder({
    name: store.constructor?.name ?? "store",
    ranges: store.getRange !== undefined,
    get,
    readInto: async (key, offset, into, signal) => {
      const { length } = into;
      let bytes: Uint8Array | undefined;
      let size: number | undefined;
      if (store.getRange) {
        const asked = store.getRange(`/${key}`, { offset, length }, signal ? { signal } : {});
        bytes = await abortable(Promise.resolve(asked), signal);
        if (bytes && bytes.length > length) {
          throw new FileError(`has ${bytes.length} bytes in the answer to a request for ${length}`);
        }
      } else {
        const whole = await get(key, Number.POSITIVE_INFINITY, signal);
        bytes = whole?.subarray(offset, offset + length);
        size = whole?.length;
      }
      if (!bytes) return undefined;
      into.set(bytes);
      return { bytes: bytes.length, size };
    },
  });
}
