import { checkInteger, checkOptions, checkText } from "../../base/check.js";
import { StoreError } from "../../base/errors.js";
import { checkPauses } from "../../files/retry.js";
import { chunkCount, STORE_FILES } from "../../store/zarr.js";
import { chunksOfShard } from "./chunk-run.js";
import type { ChunkRun } from "./job.js";
import { Journal } from "./journal.js";
import { KnownChunks } from "./known-chunks.js";
import { openSink, SINK_OPTIONS, type SinkOptions } from "./open-sink.js";
import { hasDocuments, readStore, writeDocuments } from "./store-documents.js";
import { storeKey } from "./store-identity.js";
import { removeWorkingFiles } from "./working-files.js";
import { writeManifest } from "./write-manifest.js";

/** Options of `finish`. */
export interface FinishOptions extends SinkOptions {
  /** The number of shards that the set is made in, 1..2^20: those that have to run again are listed. */
  shards?: number;
  /** Ends the call: it rejects with `signal.reason`. */
  signal?: AbortSignal;
}

/** The result of `finish`. */
export interface Finished {
  /** True if the whole set is there, and has its manifest. */
  readonly complete: boolean;
  /** The chunks of the store. */
  readonly chunks: number;
  /** The missing ones, in order, as runs: the first inclusive, the last exclusive. */
  readonly missing: readonly ChunkRun[];
  /** The numbers of the shards that have a missing chunk, in order; undefined without the option `shards`. */
  readonly shards?: readonly number[];
}

/**
 * Finishes a store whose chunks are all there: looks at each of their files once and writes the manifest. Otherwise it lists
 * what is missing. It may be called at any time, as often as you like, and needs no dataset.
 *
 * @throws StoreError when there is no store
 * @throws OutputError when the store is foreign, or the manifest cannot be written
 *
 * @example
 * ```ts
 * const { complete, missing, shards } = await finish("store", { shards: 64 });
 * if (!complete) console.log(missing, shards); // [{ start: 7, stop: 9 }] [0]
 * ```
 */
export async function finish(path: string, options: FinishOptions = {}): Promise<Finished> {
  checkText("path", path, "the path of a store that generate wrote, or s3://bucket/prefix");
  checkOptions<FinishOptions>(options, { ...SINK_OPTIONS, shards: true, signal: true });
  const { shards, signal } = options;
  if (shards !== undefined) checkInteger("shards", shards, 1, 2 ** 20);
  checkPauses(options.retryPauses);
  const sink = openSink(path, options, signal);
  const layout = await readStore(sink);
  if (!layout) throw new StoreError(sink.name, `holds no store: ${STORE_FILES.group} is not there`);
  const chunks = chunkCount(layout);
  const all = { start: 0, stop: chunks };
  const known = new KnownChunks(sink, layout, signal);
  await known.read();
  // A run that finishes the store between the two looks removes the journals.
  if (!known.all) await known.read();
  const lost = await known.look(all);
  const missing = await known.missing(all);
  if (lost.length > 0) {
    const journal = new Journal(sink, storeKey(layout));
    try {
      await sink.begin();
      await journal.doubt(lost);
    } finally {
      await journal.close();
    }
  }
  if (missing.length === 0) {
    // A finished store is not written to: it may be where nobody may write any more.
    if (!known.finished || !(await hasDocuments(sink, layout))) {
      await sink.begin();
      await writeDocuments(sink, layout);
      if (!known.finished) await writeManifest(sink, layout, known);
    }
    await removeWorkingFiles(sink);
  }
  return {
    complete: missing.length === 0,
    chunks,
    missing,
    ...(shards === undefined ? {} : { shards: shardsOf(missing, chunks, shards) }),
  };
}

/** The shards that have a chunk of these runs. */
function shardsOf(missing: readonly ChunkRun[], chunks: number, count: number): number[] {
  const found: number[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    const { start, stop } = chunksOfShard(chunks, { index, count });
    while (at < missing.length && (missing[at] as ChunkRun).stop <= start) at++;
    if (start < stop && at < missing.length && (missing[at] as ChunkRun).start < stop) found.push(index);
  }
  return found;
}
