import { abortable, follow, type Stopper } from "../base/abort.js";
import { StoreError } from "../base/errors.js";
import { sha256 } from "../base/sha256.js";
import type { StoredArray } from "./arrays.js";
import type { DiskCache } from "./disk-cache.js";
import { digestsOf, type Manifest } from "./manifest.js";
import { missing, type ReadChunk } from "./rows.js";
import type { StoredSet } from "./stored-set.js";

/** A chunk that is read or being read. */
interface Held {
  readonly key: string;
  readonly chunk: number;
  readonly size: number;
  readonly bytes: Promise<Uint8Array>;
  readonly stopper: Stopper;
  /** Reads that wait for it. */
  waiting: number;
}

/** The means of reading whole chunks. */
export interface WholeChunksOptions {
  /** The digests that chunks must have. */
  readonly manifest?: Manifest | undefined;
  /** Bytes of the chunks that are kept, besides those in use. Without it the last chunk of each array is kept. */
  readonly limit?: number | undefined;
  readonly disk?: DiskCache | undefined;
}

/** Reads whole chunks, compares them with the manifest if there is one, and keeps those that were used last. */
export class WholeChunks {
  readonly #set: StoredSet;
  readonly #manifest: Manifest | undefined;
  readonly #limit: number | undefined;
  readonly #disk: DiskCache | undefined;
  /** The chunks in the order of their last use. */
  readonly #held = new Map<string, Held>();
  #bytes = 0;

  constructor(set: StoredSet, { manifest, limit, disk }: WholeChunksOptions) {
    this.#set = set;
    this.#manifest = manifest;
    this.#limit = limit;
    this.#disk = disk;
  }

  /** Reads for one call. A chunk for which all calls that wait are aborted is read no further. */
  reader(signal: AbortSignal | undefined): ReadChunk {
    return async (array, chunk, offset, into) => {
      const held = this.#hold(array, chunk);
      held.waiting++;
      this.#evict();
      try {
        const bytes = await abortable(held.bytes, signal);
        into.set(bytes.subarray(offset, offset + into.length));
      } finally {
        held.waiting--;
        if (held.waiting === 0 && signal?.aborted) this.#drop(held, signal.reason);
        this.#evict();
      }
    };
  }

  clear(): void {
    this.#held.clear();
    this.#bytes = 0;
  }

  #hold(array: StoredArray, chunk: number): Held {
    const key = this.#limit === undefined ? array.name : `${array.name}/${chunk}`;
    const known = this.#held.get(key);
    if (known?.chunk === chunk) {
      this.#held.delete(key);
      this.#held.set(key, known);
      return known;
    }
    if (known) this.#forget(known);
    const stopper = follow(undefined);
    const { length } = this.#set.place(array, chunk);
    const bytes = this.#fetch(array, chunk, stopper.signal);
    const held: Held = { key, chunk, size: length, bytes, stopper, waiting: 0 };
    this.#held.set(key, held);
    this.#bytes += length;
    held.bytes.catch(() => this.#drop(held, undefined));
    return held;
  }

  /** Forgets the chunks that were used longest ago until the others fit. */
  #evict(): void {
    if (this.#limit === undefined) return;
    for (const held of this.#held.values()) {
      if (this.#bytes <= this.#limit) return;
      if (held.waiting === 0) this.#forget(held);
    }
  }

  #forget(held: Held): void {
    if (this.#held.get(held.key) !== held) return;
    this.#held.delete(held.key);
    this.#bytes -= held.size;
  }

  #drop(held: Held, reason: unknown): void {
    this.#forget(held);
    held.stopper.stop(reason);
  }

  /** @returns the values of a chunk */
  async #fetch(array: StoredArray, chunk: number, signal: AbortSignal): Promise<Uint8Array> {
    const { key, offset, length, size } = this.#set.place(array, chunk);
    const recorded = this.#manifest && digestsOf(this.#manifest, chunk)[array.name];
    const download = () => this.#download(key, size, recorded, signal);
    const bytes = this.#disk
      ? await this.#disk.get(recorded ?? (await this.#nameOf(key)), size, recorded, download, signal)
      : await download();
    return bytes.subarray(offset, offset + length);
  }

  async #download(key: string, size: number, recorded: string | undefined, signal: AbortSignal): Promise<Uint8Array> {
    const { files } = this.#set;
    // More bytes than it should have are counted where that costs nothing.
    const bytes = await files.get(key, size, signal);
    if (!bytes) throw missing(this.#set, key);
    if (bytes.length !== size) {
      throw new StoreError(files.name, `has ${bytes.length} bytes, not ${size}: it is truncated`, { chunk: key });
    }
    if (this.#manifest) {
      const digest = await sha256(bytes, `${files.name}: ${key}`);
      if (digest !== recorded) {
        const problem = `is damaged: its SHA-256 is ${digest}, the manifest has ${recorded}`;
        throw new StoreError(files.name, problem, { chunk: key });
      }
    }
    return bytes;
  }

  /** Names a chunk that has no digest: by its store, which tells the recipe, and its place. */
  async #nameOf(key: string): Promise<string> {
    const { files, document } = this.#set;
    const store = await sha256(document as Uint8Array, files.name);
    return sha256(new TextEncoder().encode(`${store} ${files.name} ${key}`), key);
  }
}
