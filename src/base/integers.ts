import { bytesPerElement, type TargetArrays, type TargetDtype } from "./tensor.js";

/**
 * Targets and labels in other element types. Backends make them in the smallest type that holds them; wider ones are made
 * where results leave the package.
 */

/** The element types of targets and labels, narrow ones first. */
export const TARGET_DTYPES = ["uint8", "uint16", "int32", "int64"] as const satisfies readonly TargetDtype[];

/** The number of different values from 0 on that each type holds. */
const VALUES = { uint8: 2 ** 8, uint16: 2 ** 16, int32: 2 ** 31, int64: 2 ** 63 } as const;

/** Returns whether a type holds the integers 0..values - 1. */
export function holds(dtype: TargetDtype, values: number): boolean {
  return values <= VALUES[dtype];
}

/** Views a buffer as integers. */
export function integersOf<Dtype extends TargetDtype>(dtype: Dtype, buffer: ArrayBuffer): TargetArrays[Dtype] {
  const views: { [D in TargetDtype]: () => TargetArrays[D] } = {
    uint8: () => new Uint8Array(buffer),
    uint16: () => new Uint16Array(buffer),
    int32: () => new Int32Array(buffer),
    int64: () => new BigInt64Array(buffer),
  };
  return views[dtype]();
}

/** A buffer of integers as numbers; integers of int64 beyond 53 bits are rounded. */
export function numbersOf(dtype: TargetDtype, buffer: ArrayBuffer): ArrayLike<number> {
  const values = integersOf(dtype, buffer);
  return values instanceof BigInt64Array ? Float64Array.from(values, Number) : values;
}

/**
 * Integers from 0 on in another type, which must hold them.
 *
 * @returns the buffer itself where the type is the same
 */
export function widened(buffer: ArrayBuffer, from: "uint8" | "uint16", to: TargetDtype): ArrayBuffer {
  if (from === to) return buffer;
  const values = integersOf(from, buffer);
  const out = new ArrayBuffer(values.length * bytesPerElement(to));
  if (to !== "int64") {
    integersOf(to, out).set(values);
    return out;
  }
  // Two words each, as a bigint for each value takes many times as long. Machines are little-endian, as files are.
  const words = new Uint32Array(out);
  for (let i = 0; i < values.length; i++) words[2 * i] = values[i] as number;
  return out;
}

/**
 * Integers of any type in a narrow one.
 *
 * @param values the values that there can be, 0..values - 1
 * @returns the buffer itself where the type is the same; the first value that is none of these, where there is one
 */
export function narrowed(
  buffer: ArrayBuffer,
  from: TargetDtype,
  to: "uint8" | "uint16",
  values: number,
): ArrayBuffer | { readonly value: number } {
  if (from === to) return buffer;
  const given = numbersOf(from, buffer);
  const made = new ArrayBuffer(given.length * bytesPerElement(to));
  const out = integersOf(to, made);
  for (let i = 0; i < given.length; i++) {
    const value = given[i] as number;
    if (!(value >= 0 && value < values)) return { value };
    out[i] = value;
  }
  return made;
}
