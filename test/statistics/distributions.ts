/** The few distributions the tests of randomness need, in double precision; distributions.test.ts holds known values. */

// Lanczos' approximation, g = 7, n = 9: relative error below 1e-14 for a >= 1/2.
const LANCZOS = [
  0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];

function logGamma(a: number): number {
  const t = a + 6.5;
  const sum = LANCZOS.reduce((sum, c, i) => sum + c / (a + i - 1));
  return Math.log(Math.sqrt(2 * Math.PI) * sum) + (a - 0.5) * Math.log(t) - t;
}

/**
 * Both tails of the gamma distribution of shape `a` at `x`. The smaller one is never a difference from 1, so it keeps
 * its digits: the series gives the lower tail left of the mean, the continued fraction the upper tail right of it.
 */
export function gammaTails(a: number, x: number): { lower: number; upper: number } {
  if (x <= 0) return { lower: 0, upper: 1 };
  const density = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = a + 1; term > sum * 1e-17; n++) sum += term *= x / n;
    return { lower: density * sum, upper: 1 - density * sum };
  }
  // Lentz's evaluation; x > a keeps its denominators away from zero.
  let b = x + 1 - a;
  let c = Number.MAX_VALUE;
  let d = 1 / b;
  let fraction = d;
  for (let i = 1, change = 0; Math.abs(change - 1) > 1e-15; i++) {
    b += 2;
    d = 1 / (i * (a - i) * d + b);
    c = b + (i * (a - i)) / c;
    change = c * d;
    fraction *= change;
  }
  return { lower: 1 - density * fraction, upper: density * fraction };
}

/** P(a standard normal > z). */
export function normalTail(z: number): number {
  const tail = gammaTails(0.5, (z * z) / 2).upper / 2;
  return z >= 0 ? tail : 1 - tail;
}

/** Two-sided p-value of a standard normal score. */
export function normalP(score: number): number {
  return gammaTails(0.5, (score * score) / 2).upper;
}

/** Two-sided p-value of a chi-square statistic: counts that are too even are as suspect as counts that are too uneven. */
export function chiSquareP(statistic: number, degrees: number): number {
  const { lower, upper } = gammaTails(degrees / 2, statistic / 2);
  return Math.min(1, 2 * Math.min(lower, upper));
}

/** P(distance > this one) of Kolmogorov and Smirnov's statistic, in the limit of large n. */
export function kolmogorovP(distance: number, n: number): number {
  const lambda = distance * Math.sqrt(n);
  if (lambda < 0.3) return 1; // where the sum below converges slowly; 1 - p is below 1e-5
  let sum = 0;
  for (let k = 1; k <= 40; k++) sum -= (-1) ** k * Math.exp(-2 * (k * lambda) ** 2);
  return Math.min(1, 2 * sum);
}
