/** Values at the edges of binary16: zeros, the smallest subnormals, ties both ways, the largest, infinities. */
export const float16Edges = [
  ...[0, -0, 2 ** -26, 2 ** -25, -(2 ** -25), 2 ** -24, 1.5 * 2 ** -24],
  ...[2 ** -14, 2 ** -14 - 2 ** -25, 1 + 2 ** -11, 1 + 3 * 2 ** -11],
  ...[65504, 65519.996, 65520, 1e30, -1e30, Number.POSITIVE_INFINITY, 3.1e-5, -7.7e-6, 0.1],
];

/** The value of a half by the definition of binary16, independent of the code under test. */
export function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The half that is nearest to a float32 value, ties to even, by the definition of binary16. */
export function nearestHalf(x: number): number {
  const unit = 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), -14) - 10);
  const down = Math.floor(x / unit);
  const rest = x / unit - down;
  const value = unit * (rest > 0.5 || (rest === 0.5 && down % 2 !== 0) ? down + 1 : down);
  return Math.abs(value) > 65504 ? Math.sign(x) * Number.POSITIVE_INFINITY : value;
}
