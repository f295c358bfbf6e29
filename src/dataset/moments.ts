import { type Pixels, ZERO_BYTE } from "./tensor.js";

/** Mean and population standard deviation over all values of all examples, in the unit of the values. */
export interface Moments {
  /**
   * The unit of uint8 pixels is the gray level, 0 to 255: divide by 255 for the numbers that torchvision users know. The unit
   * of quantized values is that of `Dataset.scale`.
   */
  readonly mean: number;
  /** The deviation of the population: the sum of squares is divided by n, not by n - 1. */
  readonly standardDeviation: number;
}

/** The moments of some values; those of quantized values in the unit of `scale`. */
export function momentsOf(values: Pixels, scale?: number | undefined): Moments {
  if (values instanceof Float32Array) return momentsOfFloats(values);
  if (scale === undefined) return momentsOfIntegers(values, 0);
  const { mean, standardDeviation } = momentsOfIntegers(values, values instanceof Uint8Array ? ZERO_BYTE : 0);
  return { mean: mean * scale, standardDeviation: standardDeviation * scale };
}

/** Exact up to the last conversion, division and square root, each correctly rounded: the same bits on every machine. */
function momentsOfIntegers(values: Uint8Array | Int16Array, zero: number): Moments {
  const lowest = values instanceof Uint8Array ? 0 : -32768;
  const counts = new Float64Array(values instanceof Uint8Array ? 256 : 65536);
  for (let i = 0; i < values.length; i++) {
    const place = (values[i] as number) - lowest;
    counts[place] = (counts[place] as number) + 1;
  }
  let sum = 0n;
  let squares = 0n;
  for (let place = 0; place < counts.length; place++) {
    if (counts[place] === 0) continue;
    const value = BigInt(place + lowest - zero);
    const total = BigInt(counts[place] as number) * value;
    sum += total;
    squares += total * value;
  }
  const n = values.length;
  const numerator = BigInt(n) * squares - sum * sum;
  return { mean: Number(sum) / n, standardDeviation: Math.sqrt(Number(numerator)) / n };
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
