import { blocks4, setNonce } from "./chacha8";
import { deviate4, deviatePairs } from "./deviate";
import { bytesOf, storeFloats, storeSums } from "./output";
import { PROJECTION } from "./purpose";

/**
 * The projection of examples by a task's matrix of deviates. T is the type of the examples:
 *
 *   u8   exact: sums of 16-bit deviates times 8-bit pixels in wrapping 32-bit integers. A unit is two columns, whose
 *        deviates sit in the halves of an i32: what `i32x4.dot_i16x8_s` multiplies with a splatted pair of pixels.
 *   f32  float: the same deviates and products in f32. A unit is one column.
 *
 * The matrix is made some rows at a time and never stored whole; a tile holds these rows of each unit. The four lanes of
 * ChaCha are four rows, so deviates come out in that order and nothing is transposed.
 *
 * Zeros cost nothing: each example becomes a list of its non-zero units, units that are zero in all examples have no
 * place in the tile, and key-stream blocks (16 columns) that are zero in all examples are not made, as the stream is
 * counter-based. Integer sums do not depend on their order, and x + 0 * g = x for f32 too.
 */

/** More rows share the walk over the lists, but their tile leaves the first-level cache; bench/NOTES.md has the times. */
export const TILE_ROWS: u32 = 16;
/** Bytes of a unit in the tile: one i32 or f32 for each row. */
const UNIT_BYTES: u32 = TILE_ROWS << 2;
/** Bytes of four key-stream blocks, those of four rows at the same columns. */
const WORDS_BYTES: usize = 256;
const NO_SLOT: u32 = 0xffffffff;

/** The initial values of the sums of a tile's rows. */
const INITIAL: usize = memory.data(64, 16);
const EDGE: usize = memory.data(64, 16);

/** Columns padded to whole key-stream blocks, which is also the examples' stride in values. */
// @ts-ignore: decorator
@inline
export function paddedColumns(columns: u32): u32 {
  return (columns + 15) & ~15;
}

// @ts-ignore: decorator
@inline
function unitsPerBlock<T>(): u32 {
  return isFloat<T>() ? 16 : 8;
}
// @ts-ignore: decorator
@inline
function unitsOf<T>(columns: u32): usize {
  return <usize>(paddedColumns(columns) >> 4) * unitsPerBlock<T>();
}
// @ts-ignore: decorator
@inline
function align16(bytes: usize): usize {
  return (bytes + 15) & ~15;
}

/** Bytes of workspace that `project` needs for `count` examples. */
export function workspaceOf<T>(count: u32, columns: u32): usize {
  return listsOf<T>(0, columns, count) + <usize>count * unitsOf<T>(columns) * 8;
}

/**
 * Projects `count` examples with the matrix of a task.
 *
 * examples   count x paddedColumns(columns) values, zero in the padding, 16-byte aligned
 * offset     grey level, 0..255, subtracted from every pixel (u8 only; 0 for none)
 * out        value (position p, row i) goes to `out + p * stride + i * bytesOf(dtype)`, i < rows
 * workspace  `workspaceOf(count, columns)` bytes, 16-byte aligned
 * given      f32 only: a matrix of the caller's, rows x columns f32 row-major, instead of the task's; 0 for none
 */
export function project<T>(
  task: u32, examples: usize, count: u32, columns: u32, rows: u32, offset: i32,
  scale: f32, dtype: u32, out: usize, stride: usize, workspace: usize, given: usize = 0,
): void {
  prepare<T>(examples, count, columns, offset, workspace);
  setNonce(task, PROJECTION, 0);
  for (let row: u32 = 0; row < rows; row += TILE_ROWS) {
    const height = min(TILE_ROWS, rows - row);
    if (isFloat<T>() && given != 0) copyTile(given, row, height, columns, workspace);
    else makeTile<T>(row, (height + 3) & ~3, columns, workspace);
    if (!isFloat<T>() && offset != 0) subtractOffset(offset, columns, workspace);
    walk<T>(workspace, columns, count, height, scale, dtype, out, stride);
    out += <usize>TILE_ROWS * bytesOf(dtype);
  }
}

// The workspace, in this order: the numbers of used blocks, their words, the units that are used, the slots, the tile,
// where each list ends, the lists. Lists of numbers begin with their length, in a vector of its own.

// @ts-ignore: decorator
@inline
function wordsOf(workspace: usize, columns: u32): usize {
  return workspace + 16 + align16(<usize>(paddedColumns(columns) >> 4) << 2);
}
// @ts-ignore: decorator
@inline
function usedOf(workspace: usize, columns: u32): usize {
  return wordsOf(workspace, columns) + <usize>(paddedColumns(columns) >> 4) * WORDS_BYTES;
}
// @ts-ignore: decorator
@inline
function slotsOf<T>(workspace: usize, columns: u32): usize {
  return usedOf(workspace, columns) + 16 + align16(unitsOf<T>(columns) << 2);
}
// @ts-ignore: decorator
@inline
function tileOf<T>(workspace: usize, columns: u32): usize {
  return slotsOf<T>(workspace, columns) + align16(unitsOf<T>(columns) << 2);
}
// @ts-ignore: decorator
@inline
function endsOf<T>(workspace: usize, columns: u32): usize {
  return tileOf<T>(workspace, columns) + unitsOf<T>(columns) * UNIT_BYTES;
}
// @ts-ignore: decorator
@inline
function listsOf<T>(workspace: usize, columns: u32, count: u32): usize {
  return endsOf<T>(workspace, columns) + align16(<usize>count << 2);
}

/** Fills the slots and the lists: what depends on the examples and not on the task. */
export function prepare<T>(examples: usize, count: u32, columns: u32, offset: i32, workspace: usize): void {
  const units = unitsOf<T>(columns);
  assignSlots<T>(examples, count, columns, offset != 0, workspace);
  const ends = endsOf<T>(workspace, columns);
  const slots = slotsOf<T>(workspace, columns);
  listUnits<T>(examples, count, units, slots, listsOf<T>(workspace, columns, count), ends);
}

/** One bit for each unit among the next 16 bytes of an example (8 pairs of pixels, or 4 floats) that is not zero. */
// @ts-ignore: decorator
@inline
function presentUnits<T>(values: v128): i32 {
  if (isFloat<T>()) return i32x4.bitmask(f32x4.ne(values, f32x4.splat(0)));
  return ~i16x8.bitmask(i16x8.eq(values, i16x8.splat(0))) & 0xff;
}

/**
 * Gives a place in the tile to each unit that is not zero in every example, or to `all`:
 *
 *   slots   of each unit its byte offset in the tile, NO_SLOT for none
 *   blocks  the numbers of the blocks that have such units, in order; their words follow each other in this order
 *   used    of each place in the tile, where its unit's words begin, in bytes
 */
function assignSlots<T>(examples: usize, count: u32, columns: u32, all: bool, workspace: usize): void {
  const perVector: usize = isFloat<T>() ? 4 : 8;
  const perBlock: usize = unitsPerBlock<T>();
  const wordsOfUnit: usize = isFloat<T>() ? 16 : 32;
  const units = unitsOf<T>(columns);
  const stride = isFloat<T>() ? units << 2 : units << 1;
  const within: usize = isFloat<T>() ? columns : (columns + 1) >> 1;
  const blocks = workspace + 16;
  const used = usedOf(workspace, columns) + 16;
  const slots = slotsOf<T>(workspace, columns);
  let blockCount: usize = 0;
  let unitCount: usize = 0;
  for (let block: usize = 0; block < units; block += perBlock) {
    const before = unitCount;
    for (let unit = block; unit < block + perBlock; unit += perVector) {
      let present = all ? -1 : 0;
      let example = examples + (isFloat<T>() ? unit << 2 : unit << 1);
      for (let i: u32 = 0; i < count; i++) {
        present |= presentUnits<T>(v128.load(example));
        example += stride;
      }
      for (let u: usize = 0; u < perVector; u++) {
        if ((present >> <i32>u) & 1 && unit + u < within) {
          store<u32>(slots + ((unit + u) << 2), <u32>unitCount * UNIT_BYTES);
          store<u32>(used + (unitCount << 2), <u32>(blockCount * WORDS_BYTES + (unit + u - block) * wordsOfUnit));
          unitCount++;
        } else store<u32>(slots + ((unit + u) << 2), NO_SLOT);
      }
    }
    if (unitCount == before) continue;
    store<u32>(blocks + (blockCount << 2), <u32>(block / perBlock));
    blockCount++;
  }
  // An even number, as `deviatePairs` takes two at a time. Blocks have even ones, so that there is room for one more.
  if (unitCount & 1) {
    store<u32>(used + (unitCount << 2), 0);
    unitCount++;
  }
  store<u32>(workspace, <u32>blockCount);
  store<u32>(used - 16, <u32>unitCount);
}

/** Lists each example's non-zero units, 8 bytes each: slot, then value or pair of pixels; list i ends at ends[i]. */
function listUnits<T>(examples: usize, count: u32, units: usize, slots: usize, lists: usize, ends: usize): void {
  const perVector: usize = isFloat<T>() ? 4 : 8;
  let cursor = lists;
  let vector = examples;
  for (let i: usize = 0; i < count; i++) {
    for (let unit: usize = 0; unit < units; unit += perVector) {
      let present = presentUnits<T>(v128.load(vector));
      while (present) {
        const u = <usize>ctz(present);
        present &= present - 1;
        store<u32>(cursor, load<u32>(slots + ((unit + u) << 2)));
        if (isFloat<T>()) store<u32>(cursor, load<u32>(vector + (u << 2)), 4);
        else {
          const pixels = <u32>load<u16>(vector + (u << 1));
          store<u32>(cursor, (pixels & 0xff) | ((pixels & 0xff00) << 8), 4);
        }
        cursor += 8;
      }
      vector += 16;
    }
    // An even number of entries, as `walk` takes two at a time: a zero times any slot adds nothing.
    if ((cursor - lists) & 8) {
      store<u64>(cursor, 0);
      cursor += 8;
    }
    store<u32>(ends + (i << 2), <u32>cursor);
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
    } else deviatePairs(words, used, usedEnd, to, UNIT_BYTES);
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
