// binary16 by integer arithmetic, as `pack2x16float` may round either way. Twin of assembly/float16.ts.

/// binary16 bits of a value: nearest, ties to even; beyond 65504 infinity; subnormals kept.
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
    // The exponent's bias from 127 to 15; the 13 dropped bits round to even by adding 0xfff + odd.
    return sign | ((f + 0xc8000fffu + ((f >> 13u) & 1u)) >> 13u);
  }
  // Below 2^-14 in steps of 2^-24. From a shift of 25 on everything rounds to zero.
  let mantissa = (f & 0x7fffffu) | 0x800000u;
  let shift = min(126u - (f >> 23u), 25u);
  let odd = (mantissa >> shift) & 1u;
  return sign | ((mantissa + (1u << (shift - 1u)) - 1u + odd) >> shift);
}
