/** Values at the edges of binary16: zeros, the smallest subnormals, ties both ways, the largest, infinities. */
export const float16Edges = [
  ...[0, -0, 2 ** -26, 2 ** -25, -(2 ** -25), 2 ** -24, 1.5 * 2 ** -24],
  ...[2 ** -14, 2 ** -14 - 2 ** -25, 1 + 2 ** -11, 1 + 3 * 2 ** -11],
  ...[65504, 65519.996, 65520, 1e30, -1e30, Number.POSITIVE_INFINITY, 3.1e-5, -7.7e-6, 0.1],
];
