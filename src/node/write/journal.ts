import { FileError } from "../../files/file-error.js";
import type { Appender, Sink } from "../../files/sink.js";
import { STORE_FILES } from "../../store/zarr.js";
import type { ChunkRecord } from "./chunk-table.js";

/**
 * The finished chunks of an unfinished store: a line of JSON each, behind a first line that names the store (see
 * store-identity.ts). Every run has a file of its own, so that no run appends to what another one broke off, and runs on
 * many machines need not know of each other. A chunk that has its name but is not yet in a journal when a run ends is made
 * again, into the same bytes.
 */
export class Journal {
  readonly #file: Appender;
  readonly #store: string;
  #begun = false;

  /** @param store the key of the store that the chunks are of */
  constructor(sink: Sink, store: string) {
    this.#file = sink.appendTo(`${STORE_FILES.unfinished}/journal-${sink.run}.jsonl`);
    this.#store = store;
  }

  /** Says that a chunk is in its place. */
  async append(chunk: number, { sha256, version }: ChunkRecord): Promise<void> {
    await this.#write({ chunk, sha256, version });
  }

  /** Says that chunks which are recorded are not in their places: shards look for their files before they rely on them. */
  async doubt(chunks: readonly number[]): Promise<void> {
    for (let at = 0; at < chunks.length; at += 1000) await this.#write({ doubt: chunks.slice(at, at + 1000) });
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #write(value: object): Promise<void> {
    const head = this.#begun ? "" : `${JSON.stringify({ store: this.#store })}\n`;
    this.#begun = true;
    await this.#file.append(`${head}${JSON.stringify(value)}\n`);
  }
}

export const JOURNAL = /^journal-.+-\d+-[0-9a-f]{8}\.jsonl$/;

/** Bytes of a journal that are read at a time. */
const BLOCK = 2 ** 20;

/** Bytes that a line has at most: there is none in something else. */
const MOST_LINE = 2 ** 20;

/** A journal as far as it was read. */
interface Read {
  /** Bytes of whole lines. */
  bytes: number;
  /** False for one of another store. */
  ours: boolean;
}

/** The reports of `JournalReader`. */
export interface JournalListener {
  record(chunk: number, record: ChunkRecord): void;
  doubt(chunk: number): void;
  /** A journal of another store, which is ignored. */
  foreign(name: string): void;
}

/** Reads the journals of a store, and when it reads them again only what they have got since. Broken lines are left out. */
export class JournalReader {
  readonly #sink: Pick<Sink, "files" | "list" | "isLocal">;
  readonly #store: string;
  readonly #listener: JournalListener;
  readonly #read = new Map<string, Read>();

  /** @param store the key of the store */
  constructor(sink: Pick<Sink, "files" | "list" | "isLocal">, store: string, listener: JournalListener) {
    this.#sink = sink;
    this.#store = store;
    this.#listener = listener;
  }

  async read(signal: AbortSignal | undefined): Promise<void> {
    const folder = `${STORE_FILES.unfinished}/`;
    const keys: string[] = [];
    try {
      for await (const key of this.#sink.list(folder, signal)) {
        if (JOURNAL.test(key.slice(folder.length))) keys.push(key);
      }
    } catch (cause) {
      // A file of that name has no journals in it.
      if (codeOf(cause) !== "ENOTDIR") throw cause;
    }
    for (const key of keys) {
      const known = this.#read.get(key) ?? { bytes: 0, ours: true };
      this.#read.set(key, known);
      await this.#readOn(key, known, signal);
    }
  }

  async #readOn(key: string, known: Read, signal: AbortSignal | undefined): Promise<void> {
    const block = new Uint8Array(BLOCK);
    let rest = Buffer.alloc(0);
    for (let at = known.bytes; known.ours; ) {
      // The file may be gone: the run that finished the store removed it, and the manifest has the same records. In a folder
      // it may be no file. A server that fails is an error: its chunks are not missing.
      const part = await this.#sink.files.readInto(key, at, block, signal).catch((cause) => {
        const isNoFile = this.#sink.isLocal && cause.cause instanceof FileError;
        if (isNoFile || codeOf(cause) === "ENOENT") return undefined;
        throw cause;
      });
      if (!part || part.bytes === 0) return;
      at += part.bytes;
      rest = Buffer.concat([rest, block.subarray(0, part.bytes)]);
      let from = 0;
      for (let end = rest.indexOf(10); end >= 0 && known.ours; end = rest.indexOf(10, from)) {
        this.#take(key, known, rest.toString("utf8", from, end));
        known.bytes += end + 1 - from;
        from = end + 1;
      }
      rest = rest.subarray(from);
      if (part.bytes < BLOCK || rest.length > MOST_LINE) return;
    }
  }

  #take(key: string, known: Read, line: string): void {
    const value = parse(line);
    if (known.bytes === 0 && value?.store !== this.#store) {
      known.ours = false;
      this.#listener.foreign(key);
      return;
    }
    if (Array.isArray(value?.doubt)) for (const chunk of value.doubt) this.#listener.doubt(chunk);
    const { chunk, sha256, version } = value ?? {};
    if (!Number.isSafeInteger(chunk) || typeof sha256 !== "object" || sha256 === null) return;
    this.#listener.record(chunk as number, { sha256, version: version as ChunkRecord["version"] });
  }
}

function codeOf(cause: unknown): unknown {
  const { code, cause: inner } = (cause ?? {}) as { code?: unknown; cause?: { code?: unknown } };
  return inner?.code ?? code;
}

function parse(
  line: string,
): { store?: unknown; chunk?: unknown; sha256?: unknown; version?: unknown; doubt?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
