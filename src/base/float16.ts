/** binary16 bits as float32 values; exact. */
export function float16ToFloat32(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, (half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}

const bits = new Uint32Array(1);
const value = new Float32Array(bits.buffer);

/** float32 values as binary16 bits, rounded to nearest, ties to even; NaN stays one, what is too large is infinite. */
export function float32ToFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  return Uint16Array.from(values, (x) => {
    value[0] = x;
    const word = bits[0] as number;
    const sign = (word >>> 16) & 0x8000;
    const magnitude = word & 0x7fffffff;
    if (magnitude > 0x7f800000) return sign | 0x7e00;
    if (magnitude >= 0x477ff000) return sign | 0x7c00;
    // Below 2^-14 halves are multiples of 2^-24; the float64 product is exact.
    if (magnitude < 0x38800000) return sign | roundToEven(Math.abs(x) * 2 ** 24);
    const odd = (magnitude >>> 13) & 1;
    return sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13);
  });
}

function roundToEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  return down + (rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? 1 : 0);
}
