import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { InvalidOptionError, StoreError } from "../../base/errors.js";
import { bytesPerElement } from "../../base/tensor.js";
import { rowLength } from "../../plan/plan.js";
import { storedItemBytes } from "../../store/arrays.js";
import { type ChunkDigests, digestsOf, manifestText, parseManifest } from "../../store/manifest.js";
import { withoutOneHot } from "../../store/one-hot.js";
import {
  arrayKey,
  chunkBytes,
  chunkCount,
  chunkKey,
  itemsOfChunk,
  STORE_FILES,
  type StoreLayout,
} from "../../store/zarr.js";
import { ChunkWriter } from "./chunk-writer.js";
import { checkSpace, wrap, writeWhole } from "./disk.js";
import type { Job, Written } from "./job.js";
import { Journal, readJournals } from "./journal.js";
import { checkSame, readStore, removeStore, writeDocuments } from "./store-documents.js";
import { WriteBehind } from "./write-behind.js";

/** Bytes of the inputs of a chunk, about: few files, and little to do again after a crash. */
const CHUNK_BYTES = 32 * 2 ** 20;

/** A Zarr v3 store, chunk after chunk, from where an earlier run stopped. */
export async function writeZarr(job: Job): Promise<Written> {
  const { out, force, shard } = job;
  if (force && shard.count > 1) {
    throw new InvalidOptionError("force", force, "false for a shard, as starting over would remove the others' chunks");
  }
  const existing = await readStore(out);
  const layout = await layoutOf(job, force ? undefined : existing?.chunkItems);
  if (force && existing) await removeStore(out);
  else if (existing) checkSame(out, existing, layout);
  const run = new StoreRun(job, layout);
  try {
    await run.write();
    job.signal?.throwIfAborted();
    return await run.conclude();
  } finally {
    await run.close();
  }
}

/** @param chunkItems of the store that is gone on with, where nothing else is asked for */
async function layoutOf(
  { plan, chunkTasks, onehot, arrays, recipe }: Job,
  chunkItems: number | undefined,
): Promise<StoreLayout> {
  // Samples that draw their own tasks are counted one by one.
  const unit = Math.max(1, plan.itemsPerTask);
  const units = plan.itemCount / unit;
  const inputs = arrays[0] as (typeof arrays)[number];
  const most = Math.max(1, Math.floor(CHUNK_BYTES / (unit * storedItemBytes(inputs))));
  // Chunks of one size waste the least of the last one, which is filled up.
  const even = Math.ceil(units / Math.ceil(units / most));
  const given = chunkTasks === undefined ? chunkItems : unit * Math.min(chunkTasks, units);
  return { recipe: await recipe(), onehot, items: plan.itemCount, chunkItems: given ?? unit * even, arrays };
}

/** Neighbouring chunks, first inclusive, last exclusive. */
interface ChunkRun {
  readonly start: number;
  readonly stop: number;
}

/** The chunks of a shard: neighbours, so that a shard is one run of tasks. */
function chunksOfShard(chunks: number, { index, count }: Job["shard"]): ChunkRun {
  return { start: Math.floor((chunks * index) / count), stop: Math.floor((chunks * (index + 1)) / count) };
}

/** One call's work on a store. */
class StoreRun {
  readonly #job: Job;
  readonly #layout: StoreLayout;
  readonly #range: ChunkRun;
  /** Working files, which are never another run's. */
  readonly #unfinished: string;
  readonly #name = `${hostname()}-${process.pid}-${randomBytes(4).toString("hex")}`;
  readonly #journal: Journal;
  /** Digests of all chunks that are known to be there. */
  readonly #known = new Map<number, ChunkDigests>();
  /** Digests of those made by this run. */
  readonly #made = new Map<number, ChunkDigests>();
  /** The chunk being written, and the last one on its way to the disk. */
  #writer: ChunkWriter | undefined;
  #finishing: Promise<void> = Promise.resolve();
  readonly #writes = new WriteBehind();
  #resumed = 0;

  constructor(job: Job, layout: StoreLayout) {
    this.#job = job;
    this.#layout = layout;
    this.#range = chunksOfShard(chunkCount(layout), job.shard);
    this.#unfinished = join(job.out, STORE_FILES.unfinished);
    this.#journal = new Journal(join(this.#unfinished, `journal-${this.#name}.jsonl`));
  }

  /** Makes the chunks of the shard that are missing. */
  async write(): Promise<void> {
    const { out, onProgress, signal, tasks, dataset } = this.#job;
    const layout = this.#layout;
    const missing = await this.#look();
    const total = itemsOfRun(layout, this.#range).count;
    this.#resumed = missing.reduce((left, run) => left - itemsOfRun(layout, run).count, total);
    const size = layout.arrays.reduce((sum, array) => sum + chunkBytes(layout, array), 0);
    await checkSpace(
      out,
      missing.reduce((sum, { start, stop }) => sum + (stop - start) * size, 0),
    );
    await this.#begin();
    onProgress(this.#resumed, total, 0);
    let bytes = 0;
    let done = this.#resumed;
    for (const run of missing) {
      for await (const piece of tasks.stream(dataset, itemsOfRun(layout, run))) {
        await this.#writes.begin(async () => {
          // What was aborted while the piece before was written ends there.
          signal?.throwIfAborted();
          bytes += await this.#take(piece);
          done += piece.count;
          onProgress(done, total, bytes);
        });
      }
    }
    await this.#writes.end();
    await this.#finishing;
  }

  /**
   * Writes the manifest if no chunk is missing any more, whoever made them.
   *
   * @returns what was done
   */
  async conclude(): Promise<Written> {
    const layout = this.#layout;
    const { out } = this.#job;
    const complete = await this.#complete();
    const chunks = this.#range.stop - this.#range.start;
    let bytes = chunks * layout.arrays.reduce((sum, array) => sum + chunkBytes(layout, array), 0);
    if (complete && this.#job.shard.count === 1) {
      const others = [...Object.keys(await this.#documents()), STORE_FILES.manifest];
      for (const key of others) bytes += (await stat(join(out, key))).size;
    }
    return {
      recipe: layout.recipe,
      items: itemsOfRun(layout, this.#range).count,
      bytes,
      resumed: this.#resumed,
      complete,
    };
  }

  /** Ends everything; temporary files of a chunk that is not whole go. */
  async close(): Promise<void> {
    await this.#writes.settled();
    await this.#finishing.catch(() => undefined);
    await this.#writer?.discard();
    await this.#journal.close();
  }

  /** The runs of chunks of the shard that are not there, after reading what earlier runs left. */
  async #look(): Promise<ChunkRun[]> {
    await this.#readKnown();
    const missing: { start: number; stop: number }[] = [];
    for (let chunk = this.#range.start; chunk < this.#range.stop; chunk++) {
      if (this.#known.has(chunk) && (await this.#isThere(chunk))) continue;
      const last = missing.at(-1);
      if (last?.stop === chunk) last.stop++;
      else missing.push({ start: chunk, stop: chunk + 1 });
    }
    return missing;
  }

  /** Reads the manifest and the journals; what this run made counts for more. */
  async #readKnown(): Promise<void> {
    const { out } = this.#job;
    const text = await readFile(join(out, STORE_FILES.manifest), "utf8").catch(() => undefined);
    if (text !== undefined) {
      try {
        const manifest = parseManifest(text, this.#layout, out);
        for (let chunk = 0; chunk < chunkCount(this.#layout); chunk++) {
          this.#known.set(chunk, digestsOf(manifest, chunk));
        }
      } catch (error) {
        // A damaged manifest says nothing; the chunks are made again.
        if (!(error instanceof StoreError)) throw error;
      }
    }
    for (const [chunk, digests] of await readJournals(this.#unfinished)) this.#known.set(chunk, digests);
    for (const [chunk, digests] of this.#made) this.#known.set(chunk, digests);
  }

  /** Whether a chunk is known and its files have their size. */
  async #isThere(chunk: number): Promise<boolean> {
    const digests = this.#known.get(chunk);
    if (!digests) return false;
    for (const array of this.#layout.arrays) {
      if (digests[array.name] === undefined) return false;
      const size = await stat(join(this.#job.out, chunkKey(array, chunk))).then(
        (found) => found.size,
        () => undefined,
      );
      if (size !== chunkBytes(this.#layout, array)) return false;
    }
    return true;
  }

  async #begin(): Promise<void> {
    const { out } = this.#job;
    try {
      await mkdir(this.#unfinished, { recursive: true });
      for (const entry of await readdir(this.#unfinished)) {
        if (isLeftover(entry)) await rm(join(this.#unfinished, entry), { force: true });
      }
    } catch (cause) {
      throw wrap(out, cause);
    }
    await writeDocuments(out, this.#layout, this.#temporary("document"));
  }

  #temporary(name: string): string {
    return join(this.#unfinished, `part-${this.#name}-${name}`);
  }

  /** Writes a piece of the stream into the chunks it belongs to. */
  async #take(piece: {
    first: number;
    count: number;
    inputs: ArrayBuffer;
    targets: ArrayBuffer;
    labels?: ArrayBuffer;
  }) {
    const layout = this.#layout;
    const { plan, onehot } = this.#job;
    const size = bytesPerElement(plan.dtype);
    const values = layout.arrays.map((array) => {
      const buffer = piece[array.name] as ArrayBuffer;
      const strip = array.name === "inputs" && !onehot;
      const bytes = strip
        ? withoutOneHot(buffer, rowLength(plan) * size, plan.outFeatures * size)
        : new Uint8Array(buffer);
      return { name: array.name, bytes, item: storedItemBytes(array) };
    });
    for (let at = piece.first; at < piece.first + piece.count; ) {
      const chunk = Math.floor(at / layout.chunkItems);
      const { stop } = itemsOfChunk(layout, chunk);
      const to = Math.min(stop, piece.first + piece.count);
      this.#writer ??= await ChunkWriter.open(this.#job.out, layout, chunk, (name) =>
        this.#temporary(`${chunk}-${name}`),
      );
      for (const { name, bytes, item } of values) {
        await this.#writer.write(name, bytes.subarray((at - piece.first) * item, (to - piece.first) * item));
      }
      if (to === stop) await this.#finish(chunk);
      at = to;
    }
    return values.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** Lets a chunk reach the disk while the next one is made. */
  async #finish(chunk: number): Promise<void> {
    await this.#finishing;
    const writer = this.#writer as ChunkWriter;
    this.#writer = undefined;
    const finish = async () => {
      try {
        const digests = await writer.finish();
        this.#made.set(chunk, digests);
        await this.#journal.append(chunk, digests);
      } catch (error) {
        await writer.discard();
        throw error;
      }
    };
    this.#finishing = finish();
    this.#finishing.catch(() => undefined); // reported where it is awaited
  }

  /** Writes the manifest, unless chunks are missing. */
  async #complete(): Promise<boolean> {
    const { out } = this.#job;
    // Whoever finishes a store takes the journals away once the manifest is there: who finds too little between the two
    // finds the manifest when looking again.
    const chunks = (await this.#allChunks()) ?? (await this.#allChunks());
    if (!chunks) return false;
    const manifest = join(out, STORE_FILES.manifest);
    const text = manifestText(this.#layout, await this.#documents(), chunks);
    try {
      await mkdir(this.#unfinished, { recursive: true });
      await writeWhole(manifest, text, this.#temporary("manifest"));
    } catch (error) {
      // Another run that finished at the same moment may have taken the working folder away, with the same manifest
      // written.
      if (!existsSync(manifest)) throw error;
    }
    await this.#journal.close();
    // What another run puts there at this moment, it takes away itself.
    await rm(this.#unfinished, { recursive: true, force: true }).catch(() => undefined);
    return true;
  }

  /** The digests of all chunks of the store, or nothing if one is missing. */
  async #allChunks(): Promise<ChunkDigests[] | undefined> {
    await this.#readKnown();
    const chunks: ChunkDigests[] = [];
    for (let chunk = 0; chunk < chunkCount(this.#layout); chunk++) {
      if (!(await this.#isThere(chunk))) return undefined;
      chunks.push(this.#known.get(chunk) as ChunkDigests);
    }
    return chunks;
  }

  /** Digests of the documents. */
  async #documents(): Promise<Record<string, string>> {
    const keys = [STORE_FILES.group, ...this.#layout.arrays.map(({ name }) => arrayKey(name))];
    const digests: Record<string, string> = {};
    for (const key of keys) {
      const bytes = await readFile(join(this.#job.out, key));
      digests[key] = createHash("sha256").update(bytes).digest("hex");
    }
    return digests;
  }
}

/** The items of a run of chunks. */
function itemsOfRun(layout: StoreLayout, { start, stop }: ChunkRun): { first: number; count: number } {
  const first = itemsOfChunk(layout, start).start;
  return { first, count: start === stop ? 0 : itemsOfChunk(layout, stop - 1).stop - first };
}

/** Whether a working file is of a process on this machine that is no more. */
function isLeftover(name: string): boolean {
  const [, host, pid] = /^part-(.+)-(\d+)-[0-9a-f]{8}-/.exec(name) ?? [];
  if (host !== hostname()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
