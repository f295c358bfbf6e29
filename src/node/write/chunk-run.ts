import { checkInteger } from "../../base/check.js";
import { InvalidOptionError } from "../../base/errors.js";
import type { Sink } from "../../files/sink.js";
import { type StoredArray, storedItemBytes } from "../../store/arrays.js";
import { itemsOfChunk, type StoreLayout } from "../../store/zarr.js";
import type { ChunkRun, Job, Shard } from "./job.js";

/** Approximate size in bytes of the inputs of a default chunk: few files, and little work to repeat after a crash. */
const CHUNK_BYTES = 32 * 2 ** 20;

/** Default chunks of a large set grow, so that there are about this many at most: disks have quotas of files. */
const MOST_CHUNKS = 10_000;

/** @throws InvalidOptionError for a shard that is none */
export function checkShard({ index, count }: Shard): void {
  checkInteger("shard.count", count, 1, 2 ** 20);
  checkInteger("shard.index", index, 0, count - 1);
}

/** The chunks of a shard. They are consecutive, so that the tasks of a shard are consecutive too. */
export function chunksOfShard(chunks: number, { index, count }: Shard): ChunkRun {
  return { start: Math.floor((chunks * index) / count), stop: Math.floor((chunks * (index + 1)) / count) };
}

/** The items of consecutive chunks. */
export function itemsOfRun(layout: StoreLayout, { start, stop }: ChunkRun): { first: number; count: number } {
  const first = itemsOfChunk(layout, start).start;
  return { first, count: start === stop ? 0 : itemsOfChunk(layout, stop - 1).stop - first };
}

/**
 * The layout of the store that a job writes.
 *
 * @param existing the store that is there already: its chunk size is kept where the job names none
 * @throws InvalidOptionError for chunks that the sink cannot hold
 */
export async function layoutOf(
  { plan, chunkTasks, onehot, arrays, recipe }: Job,
  sink: Sink,
  existing: StoreLayout | undefined,
): Promise<StoreLayout> {
  // With `samples`, every item draws its own task, so items are counted one by one.
  const unit = Math.max(1, plan.itemsPerTask);
  const units = plan.itemCount / unit;
  const unitBytes = unit * storedItemBytes(arrays[0] as StoredArray);
  const grown = Math.max(CHUNK_BYTES, Math.ceil(units / MOST_CHUNKS) * unitBytes);
  const most = Math.max(1, Math.floor(Math.min(grown, sink.chunkLimit ?? grown) / unitBytes));
  // The last chunk is padded to full size. Chunks of equal size keep the padding small.
  const even = Math.ceil(units / Math.ceil(units / most));
  const given = chunkTasks === undefined ? existing?.chunkItems : unit * Math.min(chunkTasks, units);
  const chunkItems = given ?? unit * even;
  if ((chunkItems / unit) * unitBytes > sink.chunkMost) {
    const allowed = `at most ${Math.floor(sink.chunkMost / unitBytes)} for ${sink.name}, whose files are written whole`;
    throw new InvalidOptionError("chunkTasks", chunkItems / unit, allowed);
  }
  const separator = existing?.separator ?? ".";
  return { recipe: await recipe(), onehot, items: plan.itemCount, chunkItems, separator, arrays };
}
