import { messageOf, RecipeError } from "../base/errors.js";
import { fileSystem } from "../base/host.js";

/**
 * Files of a folder, wherever it is: what zarrita calls an `AsyncReadable`. A file that is not there is `undefined`, a
 * range that goes beyond the end has fewer bytes; everything else that goes wrong is a RecipeError.
 */
export interface Files {
  /** What error messages call the folder. */
  readonly name: string;
  get(key: `/${string}`, options?: { signal?: AbortSignal }): Promise<Uint8Array | undefined>;
  getRange(
    key: `/${string}`,
    range: { readonly offset: number; readonly length: number },
    options?: { signal?: AbortSignal },
  ): Promise<Uint8Array | undefined>;
}

/** A folder on a server, read with range requests. */
export function httpFiles(folder: URL): Files {
  const base = new URL(folder);
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  const request = async (key: string, headers: Record<string, string>, signal: AbortSignal | undefined) => {
    const url = new URL(key.slice(1), base);
    url.search = base.search;
    let response: Response;
    try {
      response = await fetch(url, { headers, ...(signal ? { signal } : {}) });
    } catch (cause) {
      signal?.throwIfAborted();
      const hint = "check the address, the connection and, in a browser, that the server allows this page (CORS)";
      throw new RecipeError(url.href, `cannot be fetched: ${messageOf(cause)}; ${hint}`, { cause });
    }
    const wanted = headers.range ? 206 : 200;
    if (response.status === wanted) return bytesOf(response, url, signal);
    // Nobody will read the body: let the connection go.
    await response.body?.cancel();
    if (response.status === 404) return undefined;
    throw new RecipeError(
      url.href,
      headers.range && response.ok
        ? "the server does not answer range requests (status 206); serve the folder with one that does"
        : `the server answered ${`${response.status} ${response.statusText}`.trim()}; expected status ${wanted}`,
    );
  };
  return {
    name: base.href,
    get: (key, { signal } = {}) => request(key, {}, signal),
    getRange: (key, { offset, length }, { signal } = {}) =>
      request(key, { range: `bytes=${offset}-${offset + length - 1}` }, signal),
  };
}

async function bytesOf(response: Response, url: URL, signal: AbortSignal | undefined): Promise<Uint8Array> {
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    signal?.throwIfAborted();
    throw new RecipeError(url.href, `broke off: ${messageOf(cause)}`, { cause });
  }
}

/** A folder that a browser gave a handle to: of the origin's private file system, or one that the user picked. */
export function handleFiles(folder: FileSystemDirectoryHandle): Files {
  const name = folder.name || "the folder";
  const find = async (key: string): Promise<File | undefined> => {
    const parts = key.slice(1).split("/");
    const file = parts.pop() as string;
    try {
      let at = folder;
      for (const part of parts) at = await at.getDirectoryHandle(part);
      return await (await at.getFileHandle(file)).getFile();
    } catch (cause) {
      if ((cause as DOMException).name === "NotFoundError") return undefined;
      throw new RecipeError(`${name}${key}`, `cannot be opened: ${messageOf(cause)}`, { cause });
    }
  };
  const read = async (key: string, from: (file: File) => Blob, signal: AbortSignal | undefined) => {
    signal?.throwIfAborted();
    const file = await find(key);
    if (!file) return undefined;
    try {
      return new Uint8Array(await from(file).arrayBuffer());
    } catch (cause) {
      throw new RecipeError(`${name}${key}`, `cannot be read: ${messageOf(cause)}`, { cause });
    }
  };
  return {
    name,
    get: (key, { signal } = {}) => read(key, (file) => file, signal),
    getRange: (key, { offset, length }, { signal } = {}) =>
      read(key, (file) => file.slice(offset, offset + length), signal),
  };
}

/** A folder in Node's or Deno's file system; `undefined` where there is none, as in a browser. */
export function pathFiles(folder: string): Files | undefined {
  const fs = fileSystem();
  if (!fs) return undefined;
  const base = folder.replace(/(?<=.)\/$/, "");
  const read = async (
    key: string,
    range: { offset: number; length: number } | undefined,
    signal: AbortSignal | undefined,
  ) => {
    signal?.throwIfAborted();
    try {
      const file = await fs.open(base + key);
      try {
        if (!range) return new Uint8Array(await file.readFile());
        const bytes = new Uint8Array(range.length);
        let filled = 0;
        while (filled < bytes.length) {
          const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, range.offset + filled);
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return bytes.subarray(0, filled);
      } finally {
        await file.close();
      }
    } catch (cause) {
      if (["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? "")) return undefined;
      throw new RecipeError(base + key, `cannot be read: ${messageOf(cause)}`, { cause });
    }
  };
  return {
    name: base,
    get: (key, { signal } = {}) => read(key, undefined, signal),
    getRange: (key, range, { signal } = {}) => read(key, range, signal),
  };
}
