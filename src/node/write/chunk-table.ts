import { createHash } from "node:crypto";
import type { ArrayName } from "../../store/arrays.js";
import type { ChunkDigests } from "../../store/manifest.js";

/** The record of a chunk by the run that wrote it. */
export interface ChunkRecord {
  /** The SHA-256 of its files. */
  readonly sha256: ChunkDigests;
  /** The versions of its files, see `Found`; records of a manifest have none. */
  readonly version?: Partial<Record<ArrayName, string>> | undefined;
}

const DIGEST_BYTES = 32;

/** The files of a chunk in all arrays, as one record has them. */
interface Entry {
  readonly digests: Uint8Array;
  /** A number for each version; 0 where there is none. */
  readonly versions: Float64Array;
}

/**
 * The records of all chunks of a store, in 40 bytes for each file. Several runs may have made one chunk: the records that
 * differ are kept.
 */
export class ChunkTable {
  readonly #names: readonly ArrayName[];
  readonly #digests: Uint8Array;
  readonly #versions: Float64Array;
  readonly #recorded: Uint8Array;
  readonly #others = new Map<number, Entry[]>();
  #count = 0;

  constructor(chunks: number, names: readonly ArrayName[]) {
    this.#names = names;
    this.#digests = new Uint8Array(chunks * names.length * DIGEST_BYTES);
    this.#versions = new Float64Array(chunks * names.length);
    this.#recorded = new Uint8Array(chunks);
  }

  /** Chunks with a record. */
  get count(): number {
    return this.#count;
  }

  has(chunk: number): boolean {
    return this.#recorded[chunk] === 1;
  }

  /** Adds a record. One that lacks a digest, or is of no chunk of the store, says nothing. */
  add(chunk: number, { sha256, version }: ChunkRecord): void {
    const entry = this.#entryOf(sha256, version);
    if (!entry || this.#recorded[chunk] === undefined) return;
    if (!this.has(chunk)) {
      this.#recorded[chunk] = 1;
      this.#count++;
      this.#set(chunk, entry);
    } else if (![this.#entryAt(chunk), ...(this.#others.get(chunk) ?? [])].some((known) => isSame(known, entry))) {
      this.#others.set(chunk, [...(this.#others.get(chunk) ?? []), entry]);
    }
  }

  /** Forgets all records of a chunk. */
  forget(chunk: number): void {
    if (!this.has(chunk)) return;
    this.#recorded[chunk] = 0;
    this.#others.delete(chunk);
    this.#count--;
  }

  /** The digest of a file of a recorded chunk. Where records differ, it is that of the first, or of the one that fitted. */
  digest(chunk: number, name: ArrayName): string {
    return hex(this.#entryAt(chunk), this.#names.indexOf(name));
  }

  digests(chunk: number): ChunkDigests {
    return Object.fromEntries(this.#names.map((name) => [name, this.digest(chunk, name)]));
  }

  /**
   * Takes the record that a file's version is of.
   *
   * @returns whether there is one, or one that tells no version
   */
  fitsVersion(chunk: number, name: ArrayName, version: string): boolean {
    const at = this.#names.indexOf(name);
    const number = numberOf(version);
    return this.#take(chunk, at, ({ versions }) => versions[at] === 0 || versions[at] === number);
  }

  /**
   * Takes the record that a file's digest is of.
   *
   * @returns whether there is one
   */
  fitsDigest(chunk: number, name: ArrayName, sha256: string): boolean {
    const at = this.#names.indexOf(name);
    return this.#take(chunk, at, (entry) => hex(entry, at) === sha256);
  }

  /** Makes the digest of the first record that fits the one of an array. */
  #take(chunk: number, at: number, fits: (entry: Entry) => boolean): boolean {
    if (!this.has(chunk)) return false;
    const first = this.#entryAt(chunk);
    const found = [first, ...(this.#others.get(chunk) ?? [])].find(fits);
    if (found && found !== first) first.digests.set(partOf(found, at), at * DIGEST_BYTES);
    return found !== undefined;
  }

  #entryAt(chunk: number): Entry {
    const { length } = this.#names;
    return {
      digests: this.#digests.subarray(chunk * length * DIGEST_BYTES, (chunk + 1) * length * DIGEST_BYTES),
      versions: this.#versions.subarray(chunk * length, (chunk + 1) * length),
    };
  }

  #set(chunk: number, { digests, versions }: Entry): void {
    const entry = this.#entryAt(chunk);
    entry.digests.set(digests);
    entry.versions.set(versions);
  }

  #entryOf(sha256: ChunkDigests, version: ChunkRecord["version"]): Entry | undefined {
    const { length } = this.#names;
    const entry = { digests: new Uint8Array(length * DIGEST_BYTES), versions: new Float64Array(length) };
    for (const [at, name] of this.#names.entries()) {
      const digest = sha256[name];
      if (typeof digest !== "string" || !/^[0-9a-f]{64}$/.test(digest)) return undefined;
      entry.digests.set(Buffer.from(digest, "hex"), at * DIGEST_BYTES);
      const text = version?.[name];
      entry.versions[at] = typeof text === "string" ? numberOf(text) : 0;
    }
    return entry;
  }
}

function partOf({ digests }: Entry, at: number): Uint8Array {
  return digests.subarray(at * DIGEST_BYTES, (at + 1) * DIGEST_BYTES);
}

function hex(entry: Entry, at: number): string {
  return Buffer.from(partOf(entry, at)).toString("hex");
}

/** A number from 1 on for a version: 48 bits of its SHA-256. */
function numberOf(version: string): number {
  return createHash("sha256").update(version).digest().readUIntBE(0, 6) + 1;
}

function isSame(a: Entry, b: Entry): boolean {
  return Buffer.compare(a.digests, b.digests) === 0 && a.versions.every((version, at) => version === b.versions[at]);
}
