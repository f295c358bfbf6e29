import type { Pixels } from "./tensor.js";

/** What the values of a dataset range over. */
export interface ValueRange {
  /** Of the finite values; Infinity and -Infinity where there are none. */
  readonly minimum: number;
  readonly maximum: number;
  /** How many values are NaN or infinite. */
  readonly nonFinite: number;
  /** Where the first of them is; -1 for none. */
  readonly first: number;
}

const BYTES: ValueRange = Object.freeze({ minimum: 0, maximum: 255, nonFinite: 0, first: -1 });

/** The range of some values; that of the type for uint8. */
export function rangeOf(values: Pixels): ValueRange {
  if (values instanceof Uint8Array) return BYTES;
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

/** How many values are NaN or infinite, and where the first one is: "3 of 1440 values are ...". */
export function nonFiniteText(values: Float32Array, { nonFinite, first }: ValueRange, features: number): string {
  const place = `image ${Math.floor(first / features)} holds ${values[first]} at value ${first % features}`;
  return `${nonFinite} of ${values.length} values ${nonFinite === 1 ? "is" : "are"} NaN or infinite; the first: ${place}`;
}
