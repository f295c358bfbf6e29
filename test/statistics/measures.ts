import { expect } from "vitest";
import { chiSquareP, kolmogorovP, normalP, normalTail } from "./distributions.js";

/** Significance of one test; its p-values share it, as Bonferroni has it. A correct generator fails 1 in 10^6 tests. */
const ALPHA = 1e-6;
/** The p-value that a broken generator has to fall below, so that its rejection is no accident either. */
const REJECTED = 1e-12;

export type PValues = Record<string, number>;

export function expectPlausible(pValues: PValues): void {
  const cases = Object.entries(pValues);
  expect(cases.length).toBeGreaterThan(0);
  const suspect = cases.filter(([, p]) => !(p >= ALPHA / cases.length));
  expect(Object.fromEntries(suspect), `p-values below ${ALPHA} / ${cases.length}`).toEqual({});
}

/** The negative control of a test: it must see that this generator is broken. */
export function expectRejected(p: number): void {
  expect(p).toBeLessThan(REJECTED);
}

/**
 * Chi-square of counts that should be equal. `degrees` if not one less than the cells; `factor` multiplies the statistic
 * where counts depend on each other.
 */
export function uniformP(counts: ArrayLike<number>, degrees = counts.length - 1, factor = 1): number {
  const total = Array.from(counts).reduce((sum, count) => sum + count, 0);
  const mean = total / counts.length;
  const statistic = Array.from(counts).reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
  return chiSquareP(statistic * factor, degrees);
}

/** The number of occurrences of each of 0..cells-1. */
export function tally(values: Iterable<number>, cells: number): Uint32Array {
  const counts = new Uint32Array(cells);
  for (const value of values) counts[value]!++;
  return counts;
}

/** A deviate as a step function is this far from the normal CDF at most: table.test.ts proves it. */
export const STEP_DISTANCE = 5.4e-5;

/** Kolmogorov and Smirnov's test against the normal distribution. */
export function kolmogorovSmirnovP(deviates: Float64Array): number {
  const n = deviates.length;
  const sorted = deviates.slice().sort();
  let distance = 0;
  let cdf = 0;
  for (let i = 0; i < n; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) cdf = normalTail(-sorted[i]!);
    distance = Math.max(distance, cdf - i / n, (i + 1) / n - cdf);
  }
  // By the triangle inequality the distance from the deviates' own distribution is at least this.
  return kolmogorovP(Math.max(0, distance - STEP_DISTANCE), n);
}

/** Hermite polynomials: of a standard normal z each has mean 0 and variance k!, and no two are correlated. */
export const hermite = [
  () => 1,
  (z: number) => z,
  (z: number) => z * z - 1,
  (z: number) => (z * z - 3) * z,
  (z: number) => (z * z - 6) * z * z + 3,
] as const;
const FACTORIAL = [1, 1, 2, 6, 24] as const;

/** Mean, variance, skewness, kurtosis for k = 1..4: the z-test of the k-th Hermite moment. */
export function momentP(deviates: Float64Array, k: 1 | 2 | 3 | 4): number {
  const sum = deviates.reduce((sum, z) => sum + hermite[k](z), 0);
  return normalP(sum / Math.sqrt(deviates.length * FACTORIAL[k]));
}

/** Correlation of `x[i + lag]` with `y[i]`, both of mean 0 and variance 1: the sum of n products has variance n. */
export function correlationP(x: Float64Array, y: Float64Array, lag = 0): number {
  const n = x.length - lag;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += x[i + lag]! * y[i]!;
  return normalP(sum / Math.sqrt(n));
}

/** Squares of deviates, standardized: their correlation shows a dependence in size that leaves the signs free. */
export function squares(deviates: Float64Array): Float64Array {
  return deviates.map((z) => hermite[2](z) / Math.SQRT2);
}
