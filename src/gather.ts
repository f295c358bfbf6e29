import type { Woven } from "./backend/backend.js";
import { listOf } from "./backend/items.js";
import { type ItemLayout, itemBytes } from "./backend/plan.js";
import { InvalidOptionError } from "./errors.js";

/**
 * Items in any order, from a source of runs of consecutive ones: `width` runs are under way at a time, and each goes to its
 * place as it comes, so that little more than the result is held.
 *
 * @throws InvalidOptionError when the result does not fit into one array
 */
export async function gather(
  numbers: Float64Array,
  layout: ItemLayout,
  width: number,
  read: (first: number, count: number) => Promise<Woven>,
): Promise<Woven> {
  const items = listOf(numbers);
  if (items.runFrom(0) === items.count) return read(items.at(0), items.count);
  const bytes = itemBytes(layout);
  const inputs = allocate(items.count * bytes.inputs);
  const targets = allocate(items.count * bytes.targets);
  let next = 0;
  let failed = false;
  // The lanes share the runs, and the first to fail ends them for all.
  const lane = async () => {
    try {
      while (!failed && next < items.count) {
        const at = next;
        const count = items.runFrom(at);
        next += count;
        const woven = await read(items.at(at), count);
        new Uint8Array(inputs).set(new Uint8Array(woven.inputs), at * bytes.inputs);
        new Uint8Array(targets).set(new Uint8Array(woven.targets), at * bytes.targets);
      }
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.count) }, lane));
  return { inputs, targets };
}

/** @throws InvalidOptionError where so many bytes are not to be had in one array */
export function allocate(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch (cause) {
    throw new InvalidOptionError(
      "the result",
      `${bytes} bytes`,
      "what one array can hold here; walk batches() instead",
      {
        cause,
      },
    );
  }
}
