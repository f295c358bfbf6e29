// Rounding to binary16 by integer arithmetic, because `pack2x16float` may round up or down. Twin of assembly/float16.ts.

/// Returns the binary16 bits of a value: the nearest half, ties to even; infinity from 65520 on; subnormals are kept.
fn float16_bits(value: f32) -> u32 {
  let bits = bitcast<u32>(value);
  let sign = (bits >> 16u) & 0x8000u;
  let f = bits & 0x7fffffffu;
  if (f > 0x7f800000u) {
    return sign | 0x7e00u;
  }
  if (f >= 0x47800000u) {
    return sign | 0x7c00u;
  }
  if (f >= 0x38800000u) {
    // Changes the exponent's bias from 127 to 15. Adding 0xfff + odd rounds the 13 dropped bits to even.
    return sign | ((f + 0xc8000fffu + ((f >> 13u) & 1u)) >> 13u);
  }
  // Below 2^-14 halves are multiples of 2^-24. From a shift of 25 on every value rounds to zero.
  let mantissa = (f & 0x7fffffu) | 0x800000u;
  let shift = min(126u - (f >> 23u), 25u);
  let odd = (mantissa >> shift) & 1u;
  return sign | ((mantissa + (1u << (shift - 1u)) - 1u + odd) >> shift);
}
