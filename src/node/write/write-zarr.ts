import { setTimeout } from "node:timers/promises";
import { InvalidOptionError, OutputError } from "../../base/errors.js";
import { notice } from "../../base/notice.js";
import { bytesPerElement } from "../../base/tensor.js";
import type { Sink } from "../../files/sink.js";
import { rowLength } from "../../plan/plan.js";
import { storedBytes, storedItemBytes } from "../../store/arrays.js";
import { documentKeys, MANIFEST_LIMIT } from "../../store/manifest.js";
import { withoutOneHot } from "../../store/one-hot.js";
import { chunkBytes, chunkCount, itemsOfChunk, mostChunks, STORE_FILES, type StoreLayout } from "../../store/zarr.js";
import { chunksOfShard, itemsOfRun, layoutOf } from "./chunk-run.js";
import { ChunkWriter } from "./chunk-writer.js";
import type { ChunkRun, Job, Written } from "./job.js";
import { Journal } from "./journal.js";
import { KnownChunks } from "./known-chunks.js";
import { openSink } from "./open-sink.js";
import { checkStore, hasDocuments, readStore, removeStore, writeDocuments } from "./store-documents.js";
import { checkSame, storeKey } from "./store-identity.js";
import { removeWorkingFiles } from "./working-files.js";
import { WriteBehind } from "./write-behind.js";
import { writeManifest } from "./write-manifest.js";

/** The number of looks at the store by a run whose working files are gone, and the pause between them, in ms. */
const LOOKS = 20;
const PAUSE = 100;

/** The number of times that a run makes chunks whose files are gone when it looks for them. */
const ROUNDS = 5;

/** A Zarr v3 store, chunk after chunk, from where an earlier run stopped. */
export async function writeZarr(job: Job): Promise<Written> {
  const { out, force, shard } = job;
  if (force && shard.count > 1) {
    throw new InvalidOptionError("force", force, "false for a shard, as starting over would remove the others' chunks");
  }
  const sink = openSink(out, job.place, job.signal);
  const existing = await readStore(sink);
  const layout = await layoutOf(job, sink, force ? undefined : existing);
  checkChunks(out, layout);
  if (force && existing) await removeStore(sink, existing);
  else if (existing) checkSame(sink.name, existing, layout);
  const run = new StoreRun(job, sink, layout);
  try {
    const complete = await run.run().catch((error) => run.explain(error));
    return await run.conclude(complete);
  } finally {
    await run.close();
  }
}

/** One call's work on a store. */
class StoreRun {
  readonly #job: Job;
  readonly #sink: Sink;
  readonly #layout: StoreLayout;
  readonly #range: ChunkRun;
  readonly #journal: Journal;
  readonly #known: KnownChunks;
  /** The chunk being written, and the last one on its way to the disk. */
  #writer: ChunkWriter | undefined;
  #finishing: Promise<void> = Promise.resolve();
  readonly #writes = new WriteBehind();
  #resumed: number | undefined;
  /** Bytes that this call wrote. */
  #written = 0;

  constructor(job: Job, sink: Sink, layout: StoreLayout) {
    this.#job = job;
    this.#sink = sink;
    this.#layout = layout;
    this.#known = new KnownChunks(sink, layout, job.signal);
    this.#range = chunksOfShard(chunkCount(layout), job.shard);
    this.#journal = new Journal(sink, storeKey(layout));
  }

  /**
   * Makes the chunks of the shard that are missing, and writes the manifest if no chunk is missing any more, whichever run
   * made them. A run that cannot finish the store looks at no chunk: the journals say which are there.
   *
   * @returns true if the whole store is there
   */
  async run(): Promise<boolean> {
    const known = this.#known;
    await known.read();
    const before = known.finished;
    if (before) await known.look(this.#range);
    else await known.lookAtDoubtful(this.#range);
    let missing = await known.missing(this.#range);
    for (let round = 1; ; round++) {
      await this.#make(missing);
      this.#job.signal?.throwIfAborted();
      if (!(before && known.all) && !(await this.#isCovered())) return false;
      const made = missing.length > 0 || round > 1;
      // Another run has looked at the files, or this one has.
      if (known.finished && !(before && made)) break;
      const lost = await known.look({ start: 0, stop: chunkCount(this.#layout) });
      if (lost.length === 0) {
        await this.#finish();
        break;
      }
      missing = await known.missing(this.#range);
      const again = missing.reduce((sum, run) => sum + itemsOfRun(this.#layout, run).count, 0);
      this.#resumed = Math.max(0, (this.#resumed ?? 0) - again);
      if (missing.length === 0) {
        await this.#journal.doubt(lost);
        const parts = `${lost.slice(0, 10).join(", ")}${lost.length > 10 ? ", ..." : ""}`;
        notice(`${this.#sink.name}: the files of chunks ${parts} are gone or replaced; run their shards again`);
        return false;
      }
      if (round === ROUNDS) {
        throw new OutputError(this.#sink.name, "loses chunks as soon as they are written; is somebody removing them?");
      }
    }
    await this.#tidy();
    return true;
  }

  /** Returns whether every chunk is recorded, in a manifest or in journals. */
  async #isCovered(): Promise<boolean> {
    // The run that finishes a store writes the manifest and then removes the journals. A run that looks in between sees
    // missing chunks, so it looks twice: the second time the manifest is there.
    for (let look = 0; look < 2; look++) {
      await this.#known.read();
      if (this.#known.all) return true;
    }
    return false;
  }

  async #make(missing: readonly ChunkRun[]): Promise<void> {
    const { onProgress, signal, tasks, dataset } = this.#job;
    const layout = this.#layout;
    const total = itemsOfRun(layout, this.#range).count;
    const size = layout.arrays.reduce((sum, array) => sum + chunkBytes(layout, array), 0);
    await this.#sink.checkSpace(missing.reduce((sum, { start, stop }) => sum + (stop - start) * size, 0));
    let done = missing.reduce((left, run) => left - itemsOfRun(layout, run).count, total);
    if (this.#resumed === undefined) {
      this.#resumed = done;
      // A finished store is not written to: it may be where nobody may write any more.
      const whole = missing.length === 0 && this.#known.finished && (await hasDocuments(this.#sink, layout));
      if (!whole) {
        await this.#sink.begin();
        await writeDocuments(this.#sink, layout);
      }
      onProgress(done, total, 0);
    }
    for (const run of missing) {
      for await (const piece of tasks.stream(dataset, itemsOfRun(layout, run))) {
        await this.#writes.begin(async () => {
          // What was aborted while the piece before was written ends there.
          signal?.throwIfAborted();
          this.#written += await this.#take(piece);
          done += piece.count;
          onProgress(done, total, this.#written);
        });
      }
    }
    await this.#writes.end();
    await this.#finishing;
  }

  /** Says what was done. */
  async conclude(complete: boolean): Promise<Written> {
    const layout = this.#layout;
    const chunks = this.#range.stop - this.#range.start;
    let bytes = chunks * layout.arrays.reduce((sum, array) => sum + chunkBytes(layout, array), 0);
    if (complete && this.#job.shard.count === 1) {
      for (const key of [...documentKeys(layout), STORE_FILES.manifest]) {
        bytes += (await this.#sink.files.get(key, MANIFEST_LIMIT, undefined))?.length ?? 0;
      }
    }
    return {
      recipe: layout.recipe,
      items: itemsOfRun(layout, this.#range).count,
      bytes,
      resumed: this.#resumed ?? 0,
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
      this.#writer ??= await ChunkWriter.open(this.#sink, layout, chunk);
      for (const { name, bytes, item } of values) {
        await this.#writer.write(name, bytes.subarray((at - piece.first) * item, (to - piece.first) * item));
      }
      if (to === stop) await this.#finishChunk(chunk);
      at = to;
    }
    return values.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** Lets a chunk reach the disk while the next one is made. */
  async #finishChunk(chunk: number): Promise<void> {
    await this.#finishing;
    const writer = this.#writer as ChunkWriter;
    this.#writer = undefined;
    const finish = async () => {
      try {
        // Another run may have started over since: its store must not get this chunk.
        const record = await writer.finish(() => checkStore(this.#sink, this.#layout));
        this.#known.add(chunk, record);
        await this.#journal.append(chunk, record);
      } catch (error) {
        await writer.discard();
        throw error;
      }
    };
    this.#finishing = finish();
    this.#finishing.catch(() => undefined); // reported where it is awaited
  }

  /** Writes the manifest. */
  async #finish(): Promise<void> {
    await writeManifest(this.#sink, this.#layout, this.#known);
  }

  /** Removes the working files, which a whole store does not need. */
  async #tidy(): Promise<void> {
    await this.#journal.close();
    await removeWorkingFiles(this.#sink);
  }

  /**
   * Returns where a failure comes from another run that finished this store, whose working files, this run's among them,
   * are gone.
   *
   * @throws OutputError where another run started over with something else; else the failure itself
   */
  async explain(error: unknown): Promise<true> {
    const code =
      ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? (error as { code?: string }).code;
    if (code !== "ENOENT" || this.#job.signal?.aborted) throw error;
    for (let look = 1; look <= LOOKS; look++) {
      if (await this.#isFinished()) return true;
      await setTimeout(PAUSE);
    }
    await checkStore(this.#sink, this.#layout);
    throw error;
  }

  /** Returns whether the store is this run's and whole. */
  async #isFinished(): Promise<boolean> {
    const there = await readStore(this.#sink).catch(() => undefined);
    if (!there) return false;
    checkSame(this.#sink.name, there, this.#layout);
    await this.#known.readManifest();
    return this.#known.finished;
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
