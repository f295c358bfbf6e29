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

// The constants of `magnitude4`, four times each. V8 makes a constant vector in three instructions, again at each turn of a
// loop; what was loaded before the loop stays in a register.
const BITS: usize = memory.data<u32>([0x7fffff80, 0x7fffff80, 0x7fffff80, 0x7fffff80], 16);
const LOWEST: usize = memory.data<u32>([0x80, 0x80, 0x80, 0x80], 16);
const SEGMENT: usize = memory.data<u32>([0x3ffc, 0x3ffc, 0x3ffc, 0x3ffc], 16);
const PLACE: usize = memory.data<u32>([0x3fffc, 0x3fffc, 0x3fffc, 0x3fffc], 16);
const SLOPE: usize = memory.data<u32>([0xfff, 0xfff, 0xfff, 0xfff], 16);

/** The first values of the segments of uniforms times 128. */
const TABLE: usize = NORMAL_TABLE - 0x300;

/**
 * The magnitudes of the deviates of four words, with noise in the 17 low bits: `deviate` in fewer steps.
 *
 * - m stays where it is in the word, 128 times as large, which adds 7 to the exponent of b: segments are numbered from
 *   4064 + 7 * 32 = 0x10c0 on, so that the low bits alone say where one is.
 * - t keeps the place it has in b, 4 times as large.
 * - (q >> 12) - (slope * t >> 16) is ((q | 0xfff) - (4 * slope * t >> 6)) >> 12: what is taken off is rounded down, so
 *   the difference is rounded up.
 */
// @ts-ignore: decorator
@inline
function magnitude4(w: v128, bits: v128, lowest: v128, segment: v128, place: v128, slope: v128): v128 {
  const b = f32x4.convert_i32x4_s(v128.or(v128.and(w, bits), lowest));
  const s = v128.and(i32x4.shr_u(b, 16), segment);
  const low = i64x2.extract_lane(s, 0);
  const high = i64x2.extract_lane(s, 1);
  let q = v128.load32_zero(<usize>low & 0xffff, TABLE);
  q = v128.load_lane<u32>(<usize>(low >>> 32), q, 1, TABLE);
  q = v128.load_lane<u32>(<usize>high & 0xffff, q, 2, TABLE);
  q = v128.load_lane<u32>(<usize>(high >>> 32), q, 3, TABLE);
  const drop = i32x4.shr_u(i32x4.mul(v128.and(q, slope), v128.and(b, place)), 6);
  return i32x4.sub(v128.or(q, slope), drop);
}

/** `deviate` of four words. */
// @ts-ignore: decorator
@inline
export function deviate4(w: v128): v128 {
  const magnitude = magnitude4(
    w, v128.load(BITS), v128.load(LOWEST), v128.load(SEGMENT), v128.load(PLACE), v128.load(SLOPE),
  );
  const z = i32x4.shr_u(magnitude, 17);
  const sign = i32x4.shr_s(w, 31);
  return i32x4.sub(v128.xor(z, sign), sign);
}

/**
 * `deviate` of eight words at a time, as i16: those of the first four in the low halves of each i32, those of the other
 * four in the high halves. `places` to `end` are u32, an even number of them: where each eight begin, from `words` on.
 * Results are at `to`, `to + stride`, ...
 */
export function deviatePairs(words: usize, places: usize, end: usize, to: usize, stride: usize): void {
  const bits = v128.load(BITS);
  const lowest = v128.load(LOWEST);
  const segment = v128.load(SEGMENT);
  const place = v128.load(PLACE);
  const slope = v128.load(SLOPE);
  // Two a step, as one waits for the table while the other calculates.
  for (; places < end; places += 8) {
    v128.store(to, pairs(words + load<u32>(places), bits, lowest, segment, place, slope));
    to += stride;
    v128.store(to, pairs(words + load<u32>(places, 4), bits, lowest, segment, place, slope));
    to += stride;
  }
}

// @ts-ignore: decorator
@inline
function pairs(at: usize, bits: v128, lowest: v128, segment: v128, place: v128, slope: v128): v128 {
  const left = v128.load(at);
  const right = v128.load(at, 16);
  const z = pairHalves(
    i32x4.shr_u(magnitude4(left, bits, lowest, segment, place, slope), 17),
    i32x4.shr_u(magnitude4(right, bits, lowest, segment, place, slope), 1),
  );
  const sign = i16x8.shr_s(pairHalves(i32x4.shr_u(left, 16), right), 15);
  return i16x8.sub(v128.xor(z, sign), sign);
}

/** The low half of each i32 of `low` and the high half of each of `high`. */
// @ts-ignore: decorator
@inline
function pairHalves(low: v128, high: v128): v128 {
  return i16x8.shuffle(low, high, 0, 9, 2, 11, 4, 13, 6, 15);
}
