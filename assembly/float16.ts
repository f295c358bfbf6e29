/**
 * binary16 bits of four f32 values, one in each 32-bit lane: round to nearest, ties to even; beyond 65504 infinity;
 * subnormals kept. Integer arithmetic except for one exact-by-construction addition, so every engine agrees.
 */
// @ts-ignore: decorator
@inline
export function float16x4(value: v128): v128 {
  const sign = v128.and(value, i32x4.splat(0x80000000));
  const f = v128.xor(value, sign);
  // Normal: move the exponent's bias from 127 to 15 and round the 13 dropped bits to even by adding 0xfff + odd.
  const odd = v128.and(i32x4.shr_u(f, 13), i32x4.splat(1));
  const normal = i32x4.shr_u(i32x4.add(i32x4.add(f, i32x4.splat(0xc8000fff)), odd), 13);
  // Below 2^-14: adding 0.5 lets the f32 adder itself round at 2^-24, the step of binary16 subnormals.
  const magic = i32x4.splat(0x3f000000);
  const subnormal = i32x4.sub(f32x4.add(f, magic), magic);
  let bits = v128.bitselect(subnormal, normal, i32x4.lt_s(f, i32x4.splat(0x38800000)));
  const infinite = i32x4.ge_s(f, i32x4.splat(0x47800000));
  bits = v128.bitselect(i32x4.splat(0x7c00), bits, infinite);
  bits = v128.bitselect(i32x4.splat(0x7e00), bits, i32x4.gt_s(f, i32x4.splat(0x7f800000)));
  return v128.or(bits, i32x4.shr_u(sign, 16));
}
