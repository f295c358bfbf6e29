import type { Pixels } from "./tensor.js";

/** The range of the values of a dataset. */
export interface ValueRange {
  /** The smallest and the largest of the finite values; Infinity and -Infinity where there are none. */
  readonly minimum: number;
  readonly maximum: number;
  /** The number of values that are NaN or infinite. */
  readonly nonFinite: number;
  /** The place of the first of them; -1 for none. */
  readonly first: number;
}

const BYTES: ValueRange = Object.freeze({ minimum: 0, maximum: 255, nonFinite: 0, first: -1 });
const STEPS: ValueRange = Object.freeze({ minimum: -32768, maximum: 32767, nonFinite: 0, first: -1 });

/** The range of some values; that of the type for uint8 and int16, in steps. */
export function rangeOf(values: Pixels): ValueRange {
  if (values instanceof Uint8Array) return BYTES;
  if (values instanceof Int16Array) return STEPS;
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  let nonFinite = 0;
  let first = -1;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    // Only of finite values the difference is 0.
    if (value - value !== 0) {
      if (nonFinite++ === 0) first = i;
      continue;
    }
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  }
  return { minimum, maximum, nonFinite, first };
}

/** True if no value is NaN or infinite; takes a quarter of the time of `rangeOf`. */
export function areFinite(values: Float32Array): boolean {
  let sum = 0;
  // Finite values give 0 or -0, all others NaN.
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) * 0;
  return sum === 0;
}

/** The number of values that are NaN or infinite, and the place of the first, in words: "3 of 1440 values are ...". */
export function nonFiniteText(values: Float32Array, { nonFinite, first }: ValueRange, features: number): string {
  const place = `image ${Math.floor(first / features)} holds ${values[first]} at value ${first % features}`;
  return `${nonFinite} of ${values.length} values ${nonFinite === 1 ? "is" : "are"} NaN or infinite; the first: ${place}`;
}
