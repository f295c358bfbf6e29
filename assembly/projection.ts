import { blocks4, setNonce } from "./chacha8";
import { deviate4, deviatePairs } from "./deviate";
import { bytesOf, storeFloats, storeSums } from "./output";
import { PROJECTION } from "./purpose";
import {
  NO_SLOT, TILE_ROWS, UNIT_BYTES, WORDS_BYTES, endsOf, isWide, listsOf, paddedColumns, placeBytes, prepare, slotsOf,
  tileOf, tileRows, usedOf, wordsOf,
} from "./units";
import { clearOffsets, setOffsets, walkWide } from "./wide-sums";

/**
 * The projection of examples by a task's matrix of deviates. T is the type of the examples:
 *
 *   u8   exact: sums of 16-bit deviates times 8-bit pixels in wrapping 32-bit integers.
 *   i16  exact: sums of 16-bit deviates times 16-bit values in integers of any size; see ./wide-sums.
 *   f32  float: the same deviates and products in f32.
 *
 * The matrix is made some rows at a time and never stored whole; a tile holds these rows of each unit (./units). The four
 * lanes of ChaCha are four rows, so deviates come out in that order and nothing is transposed.
 */

/** The initial values of the sums of a tile's rows. */
const INITIAL: usize = memory.data(64, 16);
const EDGE: usize = memory.data(64, 16);

/**
 * Projects `count` examples with the matrix of a task.
 *
 * examples   count x paddedColumns(columns) values, zero in the padding, 16-byte aligned
 * offset     subtracted from every value, -32768..32767 (not with f32; 0 for none)
 * out        value (position p, row i) goes to `out + p * stride + i * bytesOf(dtype)`, i < rows
 * workspace  `workspaceOf(count, columns)` bytes, 16-byte aligned
 * given      f32 only: a matrix of the caller's, rows x columns f32 row-major, instead of the task's; 0 for none
 */
export function project<T>(
  task: u32, examples: usize, count: u32, columns: u32, rows: u32, offset: i32,
  scale: f32, dtype: u32, out: usize, stride: usize, workspace: usize, given: usize = 0,
): void {
  prepare<T>(examples, count, columns, offset, workspace);
  if (isWide<T>()) clearOffsets();
  setNonce(task, PROJECTION, 0);
  const most = tileRows<T>();
  for (let row: u32 = 0; row < rows; row += most) {
    const height = min(most, rows - row);
    if (isFloat<T>() && given != 0) copyTile(given, row, height, columns, workspace);
    else makeTile<T>(row, (height + 3) & ~3, columns, workspace);
    if (isWide<T>()) {
      if (offset != 0) setOffsets(offset, columns, workspace);
      walkWide(workspace, columns, count, height, scale, dtype, out, stride);
    } else {
      if (!isFloat<T>() && offset != 0) subtractOffset(offset, columns, workspace);
      walk<T>(workspace, columns, count, height, scale, dtype, out, stride);
    }
    out += <usize>most * bytesOf(dtype);
  }
}

/** The deviates of `height` rows (a multiple of 4) into the tile; sums begin with 0. */
export function makeTile<T>(row: u32, height: u32, columns: u32, workspace: usize): void {
  const perRow = paddedColumns(columns) >> 4;
  const words = wordsOf(workspace, columns);
  const blocks = workspace + 16;
  const blockCount = <usize>load<u32>(workspace);
  const used = usedOf(workspace, columns) + 16;
  const usedEnd = used + (<usize>load<u32>(used - 16) << 2);
  memory.fill(INITIAL, 0, UNIT_BYTES);
  for (let y: u32 = 0; y < height; y += 4) {
    for (let k: usize = 0; k < blockCount; k++) {
      blocks4((row + y) * perRow + load<u32>(blocks + (k << 2)), perRow, words + k * WORDS_BYTES);
    }
    let to = tileOf<T>(workspace, columns) + (<usize>y << 2);
    if (isFloat<T>()) {
      for (let unit = used; unit < usedEnd; unit += 4) {
        v128.store(to, f32x4.convert_i32x4_s(deviate4(v128.load(words + load<u32>(unit)))));
        to += UNIT_BYTES;
      }
    } else deviatePairs(words, used, usedEnd, to, placeBytes<T>());
  }
}

/** Lets sums begin with those of an example that is -offset in each column; all units have their places in the tile then. */
function subtractOffset(offset: i32, columns: u32, workspace: usize): void {
  const tile = tileOf<u8>(workspace, columns);
  const pairs = tile + <usize>(columns >> 1) * UNIT_BYTES;
  const both = i16x8.splat(<i16>-offset);
  // The last of an odd number of columns shares its unit with padding, which has words but no deviates of the matrix.
  const left = v128.and(both, i32x4.splat(0xffff));
  for (let y: usize = 0; y < UNIT_BYTES; y += 16) {
    let sums = i32x4.splat(0);
    let unit = tile + y;
    for (; unit < pairs; unit += UNIT_BYTES) sums = i32x4.add(sums, i32x4.dot_i16x8_s(v128.load(unit), both));
    if (columns & 1) sums = i32x4.add(sums, i32x4.dot_i16x8_s(v128.load(unit), left));
    v128.store(INITIAL + y, sums);
  }
}

/** The same with the entries of a given matrix; rows beyond `height` keep what they had, and nobody reads their sums. */
function copyTile(given: usize, row: u32, height: u32, columns: u32, workspace: usize): void {
  const tile = tileOf<f32>(workspace, columns);
  const slots = slotsOf<f32>(workspace, columns);
  memory.fill(INITIAL, 0, UNIT_BYTES);
  for (let column: u32 = 0; column < columns; column++) {
    const slot = load<u32>(slots + (<usize>column << 2));
    if (slot == NO_SLOT) continue;
    for (let y: u32 = 0; y < height; y++) {
      const entry = load<f32>(given + ((<usize>(row + y) * columns + column) << 2));
      store<f32>(tile + slot + (<usize>y << 2), entry);
    }
  }
}

// @ts-ignore: decorator
@inline
function addProduct<T>(sum: v128, value: v128, deviates: v128): v128 {
  if (isFloat<T>()) return f32x4.add(sum, f32x4.mul(value, deviates));
  return i32x4.add(sum, i32x4.dot_i16x8_s(value, deviates));
}

// @ts-ignore: decorator
@inline
function storeResult<T>(out: usize, sums: v128, scale: v128, dtype: u32): void {
  if (isFloat<T>()) storeFloats(out, sums, scale, dtype);
  else storeSums(out, sums, scale, dtype);
}

/**
 * Multiplies a tile: the sums of its rows stay in four vectors while a list is walked, two entries a step.
 * `height` rows are written, at most TILE_ROWS.
 */
export function walk<T>(
  workspace: usize, columns: u32, count: u32, height: u32, scale: f32, dtype: u32, out: usize, stride: usize,
): void {
  const tile = tileOf<T>(workspace, columns);
  const ends = endsOf<T>(workspace, columns);
  const scales = f32x4.splat(scale);
  const size = bytesOf(dtype);
  // A tile that is cut by the last row goes through EDGE: what lies behind that row belongs to somebody else.
  const cut = height < TILE_ROWS;
  let entry = listsOf<T>(workspace, columns, count);
  for (let i: usize = 0; i < count; i++) {
    const end = <usize>load<u32>(ends + (i << 2));
    let a = v128.load(INITIAL, 0);
    let b = v128.load(INITIAL, 16);
    let c = v128.load(INITIAL, 32);
    let d = v128.load(INITIAL, 48);
    for (; entry < end; entry += 16) {
      const rows = tile + load<u32>(entry);
      const value = v128.load32_splat(entry, 4);
      a = addProduct<T>(a, value, v128.load(rows, 0));
      b = addProduct<T>(b, value, v128.load(rows, 16));
      c = addProduct<T>(c, value, v128.load(rows, 32));
      d = addProduct<T>(d, value, v128.load(rows, 48));
      const nextRows = tile + load<u32>(entry, 8);
      const nextValue = v128.load32_splat(entry, 12);
      a = addProduct<T>(a, nextValue, v128.load(nextRows, 0));
      b = addProduct<T>(b, nextValue, v128.load(nextRows, 16));
      c = addProduct<T>(c, nextValue, v128.load(nextRows, 32));
      d = addProduct<T>(d, nextValue, v128.load(nextRows, 48));
    }
    const to = cut ? EDGE : out;
    storeResult<T>(to, a, scales, dtype);
    storeResult<T>(to + 4 * size, b, scales, dtype);
    storeResult<T>(to + 8 * size, c, scales, dtype);
    storeResult<T>(to + 12 * size, d, scales, dtype);
    if (cut) memory.copy(out, EDGE, <usize>height * size);
    out += stride;
  }
}
