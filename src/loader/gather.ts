import type { Woven } from "../backend/backend.js";
import { type ItemLayout, itemBytes } from "../backend/plan.js";
import { InvalidOptionError } from "../errors.js";
import type { TaskSource } from "./source.js";

/** Consecutive items among others: `items[at + i] === first + i` for i below count. */
interface Run {
  readonly at: number;
  readonly first: number;
  readonly count: number;
}

/** Cuts a list of items into the longest runs of consecutive ones. */
export function* runsOf(items: Float64Array): Generator<Run> {
  for (let at = 0; at < items.length; ) {
    const first = items[at] as number;
    let count = 1;
    while (items[at + count] === first + count) count++;
    yield { at, first, count };
    at += count;
  }
}

/** Whether the items are one run. */
export function areConsecutive(items: Float64Array): boolean {
  return items.every((item, i) => item === (items[0] as number) + i);
}

/**
 * Items in any order, from a source that gives runs of them: `source.width` runs are under way at a time, and each goes to
 * its place as it comes, so that little more than the result is held.
 *
 * @throws InvalidOptionError when the result does not fit into one array
 */
export async function gather(
  source: TaskSource,
  layout: ItemLayout,
  items: Float64Array,
  signal: AbortSignal,
): Promise<Woven> {
  if (areConsecutive(items)) return source.read(items[0] as number, items.length, signal);
  const bytes = itemBytes(layout);
  const inputs = allocate(items.length * bytes.inputs);
  const targets = allocate(items.length * bytes.targets);
  const runs = runsOf(items);
  const lane = async () => {
    // The lanes share the runs, and the first to fail ends them for all.
    for (const { at, first, count } of runs) {
      const woven = await source.read(first, count, signal);
      signal.throwIfAborted();
      new Uint8Array(inputs).set(new Uint8Array(woven.inputs), at * bytes.inputs);
      new Uint8Array(targets).set(new Uint8Array(woven.targets), at * bytes.targets);
    }
  };
  await Promise.all(Array.from({ length: Math.min(source.width, items.length) }, lane));
  return { inputs, targets };
}

function allocate(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch (cause) {
    throw new InvalidOptionError("the result", `${bytes} bytes`, "what one array can hold here; ask for fewer", {
      cause,
    });
  }
}
