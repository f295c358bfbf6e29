import { storedItemBytes } from "../../store/arrays.js";
import { itemsOfChunk, type StoreLayout } from "../../store/zarr.js";
import type { Job } from "./job.js";

/** Approximate size in bytes of the inputs of a default chunk: few files, and little work to repeat after a crash. */
const CHUNK_BYTES = 32 * 2 ** 20;

/** Consecutive chunks, first inclusive, last exclusive. */
export interface ChunkRun {
  readonly start: number;
  readonly stop: number;
}

/** The chunks of a shard. They are consecutive, so that the tasks of a shard are consecutive too. */
export function chunksOfShard(chunks: number, { index, count }: Job["shard"]): ChunkRun {
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
 * @param chunkItems items of a chunk of the existing store, used where the job names no chunk size
 */
export async function layoutOf(
  { plan, chunkTasks, onehot, arrays, recipe }: Job,
  chunkItems: number | undefined,
): Promise<StoreLayout> {
  // With `samples`, every item draws its own task, so items are counted one by one.
  const unit = Math.max(1, plan.itemsPerTask);
  const units = plan.itemCount / unit;
  const inputs = arrays[0] as (typeof arrays)[number];
  const most = Math.max(1, Math.floor(CHUNK_BYTES / (unit * storedItemBytes(inputs))));
  // The last chunk is padded to full size. Chunks of equal size keep the padding small.
  const even = Math.ceil(units / Math.ceil(units / most));
  const given = chunkTasks === undefined ? chunkItems : unit * Math.min(chunkTasks, units);
  return { recipe: await recipe(), onehot, items: plan.itemCount, chunkItems: given ?? unit * even, arrays };
}
