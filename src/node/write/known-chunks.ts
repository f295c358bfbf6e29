import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { pacer } from "../../base/abort.js";
import { StoreError } from "../../base/errors.js";
import { notice } from "../../base/notice.js";
import { pathFiles } from "../../files/folder.js";
import { DOCUMENT_LIMIT } from "../../store/documents.js";
import { type ChunkDigests, digestsOf, readManifest } from "../../store/manifest.js";
import { chunkBytes, chunkCount, chunkKey, STORE_FILES, type StoreLayout } from "../../store/zarr.js";
import type { ChunkRun } from "./chunk-run.js";
import { readJournals } from "./journal.js";
import { storeKey } from "./store-identity.js";

/** The finished chunks of a store, as its manifest and its journals record them, with their digests. */
export class KnownChunks {
  readonly #out: string;
  readonly #layout: StoreLayout;
  /** All recorded chunks. */
  readonly #digests = new Map<number, ChunkDigests>();
  /** The chunks that this run wrote. */
  readonly #made = new Map<number, ChunkDigests>();
  /** Journals of other stores, each reported once. */
  readonly #foreign = new Set<string>();

  readonly #signal: AbortSignal | undefined;

  /** @param signal ends reading and looking: they reject with its reason */
  constructor(out: string, layout: StoreLayout, signal?: AbortSignal) {
    this.#out = out;
    this.#layout = layout;
    this.#signal = signal;
  }

  /** Records a chunk that this run wrote. */
  add(chunk: number, digests: ChunkDigests): void {
    this.#made.set(chunk, digests);
  }

  /** Reads the manifest and the journals. Chunks that this run wrote take precedence. */
  async read(): Promise<void> {
    await this.readManifest();
    const key = storeKey(this.#layout);
    const journals = await readJournals(join(this.#out, STORE_FILES.unfinished), key, (name) => {
      if (this.#foreign.has(name)) return;
      this.#foreign.add(name);
      notice(`${this.#out}: ${STORE_FILES.unfinished}/${name} is a journal of another store and is ignored`);
    });
    for (const [chunk, digests] of journals) this.#digests.set(chunk, digests);
    for (const [chunk, digests] of this.#made) this.#digests.set(chunk, digests);
  }

  /** Reads the manifest. Returns whether there is one that can be read. */
  async readManifest(): Promise<boolean> {
    const files = pathFiles(this.#out);
    const manifest = await readManifest(files, this.#layout, this.#signal).catch((error) => {
      // A damaged manifest is ignored; its chunks are made again.
      if (error instanceof StoreError) return undefined;
      throw error;
    });
    const group = manifest && (await files.get(STORE_FILES.group, DOCUMENT_LIMIT, this.#signal));
    if (!manifest || !group) return false;
    // A manifest that came with another zarr.json says nothing about these chunks.
    if (manifest.documents[STORE_FILES.group] !== createHash("sha256").update(group).digest("hex")) return false;
    const pace = pacer(this.#signal);
    for (let chunk = 0; chunk < chunkCount(this.#layout); chunk++) {
      await pace();
      this.#digests.set(chunk, digestsOf(manifest, chunk));
    }
    return true;
  }

  /** The chunks of a range that are not recorded, or whose files are missing or of the wrong size. */
  async missing(range: ChunkRun): Promise<ChunkRun[]> {
    const missing: { start: number; stop: number }[] = [];
    const pace = pacer(this.#signal);
    for (let chunk = range.start; chunk < range.stop; chunk++) {
      await pace();
      if (await this.#isThere(chunk)) continue;
      const last = missing.at(-1);
      if (last?.stop === chunk) last.stop++;
      else missing.push({ start: chunk, stop: chunk + 1 });
    }
    return missing;
  }

  /** The digests of all chunks of the store, in order; `undefined` if a chunk is missing. */
  async all(): Promise<ChunkDigests[] | undefined> {
    // Counting spares the look at the files where records are missing already.
    if (this.#digests.size < chunkCount(this.#layout)) return undefined;
    const chunks: ChunkDigests[] = [];
    const pace = pacer(this.#signal);
    for (let chunk = 0; chunk < chunkCount(this.#layout); chunk++) {
      await pace();
      if (!(await this.#isThere(chunk))) return undefined;
      chunks.push(this.#digests.get(chunk) as ChunkDigests);
    }
    return chunks;
  }

  /** Returns whether a chunk is recorded and its files have their size. */
  async #isThere(chunk: number): Promise<boolean> {
    const digests = this.#digests.get(chunk);
    if (!digests) return false;
    for (const array of this.#layout.arrays) {
      if (digests[array.name] === undefined) return false;
      const size = await stat(join(this.#out, chunkKey(array, chunk))).then(
        (found) => found.size,
        () => undefined,
      );
      if (size !== chunkBytes(this.#layout, array)) return false;
    }
    return true;
  }
}
