import { createHash } from "node:crypto";
import { pacer } from "../../base/abort.js";
import { StoreError } from "../../base/errors.js";
import { notice } from "../../base/notice.js";
import { FileError } from "../../files/file-error.js";
import { inParallel, type Sink } from "../../files/sink.js";
import type { ArrayName, StoredArray } from "../../store/arrays.js";
import { DOCUMENT_LIMIT } from "../../store/documents.js";
import { hashFile } from "../../store/hash-file.js";
import { type ChunkDigests, digestsOf, readManifest } from "../../store/manifest.js";
import { chunkBytes, chunkCount, chunkKey, chunkOfKey, STORE_FILES, type StoreLayout } from "../../store/zarr.js";
import { type ChunkRecord, ChunkTable } from "./chunk-table.js";
import type { ChunkRun } from "./job.js";
import { JournalReader } from "./journal.js";
import { storeKey } from "./store-identity.js";

/** Files that are hashed at a time. */
const HASHES = 4;

/**
 * The finished chunks of a store, as its manifest and its journals record them. Which chunks are missing is decided from the
 * records, in memory. `look` looks at the files.
 */
export class KnownChunks {
  readonly #sink: Sink;
  readonly #layout: StoreLayout;
  readonly #table: ChunkTable;
  readonly #journals: JournalReader;
  /** 1 for chunks whose files were looked at, and are as they should be. */
  readonly #seen: Uint8Array;
  /** Chunks that a run which looked did not find in their places. */
  readonly #doubtful = new Set<number>();
  readonly #signal: AbortSignal | undefined;
  #finished = false;

  /** @param signal ends reading and looking: they reject with its reason */
  constructor(sink: Sink, layout: StoreLayout, signal?: AbortSignal) {
    this.#sink = sink;
    this.#layout = layout;
    this.#signal = signal;
    const count = chunkCount(layout);
    this.#seen = new Uint8Array(count);
    const table = new ChunkTable(
      count,
      layout.arrays.map(({ name }) => name),
    );
    this.#table = table;
    this.#journals = new JournalReader(sink, storeKey(layout), {
      record: (chunk, record) => table.add(chunk, record),
      doubt: (chunk) => this.#doubtful.add(chunk),
      foreign: (key) => notice(`${sink.name}: ${key} is a journal of another store and is ignored`),
    });
  }

  /** True once a manifest was read. */
  get finished(): boolean {
    return this.#finished;
  }

  /** True if every chunk is recorded. */
  get all(): boolean {
    return this.#table.count === chunkCount(this.#layout);
  }

  /** Records a chunk that this run wrote. */
  add(chunk: number, record: ChunkRecord): void {
    this.#table.forget(chunk);
    this.#table.add(chunk, record);
    this.#seen[chunk] = 0;
    this.#doubtful.delete(chunk);
  }

  /** The digest of a file of a recorded chunk. */
  digest(chunk: number, name: ArrayName): string {
    return this.#table.digest(chunk, name);
  }

  /** The digests of a recorded chunk; undefined for others. */
  digests(chunk: number): ChunkDigests | undefined {
    return this.#table.has(chunk) ? this.#table.digests(chunk) : undefined;
  }

  /** Returns whether a record of a chunk has this digest. */
  isDigest(chunk: number, name: ArrayName, sha256: string): boolean {
    return this.#table.fitsDigest(chunk, name, sha256);
  }

  /** Reads the manifest, and what the journals have got since they were read last. */
  async read(): Promise<void> {
    await this.readManifest();
    await this.readJournals();
  }

  async readJournals(): Promise<void> {
    await this.#journals.read(this.#signal);
  }

  /** Reads the manifest, unless it was read before. */
  async readManifest(): Promise<void> {
    if (this.#finished) return;
    const { files } = this.#sink;
    const manifest = await readManifest(files, this.#layout, this.#signal).catch((error) => {
      // A damaged manifest is ignored; its chunks are made again. One that cannot be read at the moment says nothing.
      const unread = error.cause instanceof FileError || typeof error.cause?.code === "string";
      if (error instanceof StoreError && !unread) return undefined;
      throw error;
    });
    const group = manifest && (await files.get(STORE_FILES.group, DOCUMENT_LIMIT, this.#signal));
    if (!manifest || !group) return;
    // A manifest that came with another zarr.json says nothing about these chunks.
    if (manifest.documents[STORE_FILES.group] !== createHash("sha256").update(group).digest("hex")) return;
    const pace = pacer(this.#signal);
    for (let chunk = 0; chunk < chunkCount(this.#layout); chunk++) {
      await pace();
      this.#table.add(chunk, { sha256: digestsOf(manifest, chunk) });
    }
    this.#finished = true;
  }

  /** The chunks of a range that are not recorded. */
  async missing(range: ChunkRun): Promise<ChunkRun[]> {
    const missing: { start: number; stop: number }[] = [];
    const pace = pacer(this.#signal);
    for (let chunk = range.start; chunk < range.stop; chunk++) {
      await pace();
      if (this.#table.has(chunk)) continue;
      const last = missing.at(-1);
      if (last?.stop === chunk) last.stop++;
      else missing.push({ start: chunk, stop: chunk + 1 });
    }
    return missing;
  }

  /** Looks at the files of those chunks of a range that another run did not find, see `look`. */
  async lookAtDoubtful({ start, stop }: ChunkRun): Promise<void> {
    const chunks = [...this.#doubtful].filter((chunk) => chunk >= start && chunk < stop && this.#table.has(chunk));
    await this.#look(chunks.length, () => chunks);
  }

  /**
   * Looks at the files of the recorded chunks of a range, each once: those that were looked at before are left out. A file
   * that is not the one that was recorded, by its version, is hashed. Chunks without their files are not recorded any more.
   *
   * @returns their numbers
   */
  async look({ start, stop }: ChunkRun): Promise<number[]> {
    const { has } = { has: (chunk: number) => this.#table.has(chunk) && this.#seen[chunk] === 0 };
    let count = 0;
    for (let chunk = start; chunk < stop; chunk++) if (has(chunk)) count++;
    return this.#look(count, function* () {
      for (let chunk = start; chunk < stop; chunk++) if (has(chunk)) yield chunk;
    });
  }

  async #look(count: number, chunks: () => Iterable<number>): Promise<number[]> {
    if (count === 0) return [];
    const layout = this.#layout;
    /** The number of files that are as they should be, for each chunk. */
    const good = new Uint8Array(chunkCount(layout));
    const isGood = (chunk: number) => {
      good[chunk] = (good[chunk] as number) + 1;
    };
    const wanted = new Uint8Array(good.length);
    for (const chunk of chunks()) wanted[chunk] = 1;
    const numbers = function* () {
      for (let chunk = 0; chunk < wanted.length; chunk++) if (wanted[chunk] === 1) yield chunk;
    };
    const doubtful: [array: StoredArray, chunk: number][] = [];
    for (const array of layout.arrays) {
      const size = chunkBytes(layout, array);
      const look = {
        prefix: `${array.name}/`,
        count,
        *keys() {
          for (const chunk of numbers()) yield chunkKey(layout, array, chunk);
        },
        found: (key: string, file: { size: number; version: string }) => {
          const chunk = chunkOfKey(layout, array, key);
          if (chunk === undefined || wanted[chunk] !== 1 || file.size !== size) return;
          if (this.#table.fitsVersion(chunk, array.name, file.version)) isGood(chunk);
          else doubtful.push([array, chunk]);
        },
      };
      await this.#sink.look(look, this.#signal);
    }
    await inParallel(doubtful, HASHES, async ([array, chunk]) => {
      const key = chunkKey(layout, array, chunk);
      const size = chunkBytes(layout, array);
      const hash = await hashFile(this.#sink.files, key, size, this.#signal);
      if (hash?.size === size && this.#table.fitsDigest(chunk, array.name, hash.digest)) isGood(chunk);
    });
    const lost: number[] = [];
    for (const chunk of numbers()) {
      if (good[chunk] === layout.arrays.length) this.#seen[chunk] = 1;
      else {
        this.#table.forget(chunk);
        lost.push(chunk);
      }
    }
    return lost;
  }
}
