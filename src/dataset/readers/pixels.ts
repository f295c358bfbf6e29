import { DatasetError } from "../../base/errors.js";
import type { DType, Pixels } from "../tensor.js";
import type { Numbers } from "./nd-array.js";
import type { ReaderOptions } from "./reader-options.js";

/** The largest integer up to which float32 holds all. */
const EXACT = 2 ** 24;

/** The place of a value, in words. */
function place(index: number, features: number): string {
  return `image ${Math.floor(index / features)}, value ${index % features}`;
}

/**
 * The type of a dataset's values that is asked for: `dtype`, or int16 where integers of 16 bits come with the value of one
 * step.
 */
export function wantedType(values: Numbers, { dtype, scale, scaleOfIntegers }: ReaderOptions): DType | undefined {
  return values instanceof Int16Array && (scale ?? scaleOfIntegers) !== undefined ? (dtype ?? "int16") : dtype;
}

/**
 * Turns numbers of any type into the values of a dataset, by their type:
 *
 * - uint8 stays, bool becomes 0 and 1, float32 stays;
 * - float64 and float16 become float32 (float64 is rounded to the nearest);
 * - int16 stays where its step is known, see `wantedType`;
 * - other integers become uint8 where all are 0 to 255, else float32, which must hold each of them exactly.
 *
 * @param wanted the type that is asked for; to become uint8, all values must be whole numbers from 0 to 255
 * @param type the type of the elements, for messages
 * @throws DatasetError for values that do not fit
 */
export function pixelsOf(
  values: Numbers,
  type: string,
  { name, features, wanted }: { name: string; features: number; wanted: DType | undefined },
): Pixels {
  const floats = values instanceof Float32Array || values instanceof Float64Array;
  if (wanted === "int16" && values instanceof Int16Array) return values;
  if (values instanceof Uint8Array) return wanted === "float32" ? Float32Array.from(values) : values;
  if (floats && wanted !== "uint8") return values instanceof Float32Array ? values : Float32Array.from(values);
  const stranger = firstStranger(values);
  if (stranger < 0) return wanted === "float32" ? floatsOf(values) : bytesOf(values);
  const found = `is ${type} with ${values[stranger]} at ${place(stranger, features)}`;
  if (wanted === "uint8") {
    throw new DatasetError(name, `${found}; allowed as uint8: whole numbers from 0 to 255`);
  }
  for (let i = 0; i < values.length; i++) {
    if (Math.abs(Number(values[i])) <= EXACT) continue;
    const problem = `is ${type} with ${values[i]} at ${place(i, features)}, which float32 does not hold exactly`;
    throw new DatasetError(name, `${problem}; allowed: integers from -2^24 to 2^24. Scale the values first`);
  }
  return floatsOf(values);
}

/** The place of the first value that is no whole number from 0 to 255; -1 if there is none. */
function firstStranger(values: Numbers): number {
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
    return values.findIndex((value) => value < 0n || value > 255n);
  }
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if ((value & 255) !== value) return i;
  }
  return -1;
}

function bytesOf(values: Numbers): Uint8Array {
  const bytes = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) bytes[i] = Number(values[i]);
  return bytes;
}

function floatsOf(values: Numbers): Float32Array {
  const floats = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) floats[i] = Number(values[i]);
  return floats;
}
