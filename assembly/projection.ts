import { blocks4, setNonce } from "./chacha8";
import { deviate4 } from "./deviate";
import { bytesOf, storeFloats, storeSums } from "./output";
import { PROJECTION } from "./purpose";

/**
 * The projection of examples by a task's matrix of deviates. T is the type of the examples:
 *
 *   u8   exact: sums of 16-bit deviates times 8-bit pixels in wrapping 32-bit integers. A unit is two columns, whose
 *        deviates sit in the halves of an i32: what `i32x4.dot_i16x8_s` multiplies with a splatted pair of pixels.
 *   f32  float: the same deviates and products in f32. A unit is one column.
 *
 * The matrix is made 16 rows at a time and never stored whole; a tile holds 16 rows of each unit. The four lanes of
 * ChaCha are four rows, so deviates come out in that order and nothing is transposed.
 *
 * Zeros cost nothing: each example becomes a list of its non-zero units, units that are zero in all examples have no
 * place in the tile, and key-stream blocks (16 columns) that are zero in all examples are not made, as the stream is
 * counter-based. Integer sums do not depend on their order, and x + 0 * g = x for f32 too.
 */

/** A tile of 784 columns has 25 KiB then and stays in the first-level cache; `npm run bench` shows what more rows cost. */
export const TILE_ROWS: u32 = 16;
/** Bytes of a unit in the tile: one i32 or f32 for each row. */
const UNIT_BYTES: u32 = TILE_ROWS << 2;
const NO_SLOT: u32 = 0xffffffff;

const WORDS: usize = memory.data(256, 16);
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
 * offset     grey level subtracted from every pixel (u8 only; 0 for none)
 * out        value (position p, row i) goes to `out + p * stride + i * bytesOf(dtype)`, i < rows
 * workspace  `workspaceOf(count, columns)` bytes, 16-byte aligned
 * given      f32 only: a matrix of the caller's, rows x columns f32 row-major, instead of the task's; 0 for none
 */
export function project<T>(
  task: u32, examples: usize, count: u32, columns: u32, rows: u32, offset: i32,
  scale: f32, dtype: u32, out: usize, stride: usize, workspace: usize, given: usize = 0,
): void {
  prepare<T>(examples, count, columns, workspace);
  setNonce(task, PROJECTION, 0);
  for (let row: u32 = 0; row < rows; row += TILE_ROWS) {
    const height = min(TILE_ROWS, rows - row);
    if (isFloat<T>() && given != 0) copyTile(given, row, height, columns, workspace);
    else makeTile<T>(row, (height + 3) & ~3, columns, workspace, offset);
    walk<T>(workspace, columns, count, height, scale, dtype, out, stride);
    out += <usize>TILE_ROWS * bytesOf(dtype);
  }
}

// The workspace: slots, the tile, where each list ends, the lists.

// @ts-ignore: decorator
@inline
function tileOf<T>(workspace: usize, columns: u32): usize {
  return workspace + align16(unitsOf<T>(columns) << 2);
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
export function prepare<T>(examples: usize, count: u32, columns: u32, workspace: usize): void {
  const units = unitsOf<T>(columns);
  assignSlots<T>(examples, count, units, workspace);
  const ends = endsOf<T>(workspace, columns);
  listUnits<T>(examples, count, units, workspace, listsOf<T>(workspace, columns, count), ends);
}

/** One bit for each unit among the next 16 bytes of an example (8 pairs of pixels, or 4 floats) that is not zero. */
// @ts-ignore: decorator
@inline
function presentUnits<T>(values: v128): i32 {
  if (isFloat<T>()) return i32x4.bitmask(f32x4.ne(values, f32x4.splat(0)));
  return ~i16x8.bitmask(i16x8.eq(values, i16x8.splat(0))) & 0xff;
}

/** slots[unit] = its byte offset in the tile, NO_SLOT where every example is zero. */
function assignSlots<T>(examples: usize, count: u32, units: usize, slots: usize): void {
  const perVector: usize = isFloat<T>() ? 4 : 8;
  const stride = isFloat<T>() ? units << 2 : units << 1;
  let slot: u32 = 0;
  for (let unit: usize = 0; unit < units; unit += perVector) {
    let present = 0;
    let example = examples + (isFloat<T>() ? unit << 2 : unit << 1);
    for (let i: u32 = 0; i < count; i++) {
      present |= presentUnits<T>(v128.load(example));
      example += stride;
    }
    for (let u: usize = 0; u < perVector; u++) {
      const used = (present >> <i32>u) & 1;
      store<u32>(slots + ((unit + u) << 2), used ? slot : NO_SLOT);
      slot += used ? UNIT_BYTES : 0;
    }
  }
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

/** The deviates of `height` rows (a multiple of 4) into the tile, and -offset * (sum of each row) into INITIAL. */
export function makeTile<T>(row: u32, height: u32, columns: u32, slots: usize, offset: i32): void {
  const tile = tileOf<T>(slots, columns);
  const blocks = paddedColumns(columns) >> 4;
  const units = unitsPerBlock<T>();
  for (let y: u32 = 0; y < height; y += 4) {
    const quad = tile + (<usize>y << 2);
    let sums = i32x4.splat(0);
    for (let block: u32 = 0; block < blocks; block++) {
      const blockSlots = slots + <usize>(block * units << 2);
      if (offset == 0 && isUnused(blockSlots, units)) continue;
      blocks4((row + y) * blocks + block, blocks, WORDS);
      for (let unit: usize = 0; unit < units; unit++) {
        const slot = load<u32>(blockSlots + (unit << 2));
        if (isFloat<T>()) {
          if (slot == NO_SLOT) continue;
          v128.store(quad + slot, f32x4.convert_i32x4_s(deviate4(v128.load(WORDS + (unit << 4)))));
        } else {
          if (offset == 0 && slot == NO_SLOT) continue;
          const left = deviate4(v128.load(WORDS + (unit << 5)));
          const right = deviate4(v128.load(WORDS + (unit << 5), 16));
          if (slot != NO_SLOT) {
            v128.store(quad + slot, v128.or(v128.and(left, i32x4.splat(0xffff)), i32x4.shl(right, 16)));
          }
          // The padding has words but no deviates of the matrix.
          const inside = <i32>columns - <i32>((block << 4) + (<u32>unit << 1));
          if (inside >= 1) sums = i32x4.add(sums, left);
          if (inside >= 2) sums = i32x4.add(sums, right);
        }
      }
    }
    v128.store(INITIAL + (<usize>y << 2), i32x4.mul(sums, i32x4.splat(-offset)));
  }
}

/** The same with the entries of a given matrix; rows beyond `height` keep what they had, and nobody reads their sums. */
function copyTile(given: usize, row: u32, height: u32, columns: u32, slots: usize): void {
  const tile = tileOf<f32>(slots, columns);
  memory.fill(INITIAL, 0, TILE_ROWS << 2);
  for (let column: u32 = 0; column < columns; column++) {
    const slot = load<u32>(slots + (<usize>column << 2));
    if (slot == NO_SLOT) continue;
    for (let y: u32 = 0; y < height; y++) {
      const entry = load<f32>(given + ((<usize>(row + y) * columns + column) << 2));
      store<f32>(tile + slot + (<usize>y << 2), entry);
    }
  }
}

function isUnused(slots: usize, units: u32): bool {
  let all = i32x4.splat(-1);
  for (let i: usize = 0; i < units << 2; i += 16) all = v128.and(all, v128.load(slots + i));
  return i32x4.all_true(i32x4.eq(all, i32x4.splat(NO_SLOT)));
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
