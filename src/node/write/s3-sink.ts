import { createHash, type Hash, randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { OutputError } from "../../base/errors.js";
import { allocate, FileError } from "../../files/file-error.js";
import type { Files } from "../../files/folder.js";
import { S3Client } from "../../files/s3/client.js";
import { s3Files } from "../../files/s3/files.js";
import { listed } from "../../files/s3/list.js";
import type { S3Place } from "../../files/s3/place.js";
import { type Appender, inParallel, type Look, type Sink, type Upload, WIDTH } from "../../files/sink.js";
import { hashFile } from "../../store/hash-file.js";

/** Bytes of a default chunk, at most: chunks are held in memory, one that fills up and one on its way. */
const CHUNK_LIMIT = 256 * 2 ** 20;
/** Bytes that a single PUT can send. */
const PUT_MOST = 5 * 2 ** 30;
/** Objects that are looked at one by one; more are listed. */
const FEW = 64;
/** Lines of one object of a journal: each new line writes the object anew. */
const JOURNAL_LINES = 256;

/** A prefix of an object store that a store is written into. */
export class S3Sink implements Sink {
  readonly name: string;
  readonly isLocal = false;
  readonly run = `${hostname()}-${process.pid}-${randomBytes(4).toString("hex")}`;
  readonly files: Files;
  readonly chunkLimit = CHUNK_LIMIT;
  readonly chunkMost = PUT_MOST;
  readonly #client: S3Client;
  readonly #signal: AbortSignal | undefined;

  constructor(place: S3Place, retryPauses: readonly number[] | undefined, signal: AbortSignal | undefined) {
    this.name = place.name;
    this.files = s3Files(place, retryPauses, false);
    this.#client = new S3Client(place, retryPauses);
    this.#signal = signal;
  }

  /** Nobody says how much room there is. */
  async checkSpace(): Promise<void> {}

  /** Prefixes are there without being made. */
  async begin(): Promise<void> {}

  async putChunk(key: string, bytes: number): Promise<Upload> {
    return new ChunkObject(bytes, (body, sha256, check) =>
      this.#named(key, () => this.#putChunk(key, body, sha256, check)),
    );
  }

  async putIfAbsent(key: string, text: string): Promise<void> {
    await this.#named(key, () => this.#put(key, bytesOf(text), { "if-none-match": "*" }, [412]));
  }

  async put(key: string, text: string): Promise<void> {
    await this.#named(key, () => this.#put(key, bytesOf(text)));
  }

  appendTo(key: string): Appender {
    const [, start = "", end = ""] = /^(.*journal-[^/]*?)(-\d+-[0-9a-f]{8}\.jsonl)$/.exec(key) ?? [];
    let first = "";
    let lines = "";
    let count = 0;
    return {
      append: async (line) => {
        // Each object begins with the line that names the store.
        if (count === 0) first = line.slice(0, line.indexOf("\n") + 1);
        else if (count % JOURNAL_LINES === 0) lines = first;
        lines += line;
        const part = Math.floor(count++ / JOURNAL_LINES);
        await this.put(part === 0 ? key : `${start}.${part}${end}`, lines);
      },
      close: async () => undefined,
    };
  }

  async *list(prefix: string, signal?: AbortSignal): AsyncGenerator<string> {
    try {
      for await (const { key } of listed(this.#client, prefix, signal)) yield key;
    } catch (error) {
      throw this.#wrap(prefix, error);
    }
  }

  async names(): Promise<string[]> {
    const names: string[] = [];
    await this.#named("", async () => {
      for await (const { key } of listed(this.#client, "", this.#signal, false)) names.push(key.replace(/\/$/, ""));
    });
    return names;
  }

  async look({ prefix, count, keys, found }: Look, signal: AbortSignal | undefined): Promise<void> {
    if (count > FEW) {
      await this.#named(prefix, async () => {
        for await (const { key, size, etag } of listed(this.#client, prefix, signal)) {
          if (size !== undefined) found(key, { size, version: etag });
        }
      });
      return;
    }
    await inParallel(keys(), WIDTH, (key) =>
      this.#named(key, async () => {
        const { response } = await this.#client.request({ method: "HEAD", key, accept: [404] }, signal);
        const { headers, ok } = response;
        if (ok) found(key, { size: Number(headers.get("content-length")), version: headers.get("etag") ?? "" });
      }),
    );
  }

  async remove(keys: readonly string[]): Promise<void> {
    await inParallel(keys, WIDTH, (key) =>
      this.#named(key, async () => {
        await this.#client.request({ method: "DELETE", key, accept: [404] }, this.#signal);
      }),
    );
  }

  /**
   * Puts a chunk in its place, if nothing is there: the request of a run that was started over may come late, and must not
   * replace a chunk of the store that there is now. An object of other bytes is replaced if the store is this run's after the
   * object was seen, and only if it is still that object.
   *
   * @param check rejects where the store is not this run's any more
   */
  async #putChunk(
    key: string,
    body: Uint8Array<ArrayBuffer>,
    sha256: string,
    check: () => Promise<void>,
  ): Promise<string> {
    await check();
    for (let tries = 0; tries < 3; tries++) {
      const put = await this.#put(key, body, { "if-none-match": "*" }, [412], sha256);
      if (put.ok) return put.headers.get("etag") ?? "";
      const head = { "x-amz-checksum-mode": "ENABLED" };
      const there = await this.#client.request({ method: "HEAD", key, headers: head, accept: [404] }, this.#signal);
      if (there.response.status === 404) continue;
      const etag = there.response.headers.get("etag") ?? "";
      const size = Number(there.response.headers.get("content-length"));
      const checksum = there.response.headers.get("x-amz-checksum-sha256");
      const same =
        size === body.length &&
        (checksum
          ? checksum === base64(sha256)
          : (await hashFile(this.files, key, size, this.#signal))?.digest === sha256);
      if (same) return etag;
      await check();
      const replaced = await this.#put(key, body, { "if-match": etag }, [412, 404], sha256);
      if (replaced.ok) return replaced.headers.get("etag") ?? "";
    }
    throw new FileError("is written by another run at the same time, again and again; run again when that has ended");
  }

  async #put(
    key: string,
    body: Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = {},
    accept: readonly number[] = [],
    sha256: string = createHash("sha256").update(body).digest("hex"),
  ): Promise<Response> {
    const all = { "content-type": "application/octet-stream", "x-amz-checksum-sha256": base64(sha256), ...headers };
    const request = { method: "PUT", key, headers: all, body, sha256, accept } as const;
    return (await this.#client.request(request, this.#signal)).response;
  }

  async #named<T>(key: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#wrap(key, error);
    }
  }

  #wrap(key: string, error: unknown): unknown {
    if (!(error instanceof FileError)) return error;
    return new OutputError(key === "" ? this.name : `${this.name}/${key}`, error.problem, { cause: error });
  }
}

type Put = (body: Uint8Array<ArrayBuffer>, sha256: string, check: () => Promise<void>) => Promise<string>;

/** A chunk in memory, which is put into its place as a whole. */
class ChunkObject implements Upload {
  #bytes: Uint8Array<ArrayBuffer> | undefined;
  readonly #put: Put;
  readonly #hash: Hash = createHash("sha256");
  #end = 0;

  constructor(size: number, put: Put) {
    this.#bytes = allocate(size) as Uint8Array<ArrayBuffer>;
    this.#put = put;
  }

  async write(bytes: Uint8Array): Promise<void> {
    (this.#bytes as Uint8Array).set(bytes, this.#end);
    this.#hash.update(bytes);
    this.#end += bytes.length;
  }

  async finish(check: () => Promise<void>): Promise<{ sha256: string; version: string }> {
    const body = this.#bytes as Uint8Array<ArrayBuffer>;
    const sha256 = this.#hash.update(body.subarray(this.#end)).digest("hex");
    const version = await this.#put(body, sha256, check);
    this.#bytes = undefined;
    return { sha256, version };
  }

  async discard(): Promise<void> {
    this.#bytes = undefined;
  }
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function base64(hex: string): string {
  return Buffer.from(hex, "hex").toString("base64");
}
