import { float16x4 } from "./float16";

/** The forms in which a value is written: the integer sum itself, or f32(f32(sum) * scale), or that rounded to binary16. */
export const INT32: u32 = 0;
export const FLOAT32: u32 = 1;
export const FLOAT16: u32 = 2;

/** Bytes of one value. */
// @ts-ignore: decorator
@inline
export function bytesOf(dtype: u32): usize {
  return dtype == FLOAT16 ? 2 : 4;
}

/** Writes four integer sums as values at `out`. */
// @ts-ignore: decorator
@inline
export function storeSums(out: usize, sums: v128, scale: v128, dtype: u32): void {
  if (dtype == FLOAT32) v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(sums), scale));
  else if (dtype == INT32) v128.store(out, sums);
  else storeFloat16(out, f32x4.mul(f32x4.convert_i32x4_s(sums), scale));
}

/** Writes four f32 sums, scaled, as values at `out`. */
// @ts-ignore: decorator
@inline
export function storeFloats(out: usize, sums: v128, scale: v128, dtype: u32): void {
  const values = f32x4.mul(sums, scale);
  if (dtype == FLOAT16) storeFloat16(out, values);
  else v128.store(out, values);
}

// @ts-ignore: decorator
@inline
function storeFloat16(out: usize, values: v128): void {
  const bits = float16x4(values);
  v128.store64_lane(out, i16x8.narrow_i32x4_u(bits, bits), 0);
}
