import { abortable } from "../base/abort.js";
import { messageOf, TaskloomError } from "../base/errors.js";
import { FileError } from "./file-error.js";
import { type ExtentOf, Growing, tooLong } from "./growing.js";
import { isTransient, pauseOf, RETRY_PAUSES, retry, Transient } from "./retry.js";

/** Files whose version and size are remembered: the last ones that were read. */
const REMEMBERED = 2 ** 16;

/** Bytes that were read of a file. */
export interface Part {
  /** The number of bytes; fewer than asked for only where the file ends. */
  readonly bytes: number;
  /** Bytes of the whole file, where they are known. */
  readonly size: number | undefined;
}

/** The facts that a server stated about a file. */
interface Version {
  /** The name of the header, and its value. */
  readonly tag: readonly [name: string, value: string] | undefined;
  readonly size: number | undefined;
}

/** The bytes that a range request asks for. */
interface Range {
  readonly offset: number;
  readonly length: number;
}

/** The way requests are sent, and the words for answers that are no success. */
export interface Transport {
  /** Sends a GET request. */
  send(url: string, headers: Record<string, string>, signal: AbortSignal | undefined): Promise<Response>;
  /** Says why a file cannot be fetched; undefined where the answer says that there is no such file. */
  explain(response: Response, wanted: number): Promise<string | undefined>;
  /** The remedy where no answer comes. */
  readonly hint: string;
}

const PLAIN: Transport = {
  hint: "check the address, the connection and, in a browser, that the server allows this page (CORS)",
  send: (url, headers, signal) => fetch(url, { headers, ...(signal ? { signal } : {}) }),
  explain: async (response, wanted) => {
    const missing = response.status === 404 || response.status === 410;
    return missing ? undefined : `the server answered ${statusOf(response)}; expected the file, with status ${wanted}`;
  },
};

/**
 * Reads files of web servers. Network errors, 408, 429 and 5xx are tried again after growing pauses. A file that changes
 * between two reads is an error.
 */
export class Http {
  readonly #pauses: readonly number[];
  readonly #transport: Transport;
  readonly #pinned: boolean;
  readonly #versions = new Map<string, Version>();

  /**
   * @param pinned false where files may change, as those of a store that is being written
   */
  constructor(pauses: readonly number[] = RETRY_PAUSES, transport: Transport = PLAIN, pinned = true) {
    this.#pauses = pauses;
    this.#transport = transport;
    this.#pinned = pinned;
  }

  /**
   * Reads a whole file.
   *
   * @param options.limit bytes that the file may have at most
   * @param options.extentOf tells from the first bytes how much is wanted
   * @returns undefined when there is no such file
   * @throws FileError when the server answers anything else, or sends more than the limit
   */
  whole(
    url: string,
    { limit, extentOf, signal }: { limit?: number; extentOf?: ExtentOf | undefined; signal?: AbortSignal | undefined },
  ): Promise<Uint8Array | undefined> {
    return retry(this.#pauses, signal, async () => {
      const response = await this.#request(url, undefined, signal);
      if (!response) return undefined;
      const announced = numberOf(response.headers.get("content-length"));
      if (limit !== undefined && announced !== undefined && announced > limit) {
        throw await dropped(response, tooLong(limit, announced).problem);
      }
      const body = new Growing({
        ...(limit === undefined ? {} : { limit }),
        // An announced length may be that of compressed bytes, so it is only a hint.
        hint: Math.min(announced ?? 0, extentOf ? 2 ** 16 : Number.POSITIVE_INFINITY),
        extentOf,
      });
      await drain(response, (piece) => body.take(piece), signal);
      return body.bytes;
    });
  }

  /**
   * Reads the bytes of a file from `offset` on that `into` has room for.
   *
   * @returns undefined when there is no such file
   * @throws FileError when the server answers anything but exactly this range
   */
  part(url: string, offset: number, into: Uint8Array, signal: AbortSignal | undefined): Promise<Part | undefined> {
    const range = { offset, length: into.length };
    return retry(this.#pauses, signal, async () => {
      const response = await this.#request(url, range, signal);
      if (!response) return undefined;
      const sent = rangeOf(response, range);
      if (typeof sent === "string") throw await dropped(response, sent);
      const size = this.#versions.get(url)?.size;
      if (response.status === 416) {
        await response.body?.cancel();
        return { bytes: 0, size };
      }
      const expected = sent?.length ?? into.length;
      const announced = numberOf(response.headers.get("content-length"));
      if (announced !== undefined && (sent ? announced !== expected : announced > expected)) {
        throw await dropped(response, `has ${announced} bytes in the answer to a request for ${expected}`);
      }
      let filled = 0;
      await drain(
        response,
        (piece) => {
          const part = piece.subarray(0, expected - filled);
          into.set(part, filled);
          filled += part.length;
          // A body whose length was announced ends by itself, and its connection serves again.
          return filled < expected || (announced === expected && part.length === piece.length);
        },
        signal,
      );
      if (sent && filled < expected) throw new Transient(`broke off after ${filled} of ${expected} bytes`);
      return { bytes: filled, size };
    });
  }

  /** @returns an answer that is what was asked for; 416 too, for a range; undefined for 404 and 410 */
  async #request(
    url: string,
    range: Range | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Response | undefined> {
    const response = await start(this.#transport, url, range, signal);
    const { status } = response;
    if (isTransient(status)) {
      const pause = pauseOf(response);
      throw await dropped(response, `cannot be fetched: the server answered ${statusOf(response)}`, { pause });
    }
    const wanted = range ? 206 : 200;
    if (range && status === 200) {
      throw await dropped(
        response,
        "was sent whole, not the range asked for: serve it with support for range requests (status 206); " +
          "openStore also reads whole chunks, with { wholeChunks: true }",
      );
    }
    if (status !== wanted && !(range && status === 416)) {
      const problem = await abortable(this.#transport.explain(response, wanted), signal);
      if (problem !== undefined) throw await dropped(response, `cannot be fetched: ${problem}`);
      await response.body?.cancel().catch(() => undefined);
      return undefined;
    }
    const changed = this.#pinned ? this.#compare(url, response) : undefined;
    if (changed) throw await dropped(response, changed);
    return response;
  }

  /** Compares a file with what it was, and remembers it. */
  #compare(url: string, response: Response): string | undefined {
    const { headers, status } = response;
    const [etag, modified] = [headers.get("etag"), headers.get("last-modified")];
    // The ETag of an error page is not that of the file.
    const tag =
      status === 416
        ? undefined
        : etag
          ? (["ETag", etag] as const)
          : modified
            ? (["Last-Modified", modified] as const)
            : undefined;
    const size = numberOf(/\/(\d+)$/.exec(headers.get("content-range") ?? "")?.[1]);
    const known = this.#versions.get(url);
    if (known?.tag && tag && known.tag[0] === tag[0] && known.tag[1] !== tag[1]) {
      return `has changed since it was first read: its ${tag[0]} was ${known.tag[1]}, it is ${tag[1]}; open it again`;
    }
    if (known?.size !== undefined && size !== undefined && known.size !== size) {
      return `has changed since it was first read: it had ${known.size} bytes, it has ${size}; open it again`;
    }
    this.#versions.delete(url);
    this.#versions.set(url, { tag: tag ?? known?.tag, size: size ?? known?.size });
    if (this.#versions.size > REMEMBERED) this.#versions.delete(this.#versions.keys().next().value as string);
    return undefined;
  }
}

/** Sends a request. Engines follow a signal weakly, so aborting is seen to here as well. */
async function start(
  transport: Transport,
  url: string,
  range: Range | undefined,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const headers: Record<string, string> = range
    ? { range: `bytes=${range.offset}-${range.offset + range.length - 1}` }
    : {};
  let pending: Promise<Response> | undefined;
  try {
    pending = transport.send(url, headers, signal);
    return await abortable(pending, signal);
  } catch (cause) {
    pending?.then((response) => response.body?.cancel()).catch(() => undefined);
    if (cause instanceof FileError || cause instanceof TaskloomError) throw cause;
    const problem = `cannot be fetched: ${messageOf(cause)}; ${transport.hint}`;
    // An address that is none stays so.
    throw URL.canParse(url, globalThis.location?.href)
      ? new Transient(problem, { cause })
      : new FileError(problem, { cause });
  }
}

/** Gives the pieces of a body to `take` until it returns false. */
async function drain(
  response: Response,
  take: (piece: Uint8Array) => boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await abortable(reader.read(), signal);
      if (done) return;
      if (!take(value)) break;
    }
  } catch (cause) {
    reader.cancel().catch(() => undefined);
    if (cause instanceof FileError || signal?.aborted) throw cause;
    throw new Transient(`broke off: ${messageOf(cause)}`, { cause });
  }
  reader.cancel().catch(() => undefined);
}

/** Lets the connection of an answer go that nobody will read, and makes the error. */
async function dropped(response: Response, problem: string, retry?: { pause: number }): Promise<FileError> {
  await response.body?.cancel().catch(() => undefined);
  return retry ? new Transient(problem, retry) : new FileError(problem);
}

/**
 * Checks the range of an answer.
 *
 * @returns the range; undefined where a page may not see the header; or what is wrong
 */
function rangeOf(response: Response, { offset, length }: Range): Range | string | undefined {
  const text = response.headers.get("content-range");
  if (response.status === 416) {
    const size = numberOf(/^bytes \*\/(\d+)$/i.exec(text ?? "")?.[1]);
    return size !== undefined && size > offset
      ? `cannot be fetched: the server refused bytes from ${offset} on of a file of ${size}`
      : undefined;
  }
  const asked = `bytes ${offset}-${offset + length - 1}`;
  if (text === null) {
    const type = response.headers.get("content-type") ?? "";
    return /^multipart\//i.test(type) ? `was sent as ${type}, not as the one range asked for, ${asked}` : undefined;
  }
  const [, start, stop, size] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/i.exec(text) ?? [];
  const last = Math.min(offset + length, size === "*" ? Number.POSITIVE_INFINITY : Number(size)) - 1;
  const [from, to] = [Number(start), Number(stop)];
  // Without a size the file may end before the range does.
  if (from === offset && (to === last || (size === "*" && to >= from && to < last)))
    return { offset, length: to - from + 1 };
  return `cannot be fetched: the server sent ${text}, not the range asked for, ${asked}`;
}

function numberOf(text: string | null | undefined): number | undefined {
  return text && /^\d+$/.test(text) ? Number(text) : undefined;
}

export function statusOf({ status, statusText }: Response): string {
  return `${status} ${statusText}`.trim();
}
