import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { InvalidOptionError } from "../../base/errors.js";
import { bytesPerElement } from "../../base/tensor.js";
import { rowLength } from "../../plan/plan.js";
import { storedBytes, storedItemBytes } from "../../store/arrays.js";
import { type ChunkDigests, manifestText } from "../../store/manifest.js";
import { withoutOneHot } from "../../store/one-hot.js";
import {
  arrayKey,
  chunkBytes,
  chunkCount,
  itemsOfChunk,
  mostChunks,
  STORE_FILES,
  type StoreLayout,
} from "../../store/zarr.js";
import { type ChunkRun, chunksOfShard, itemsOfRun, layoutOf } from "./chunk-run.js";
import { ChunkWriter } from "./chunk-writer.js";
import { checkSpace, wrap, writeWhole } from "./disk.js";
import type { Job, Written } from "./job.js";
import { Journal } from "./journal.js";
import { KnownChunks } from "./known-chunks.js";
import { checkStore, readStore, removeStore, writeDocuments } from "./store-documents.js";
import { checkSame, storeKey } from "./store-identity.js";
import { removeLeftovers, removeWorkingFiles } from "./working-files.js";
import { WriteBehind } from "./write-behind.js";

/** The number of looks at the store by a run whose working files are gone, and the pause between them, in ms. */
const LOOKS = 20;
const PAUSE = 100;

/** A Zarr v3 store, chunk after chunk, from where an earlier run stopped. */
export async function writeZarr(job: Job): Promise<Written> {
  const { out, force, shard } = job;
  if (force && shard.count > 1) {
    throw new InvalidOptionError("force", force, "false for a shard, as starting over would remove the others' chunks");
  }
  const existing = await readStore(out);
  const layout = await layoutOf(job, force ? undefined : existing?.chunkItems);
  checkChunks(out, layout);
  if (force && existing) await removeStore(out, existing);
  else if (existing) checkSame(out, existing, layout);
  const run = new StoreRun(job, layout);
  try {
    await run.write().catch((error) => run.explain(error));
    job.signal?.throwIfAborted();
    return await run.conclude();
  } finally {
    await run.close();
  }
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
  readonly #known: KnownChunks;
  /** The chunk being written, and the last one on its way to the disk. */
  #writer: ChunkWriter | undefined;
  #finishing: Promise<void> = Promise.resolve();
  readonly #writes = new WriteBehind();
  #resumed = 0;

  constructor(job: Job, layout: StoreLayout) {
    this.#job = job;
    this.#layout = layout;
    this.#known = new KnownChunks(job.out, layout, job.signal);
    this.#range = chunksOfShard(chunkCount(layout), job.shard);
    this.#unfinished = join(job.out, STORE_FILES.unfinished);
    this.#journal = new Journal(join(this.#unfinished, `journal-${this.#name}.jsonl`), storeKey(layout));
  }

  /** Makes the chunks of the shard that are missing. */
  async write(): Promise<void> {
    const { out, onProgress, signal, tasks, dataset } = this.#job;
    const layout = this.#layout;
    await this.#known.read();
    const missing = await this.#known.missing(this.#range);
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
   * Writes the manifest if no chunk is missing any more, whichever run made them.
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

  async #begin(): Promise<void> {
    const { out } = this.#job;
    try {
      await mkdir(this.#unfinished, { recursive: true });
      await removeLeftovers(this.#unfinished, this.#temporary("clock"));
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
      const buffer = storedBytes(array, plan, piece);
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
        // Another run may have started over since: its store must not get this chunk.
        const digests = await writer.finish(() => checkStore(this.#job.out, this.#layout));
        this.#known.add(chunk, digests);
        await this.#journal.append(chunk, digests);
      } catch (error) {
        await writer.discard();
        throw error;
      }
    };
    this.#finishing = finish();
    this.#finishing.catch(() => undefined); // reported where it is awaited
  }

  /** Writes the manifest, unless chunks are missing or another run has written it. */
  async #complete(): Promise<boolean> {
    const { out } = this.#job;
    if (await this.#isFinished()) {
      await this.#tidy();
      return true;
    }
    // The run that finishes a store writes the manifest and then removes the journals. A run that looks in between sees
    // missing chunks, so it looks twice: the second time the manifest is there.
    const chunks = (await this.#allChunks()) ?? (await this.#allChunks());
    if (!chunks) return false;
    try {
      await checkStore(out, this.#layout);
      const text = manifestText(this.#layout, await this.#documents(), chunks);
      await writeWhole(join(out, STORE_FILES.manifest), text, this.#temporary("manifest"));
    } catch (error) {
      await this.explain(error);
    }
    await this.#tidy();
    return true;
  }

  /** Removes the working files, which a whole store does not need. */
  async #tidy(): Promise<void> {
    await this.#journal.close();
    await removeWorkingFiles(this.#unfinished);
  }

  /**
   * Returns where a failure comes from another run that finished this store, whose working files, this run's among them,
   * are gone.
   *
   * @throws OutputError where another run started over with something else; else the failure itself
   */
  async explain(error: unknown): Promise<void> {
    const code =
      ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? (error as { code?: string }).code;
    if (code !== "ENOENT" || this.#job.signal?.aborted) throw error;
    for (let look = 1; look <= LOOKS; look++) {
      if (await this.#isFinished()) return;
      await setTimeout(PAUSE);
    }
    await checkStore(this.#job.out, this.#layout);
    throw error;
  }

  /** Returns whether the store is this run's and whole. */
  async #isFinished(): Promise<boolean> {
    const { out } = this.#job;
    const there = await readStore(out).catch(() => undefined);
    if (!there) return false;
    checkSame(out, there, this.#layout);
    return (await this.#known.readManifest()) && (await this.#known.all()) !== undefined;
  }

  async #allChunks(): Promise<ChunkDigests[] | undefined> {
    await this.#known.read();
    return this.#known.all();
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

/** @throws InvalidOptionError for more chunks than one manifest can list */
function checkChunks(out: string, layout: StoreLayout): void {
  const [count, most] = [chunkCount(layout), mostChunks(layout.arrays.length)];
  if (count <= most) return;
  const tasks = layout.chunkItems / Math.max(1, layout.items / layout.recipe.taskCount);
  const least = Math.ceil((Math.max(1, tasks) * count) / most);
  throw new InvalidOptionError(
    "chunkTasks",
    Math.max(1, Math.round(tasks)),
    `at least ${least} for ${out}: ${count} chunks are more than a manifest lists, ${most}`,
  );
}
