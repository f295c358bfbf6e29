import { InvalidOptionError } from "../base/errors.js";
import { type ItemLayout, itemBytes } from "../plan/plan.js";

/** Results of up to so many bytes are not tried first. */
const SURE_BYTES = 2 ** 30;

/**
 * Refuses a result that one array cannot hold here. Engines differ in how much that is, so it is tried: memory that
 * nobody touches costs nothing.
 *
 * @throws InvalidOptionError with the bytes that are needed
 */
export function checkResultSize(layout: ItemLayout, items: number): void {
  const bytes = items * itemBytes(layout).inputs;
  if (bytes <= SURE_BYTES) return;
  try {
    const buffer = new ArrayBuffer(bytes);
    if (layout.dtype === "float32") new Float32Array(buffer);
    else new Uint16Array(buffer);
  } catch (cause) {
    const remedy = items === 1 ? "give a smaller sequenceLength" : "walk batches(), of fewer tasks each";
    throw new InvalidOptionError("the result", `${bytes} bytes`, `what one array can hold here; ${remedy}`, { cause });
  }
}
