import type { Pixels } from "./tensor.js";

/** Mean and population standard deviation over all values of all examples, in the unit of the values. */
export interface Moments {
  /** The unit of uint8 values is the gray level, 0 to 255: divide by 255 for the numbers that torchvision users know. */
  readonly mean: number;
  /** The deviation of the population: the sum of squares is divided by n, not by n - 1. */
  readonly standardDeviation: number;
}

export function momentsOf(values: Pixels): Moments {
  return values instanceof Uint8Array ? momentsOfBytes(values) : momentsOfFloats(values);
}

/** Exact up to the last conversion, division and square root, each correctly rounded: the same bits on every machine. */
function momentsOfBytes(values: Uint8Array): Moments {
  const counts = new Float64Array(256);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    counts[value] = (counts[value] as number) + 1;
  }
  // Both sums stay below 2^53, and so exact, for up to 2^37 values.
  let sum = 0;
  let squares = 0;
  for (let value = 0; value < 256; value++) {
    const count = counts[value] as number;
    sum += value * count;
    squares += value * value * count;
  }
  const n = values.length;
  const numerator = BigInt(n) * BigInt(squares) - BigInt(sum) * BigInt(sum);
  return { mean: sum / n, standardDeviation: Math.sqrt(Number(numerator)) / n };
}

/** Two passes in f64, in order: no cancellation, and the same bits everywhere. */
function momentsOfFloats(values: Float32Array): Moments {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  const mean = sum / values.length;
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += ((values[i] as number) - mean) ** 2;
  return { mean, standardDeviation: Math.sqrt(squares / values.length) };
}
