import { NORMAL_TABLE } from "./normal-table";

/**
 * A standard normal deviate in units of 1/4096 from one word: the piecewise-linear inverse of the normal CDF, its
 * segment found from the exponent and the first five mantissa bits of the uniform as an f32. |deviate| <= 22200.
 */
export function deviate(w: u32): i32 {
  const m = ((w >> 7) & 0xffffff) | 1;
  const b = reinterpret<u32>(<f32>m);
  const q = load<u32>(NORMAL_TABLE + (((b >> 18) - 4064) << 2));
  const t = (b >> 2) & 0xffff;
  const z = <i32>((q >> 12) - (((q & 0xfff) * t) >> 16)) >> 5;
  return w >> 31 ? -z : z;
}

/** The magnitudes of the deviates of four words, times 32 and with noise in the five low bits. */
// @ts-ignore: decorator
@inline
function magnitude4(w: v128): v128 {
  const m = v128.or(v128.and(i32x4.shr_u(w, 7), i32x4.splat(0xffffff)), i32x4.splat(1));
  const b = f32x4.convert_i32x4_s(m);
  // Byte offset into the table, plus 4064 * 4: b >> 18 << 2, whose two low bits are cleared by the mask.
  const s = v128.and(i32x4.shr_u(b, 16), i32x4.splat(0xfffffffc));
  const low = i64x2.extract_lane(s, 0);
  const high = i64x2.extract_lane(s, 1);
  const table = NORMAL_TABLE - 4064 * 4;
  let q = v128.load32_zero(table + (<usize>low & 0xffff));
  q = v128.load_lane<u32>(table + <usize>(low >>> 32), q, 1);
  q = v128.load_lane<u32>(table + (<usize>high & 0xffff), q, 2);
  q = v128.load_lane<u32>(table + <usize>(high >>> 32), q, 3);
  const t = v128.and(i32x4.shr_u(b, 2), i32x4.splat(0xffff));
  const drop = i32x4.shr_u(i32x4.mul(v128.and(q, i32x4.splat(0xfff)), t), 16);
  return i32x4.sub(i32x4.shr_u(q, 12), drop);
}

/** `deviate` of four words. */
// @ts-ignore: decorator
@inline
export function deviate4(w: v128): v128 {
  const z = i32x4.shr_s(magnitude4(w), 5);
  const sign = i32x4.shr_s(w, 31);
  return i32x4.sub(v128.xor(z, sign), sign);
}

/** `deviate` of two times four words as i16: those of `left` in the low halves of each i32, those of `right` in the high. */
// @ts-ignore: decorator
@inline
export function deviatePairs(left: v128, right: v128): v128 {
  const z = pairHalves(i32x4.shr_u(magnitude4(left), 5), i32x4.shl(magnitude4(right), 11));
  const sign = i16x8.shr_s(pairHalves(i32x4.shr_u(left, 16), right), 15);
  return i16x8.sub(v128.xor(z, sign), sign);
}

/** The low half of each i32 of `low` and the high half of each of `high`. */
// @ts-ignore: decorator
@inline
function pairHalves(low: v128, high: v128): v128 {
  return i16x8.shuffle(low, high, 0, 9, 2, 11, 4, 13, 6, 15);
}
