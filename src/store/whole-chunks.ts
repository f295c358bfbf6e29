import { abortable, follow, type Stopper } from "../base/abort.js";
import { StoreError } from "../base/errors.js";
import { sha256 } from "../base/sha256.js";
import type { ArrayName, StoredArray } from "./arrays.js";
import { digestsOf, type Manifest } from "./manifest.js";
import { missing, type ReadChunk } from "./rows.js";
import type { StoredSet } from "./stored-set.js";

/** A chunk that is read or being read. */
interface Held {
  readonly chunk: number;
  readonly bytes: Promise<Uint8Array>;
  readonly stopper: Stopper;
  /** Reads that wait for it. */
  waiting: number;
}

/** Reads whole chunks, compares them with the manifest if there is one, and keeps the last one of each array. */
export class WholeChunks {
  readonly #set: StoredSet;
  readonly #manifest: Manifest | undefined;
  readonly #held = new Map<ArrayName, Held>();

  constructor(set: StoredSet, manifest: Manifest | undefined) {
    this.#set = set;
    this.#manifest = manifest;
  }

  /** Reads for one call. A chunk for which all calls that wait are aborted is read no further. */
  reader(signal: AbortSignal | undefined): ReadChunk {
    return async (array, chunk, offset, into) => {
      const held = this.#hold(array, chunk);
      held.waiting++;
      try {
        const bytes = await abortable(held.bytes, signal);
        into.set(bytes.subarray(offset, offset + into.length));
      } finally {
        held.waiting--;
        if (held.waiting === 0 && signal?.aborted) this.#drop(array, held, signal.reason);
      }
    };
  }

  clear(): void {
    this.#held.clear();
  }

  #hold(array: StoredArray, chunk: number): Held {
    const known = this.#held.get(array.name);
    if (known?.chunk === chunk) return known;
    const stopper = follow(undefined);
    const held: Held = { chunk, bytes: this.#fetch(array, chunk, stopper.signal), stopper, waiting: 0 };
    this.#held.set(array.name, held);
    held.bytes.catch(() => this.#drop(array, held, undefined));
    return held;
  }

  #drop(array: StoredArray, held: Held, reason: unknown): void {
    if (this.#held.get(array.name) === held) this.#held.delete(array.name);
    held.stopper.stop(reason);
  }

  /** @returns the values of a chunk */
  async #fetch(array: StoredArray, chunk: number, signal: AbortSignal): Promise<Uint8Array> {
    const { files } = this.#set;
    const { key, offset, length, size } = this.#set.place(array, chunk);
    // More bytes than it should have are counted where that costs nothing.
    const bytes = await files.get(key, size, signal);
    if (!bytes) throw missing(this.#set, key);
    if (bytes.length !== size) {
      throw new StoreError(files.name, `has ${bytes.length} bytes, not ${size}: it is truncated`, { chunk: key });
    }
    const recorded = this.#manifest && digestsOf(this.#manifest, chunk)[array.name];
    if (this.#manifest) {
      const digest = await sha256(bytes, `${files.name}: ${key}`);
      if (digest !== recorded) {
        const problem = `is damaged: its SHA-256 is ${digest}, the manifest has ${recorded}`;
        throw new StoreError(files.name, problem, { chunk: key });
      }
    }
    return bytes.subarray(offset, offset + length);
  }
}
