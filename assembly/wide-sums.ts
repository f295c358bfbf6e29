import { bytesOf, storeFloats } from "./output";
import { WIDE_BYTES, WIDE_ROWS, endsOf, listsOf, tileOf } from "./units";

/**
 * The product of a tile with examples of type i16: exact sums T of any length, each rounded to f32 once.
 *
 * A product p of a pair of columns is at most 2 * 22200 * 32768 < 2^31 in magnitude, and so is the sum p of the products of
 * four small pairs (./wide-lists). Two sums are kept for each row, in 32 bits: `low` of p, wrapping, which is T modulo 2^32,
 * and `high` of p >> 16, rounded down. Each p loses less than 2^16 by the shift, so T - 2^16 * high is from 0 to 65535 * n
 * for n of them: `low - (high << 16)` is that number for n up to 32766, without a sign to think of, and `high` is at most
 * 32768 * n. Longer rows are summed in parts of so many pairs.
 */
const MOST_PAIRS: u32 = 32764;
/** Rows of up to so many columns have sums and offsets below 2^47, which f64 holds exactly. */
const MOST_COLUMNS: u32 = 2 * MOST_PAIRS;

/** The sums of the rows of a tile: 8 low ones, then 8 high ones. */
const SUMS: usize = memory.data(64, 16);
const HIGH: usize = SUMS + 32;
/** The number that is subtracted from the sum of each row, as i64 and as f64. */
const OFFSETS: usize = memory.data(64, 16);
const FLOAT_OFFSETS: usize = memory.data(64, 16);
/** The sums of an example, i64, and their values, f32. */
const TOTALS: usize = memory.data(64, 16);
const VALUES: usize = memory.data(32, 16);
const EDGE: usize = memory.data(32, 16);

export function clearOffsets(): void {
  memory.fill(OFFSETS, 0, 64);
  memory.fill(FLOAT_OFFSETS, 0, 64);
}

/** Lets `offset` times the sum of each row be subtracted from its sums. All units have their places in the tile then. */
export function setOffsets(offset: i32, columns: u32, workspace: usize): void {
  const tile = tileOf<i16>(workspace, columns);
  const pairs = columns >> 1;
  const ones = i16x8.splat(1);
  // The last of an odd number of columns shares its unit with padding, which has words but no deviates of the matrix.
  const left = v128.and(ones, i32x4.splat(0xffff));
  clearOffsets();
  for (let y: usize = 0; y < WIDE_BYTES; y += 16) {
    for (let pair: u32 = 0; pair < pairs + (columns & 1); ) {
      const stop = min(pairs, pair + MOST_PAIRS);
      let sums = i32x4.splat(0);
      for (; pair < stop; pair++) {
        sums = i32x4.add(sums, i32x4.dot_i16x8_s(v128.load(tile + <usize>pair * WIDE_BYTES + y), ones));
      }
      if (pair == pairs && columns & 1) {
        sums = i32x4.add(sums, i32x4.dot_i16x8_s(v128.load(tile + <usize>pair * WIDE_BYTES + y), left));
        pair++;
      }
      v128.store(SUMS, sums);
      for (let i: usize = 0; i < 4; i++) {
        const at = OFFSETS + (((y >> 2) + i) << 3);
        store<i64>(at, load<i64>(at) + <i64>offset * load<i32>(SUMS + (i << 2)));
      }
    }
  }
  for (let i: usize = 0; i < 64; i += 8) store<f64>(FLOAT_OFFSETS + i, <f64>load<i64>(OFFSETS + i));
}

/** Multiplies a tile with the listed examples, like `walk` of ./projection. */
export function walkWide(
  workspace: usize, columns: u32, count: u32, height: u32, scale: f32, dtype: u32, out: usize, stride: usize,
): void {
  const tile = tileOf<i16>(workspace, columns);
  const ends = endsOf<i16>(workspace, columns);
  const size = bytesOf(dtype);
  const long = columns > MOST_COLUMNS;
  // A tile that is cut by the last row goes through EDGE: what lies behind that row belongs to somebody else.
  const cut = height < WIDE_ROWS;
  let entry = listsOf<i16>(workspace, columns, count);
  for (let i: usize = 0; i < count; i++) {
    const end = <usize>load<u32>(ends + (i << 2));
    const split = <usize>load<u32>(entry);
    const to = cut ? EDGE : out;
    if (long) {
      clearTotals();
      addLong(entry + 8, split, tile, true);
      addLong(split, end, tile, false);
      storeTotals(to, scale, dtype);
    } else {
      sumEntries(entry + 8, split, end, tile);
      storeWide(to, scale, dtype);
    }
    if (cut) memory.copy(out, EDGE, <usize>height * size);
    entry = end;
    out += stride;
  }
}

/** Writes the sums of a list, small pairs up to `split`, to SUMS; at most MOST_PAIRS of each kind. */
function sumEntries(entry: usize, split: usize, end: usize, tile: usize): void {
  let a = i32x4.splat(0);
  let b = i32x4.splat(0);
  let c = i32x4.splat(0);
  let d = i32x4.splat(0);
  for (; entry < split; entry += 32) {
    const first = tile + load<u32>(entry);
    const second = tile + load<u32>(entry, 8);
    const third = tile + load<u32>(entry, 16);
    const fourth = tile + load<u32>(entry, 24);
    const w = v128.load32_splat(entry, 4);
    const x = v128.load32_splat(entry, 12);
    const y = v128.load32_splat(entry, 20);
    const z = v128.load32_splat(entry, 28);
    let p = i32x4.add(i32x4.dot_i16x8_s(w, v128.load(first)), i32x4.dot_i16x8_s(x, v128.load(second)));
    p = i32x4.add(p, i32x4.add(i32x4.dot_i16x8_s(y, v128.load(third)), i32x4.dot_i16x8_s(z, v128.load(fourth))));
    a = i32x4.add(a, p);
    c = i32x4.add(c, i32x4.shr_s(p, 16));
    p = i32x4.add(i32x4.dot_i16x8_s(w, v128.load(first, 16)), i32x4.dot_i16x8_s(x, v128.load(second, 16)));
    p = i32x4.add(
      p,
      i32x4.add(i32x4.dot_i16x8_s(y, v128.load(third, 16)), i32x4.dot_i16x8_s(z, v128.load(fourth, 16))),
    );
    b = i32x4.add(b, p);
    d = i32x4.add(d, i32x4.shr_s(p, 16));
  }
  for (; entry < end; entry += 16) {
    const rows = tile + load<u32>(entry);
    const value = v128.load32_splat(entry, 4);
    let p = i32x4.dot_i16x8_s(value, v128.load(rows));
    a = i32x4.add(a, p);
    c = i32x4.add(c, i32x4.shr_s(p, 16));
    p = i32x4.dot_i16x8_s(value, v128.load(rows, 16));
    b = i32x4.add(b, p);
    d = i32x4.add(d, i32x4.shr_s(p, 16));
    const nextRows = tile + load<u32>(entry, 8);
    const nextValue = v128.load32_splat(entry, 12);
    p = i32x4.dot_i16x8_s(nextValue, v128.load(nextRows));
    a = i32x4.add(a, p);
    c = i32x4.add(c, i32x4.shr_s(p, 16));
    p = i32x4.dot_i16x8_s(nextValue, v128.load(nextRows, 16));
    b = i32x4.add(b, p);
    d = i32x4.add(d, i32x4.shr_s(p, 16));
  }
  v128.store(SUMS, a);
  v128.store(SUMS, b, 16);
  v128.store(HIGH, c);
  v128.store(HIGH, d, 16);
}

/** Lets TOTALS begin with the offsets, negated. */
function clearTotals(): void {
  for (let i: usize = 0; i < 64; i += 8) store<i64>(TOTALS + i, -load<i64>(OFFSETS + i));
}

/** Adds the sums of a part of a list, of any length, to TOTALS. */
function addLong(entry: usize, end: usize, tile: usize, small: bool): void {
  while (entry < end) {
    const stop = min(end, entry + <usize>MOST_PAIRS * 8);
    sumEntries(entry, small ? stop : entry, stop, tile);
    entry = stop;
    for (let i: usize = 0; i < WIDE_ROWS; i++) {
      const high = load<i32>(HIGH + (i << 2));
      const rest = load<i32>(SUMS + (i << 2)) - (high << 16);
      const total = TOTALS + (i << 3);
      store<i64>(total, load<i64>(total) + (<i64>high << 16) + rest);
    }
  }
}

/** Writes the values of TOTALS: `f32(f32(total) * scale)`. */
function storeTotals(to: usize, scale: f32, dtype: u32): void {
  for (let i: usize = 0; i < WIDE_ROWS; i++) store<f32>(VALUES + (i << 2), <f32>load<i64>(TOTALS + (i << 3)));
  const scales = f32x4.splat(scale);
  const size = bytesOf(dtype);
  for (let i: usize = 0; i < WIDE_ROWS; i += 4) storeFloats(to + i * size, v128.load(VALUES + (i << 2)), scales, dtype);
}

/** Writes the values of SUMS less the offsets. */
function storeWide(to: usize, scale: f32, dtype: u32): void {
  const scales = f32x4.splat(scale);
  const size = bytesOf(dtype);
  for (let i: usize = 0; i < WIDE_ROWS; i += 4) {
    const high = v128.load(HIGH + (i << 2));
    const rest = i32x4.sub(v128.load(SUMS + (i << 2)), i32x4.shl(high, 16));
    const offsets = FLOAT_OFFSETS + (i << 3);
    // Exact in f64, so that the conversion to f32 is the only rounding.
    const first = f32x4.demote_f64x2_zero(f64x2.sub(sums2(high, rest), v128.load(offsets)));
    const second = f32x4.demote_f64x2_zero(f64x2.sub(sums2(upper(high), upper(rest)), v128.load(offsets, 16)));
    storeFloats(to + i * size, v128.shuffle<i64>(first, second, 0, 2), scales, dtype);
  }
}

/** The sums of the two lower lanes as f64. */
// @ts-ignore: decorator
@inline
function sums2(high: v128, rest: v128): v128 {
  const scaled = f64x2.mul(f64x2.convert_low_i32x4_s(high), f64x2.splat(65536));
  return f64x2.add(scaled, f64x2.convert_low_i32x4_s(rest));
}

/** The two upper lanes, below. */
// @ts-ignore: decorator
@inline
function upper(x: v128): v128 {
  return v128.shuffle<i64>(x, x, 1, 0);
}
