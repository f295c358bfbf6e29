import { randomInt } from "node:crypto";
import { pacer } from "../../base/abort.js";
import { bytesPerElement } from "../../base/tensor.js";
import { rowLength } from "../../plan/plan.js";
import { optionsOf } from "../../plan/recipe.js";
import { tasksOf } from "../../plan/set-layout.js";
import { type ArrayName, type StoredArray, storedBytes, storedItemBytes } from "../../store/arrays.js";
import { withoutOneHot } from "../../store/one-hot.js";
import { readBytesOf } from "../../store/rows.js";
import type { StoredSet } from "../../store/stored-set.js";
import { chunkCount, itemsOfChunk } from "../../store/zarr.js";
import { TaskAugmentor } from "../../tasks/augmentor.js";
import { openDatasetOf } from "../dataset/open-dataset.js";
import type { Fault, Meter, VerifyOptions } from "./verification.js";

/** Items of a format without chunks are recomputed in runs of about this many bytes of inputs. */
const RUN_BYTES = 32 * 2 ** 20;

/** The items of a folder in runs: the chunks of a store, or as many items as make some MiB. */
export interface Runs {
  readonly count: number;
  of(run: number): { start: number; stop: number };
}

export function runsOf(set: StoredSet): Runs {
  if (set.format === "zarr") return { count: chunkCount(set), of: (chunk) => itemsOfChunk(set, chunk) };
  const { items } = set;
  const size = Math.max(1, Math.floor(RUN_BYTES / storedItemBytes(set.arrays[0] as StoredArray)));
  return {
    count: Math.ceil(items / size),
    of: (run) => ({ start: run * size, stop: Math.min(items, (run + 1) * size) }),
  };
}

/** Draws `n` different numbers below `count` at random, in order; all of them if there are no more. */
export async function sample(count: number, n: number, signal: AbortSignal | undefined): Promise<number[]> {
  if (n >= count) return Array.from({ length: count }, (_, i) => i);
  const pace = pacer(signal);
  const drawn = new Set<number>();
  // Floyd's algorithm: one draw for each number.
  for (let top = count - n; top < count; top++) {
    await pace();
    const number = randomInt(top + 1);
    drawn.add(drawn.has(number) ? top : number);
  }
  return [...drawn].sort((a, b) => a - b);
}

/**
 * Makes runs of items anew and compares them with the files, value by value.
 *
 * @returns how many items were compared
 */
export async function recomputeRuns(
  set: StoredSet,
  runs: Runs,
  wanted: readonly number[],
  { faults, meter, options }: { faults: Fault[]; meter: Meter; options: VerifyOptions },
): Promise<number> {
  if (wanted.length === 0) return 0;
  const { backend, workers, signal } = options;
  const { recipe } = set;
  const dataset = await openDatasetOf(recipe, options.dataset, signal);
  using tasks = new TaskAugmentor({
    ...optionsOf(recipe),
    ...(backend === undefined ? {} : { backend }),
    ...(workers === undefined ? {} : { workers }),
    ...(signal === undefined ? {} : { signal }),
  });
  const plan = tasks.plan(dataset);
  const size = bytesPerElement(plan.dtype);
  let items = 0;
  for (const run of wanted) {
    const { start, stop } = runs.of(run);
    const wrong = new Map<ArrayName, number[]>();
    for await (const piece of tasks.stream(dataset, { first: start, count: stop - start })) {
      for (const array of set.arrays) {
        const buffer = storedBytes(array, plan, piece);
        const strip = array.name === "inputs" && !set.onehot;
        const made = strip
          ? withoutOneHot(buffer, rowLength(plan) * size, plan.outFeatures * size)
          : new Uint8Array(buffer);
        const item = storedItemBytes(array);
        const found = await readBytesOf(set, array, piece.first * item, piece.count * item, signal);
        meter.read(found.length);
        const differing = differingItems(made, found, item).map((at) => piece.first + at);
        if (differing.length > 0) wrong.set(array.name, [...(wrong.get(array.name) ?? []), ...differing]);
      }
    }
    for (const [name, differing] of wrong) {
      const [first, last] = [differing[0] as number, differing.at(-1) as number];
      const rounding =
        recipe.dataset.dtype === "float32" ? "; of float32 data, other backends round in other ways" : "";
      faults.push({
        path: pathOf(set, name, run),
        kind: "values",
        ...(set.format === "zarr" ? { chunk: run } : {}),
        tasks: tasksOf(recipe, first, last - first + 1),
        problem:
          `differs from what the recipe makes in ${differing.length} of ${stop - start} ` +
          `${recipe.drawSequence ? "sequences" : "examples"}, the first being ${first}${rounding}`,
      });
    }
    items += stop - start;
    meter.step();
  }
  return items;
}

function pathOf(set: StoredSet, name: ArrayName, run: number): string {
  const array = set.arrays.find((candidate) => candidate.name === name) as StoredArray;
  const { key } = set.place(array, run);
  return set.format === "safetensors" ? `${key} (${name})` : key;
}

/** Returns the numbers of the items in which two runs differ. */
function differingItems(made: Uint8Array, found: Uint8Array, item: number): number[] {
  if (Buffer.compare(made, found) === 0) return [];
  return Array.from({ length: made.length / item }, (_, i) => i).filter(
    (i) => Buffer.compare(made.subarray(i * item, (i + 1) * item), found.subarray(i * item, (i + 1) * item)) !== 0,
  );
}
