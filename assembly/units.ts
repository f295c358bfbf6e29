import { listWideUnits } from "./wide-lists";

/**
 * The units of examples: what a tile has a place for. T is the type of the examples:
 *
 *   u8, i16  a unit is two columns, whose deviates sit in the halves of an i32: what `i32x4.dot_i16x8_s` multiplies with a
 *            splatted pair of values.
 *   f32      a unit is one column.
 *
 * Zeros cost nothing: each example becomes a list of its non-zero units, units that are zero in all examples have no
 * place in the tile, and key-stream blocks (16 columns) that are zero in all examples are not made, as the stream is
 * counter-based. Integer sums do not depend on their order, and x + 0 * g = x for f32 too.
 */

/** More rows share the walk over the lists, but their tile leaves the first-level cache; bench/NOTES.md has the times. */
export const TILE_ROWS: u32 = 16;
/** The rows of a tile of i16, whose sums take two vectors for four rows. */
export const WIDE_ROWS: u32 = 8;
/** Bytes of a unit in the tile: one i32 or f32 for each row. */
export const UNIT_BYTES: u32 = TILE_ROWS << 2;
export const WIDE_BYTES: u32 = WIDE_ROWS << 2;
/** Bytes of four key-stream blocks, those of four rows at the same columns. */
export const WORDS_BYTES: usize = 256;
export const NO_SLOT: u32 = 0xffffffff;

/** True for the type whose sums need more than 32 bits. */
// @ts-ignore: decorator
@inline
export function isWide<T>(): bool {
  return !isFloat<T>() && sizeof<T>() == 2;
}

// @ts-ignore: decorator
@inline
export function tileRows<T>(): u32 {
  return isWide<T>() ? WIDE_ROWS : TILE_ROWS;
}

/** Bytes of a unit in a tile. */
// @ts-ignore: decorator
@inline
export function placeBytes<T>(): u32 {
  return tileRows<T>() << 2;
}

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
/** Bytes of a unit in an example. */
// @ts-ignore: decorator
@inline
function unitBytes<T>(): usize {
  return isFloat<T>() ? 4 : 2 * sizeof<T>();
}
// @ts-ignore: decorator
@inline
function unitsPerVector<T>(): usize {
  return 16 / unitBytes<T>();
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
  // A list of i16 begins with its split, and both of its parts can end with zeros; see ./wide-lists.
  const more: usize = isWide<T>() ? 8 : 0;
  return listsOf<T>(0, columns, count) + <usize>count * (unitsOf<T>(columns) + more) * 8;
}

// The workspace, in this order: the numbers of used blocks, their words, the units that are used, the slots, the tile,
// where each list ends, the lists. Lists of numbers begin with their length, in a vector of its own.

// @ts-ignore: decorator
@inline
export function wordsOf(workspace: usize, columns: u32): usize {
  return workspace + 16 + align16(<usize>(paddedColumns(columns) >> 4) << 2);
}
// @ts-ignore: decorator
@inline
export function usedOf(workspace: usize, columns: u32): usize {
  return wordsOf(workspace, columns) + <usize>(paddedColumns(columns) >> 4) * WORDS_BYTES;
}
// @ts-ignore: decorator
@inline
export function slotsOf<T>(workspace: usize, columns: u32): usize {
  return usedOf(workspace, columns) + 16 + align16(unitsOf<T>(columns) << 2);
}
// @ts-ignore: decorator
@inline
export function tileOf<T>(workspace: usize, columns: u32): usize {
  return slotsOf<T>(workspace, columns) + align16(unitsOf<T>(columns) << 2);
}
// @ts-ignore: decorator
@inline
export function endsOf<T>(workspace: usize, columns: u32): usize {
  return tileOf<T>(workspace, columns) + unitsOf<T>(columns) * placeBytes<T>();
}
// @ts-ignore: decorator
@inline
export function listsOf<T>(workspace: usize, columns: u32, count: u32): usize {
  return endsOf<T>(workspace, columns) + align16(<usize>count << 2);
}

/** Fills the slots and the lists: what depends on the examples and not on the task. */
export function prepare<T>(examples: usize, count: u32, columns: u32, offset: i32, workspace: usize): void {
  const units = unitsOf<T>(columns);
  assignSlots<T>(examples, count, columns, offset != 0, workspace);
  const ends = endsOf<T>(workspace, columns);
  const slots = slotsOf<T>(workspace, columns);
  const lists = listsOf<T>(workspace, columns, count);
  if (isWide<T>()) listWideUnits(examples, count, units, slots, lists, ends);
  else listUnits<T>(examples, count, units, slots, lists, ends);
}

/** One bit for each unit among the next 16 bytes of an example (8 pairs of u8, 4 of i16, or 4 f32) that is not zero. */
// @ts-ignore: decorator
@inline
function presentUnits<T>(values: v128): i32 {
  if (isFloat<T>()) return i32x4.bitmask(f32x4.ne(values, f32x4.splat(0)));
  if (sizeof<T>() == 2) return ~i32x4.bitmask(i32x4.eq(values, i32x4.splat(0))) & 0xf;
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
  const perVector = unitsPerVector<T>();
  const perBlock: usize = unitsPerBlock<T>();
  const wordsOfUnit: usize = isFloat<T>() ? 16 : 32;
  const units = unitsOf<T>(columns);
  const stride = units * unitBytes<T>();
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
      let example = examples + unit * unitBytes<T>();
      for (let i: u32 = 0; i < count; i++) {
        present |= presentUnits<T>(v128.load(example));
        example += stride;
      }
      for (let u: usize = 0; u < perVector; u++) {
        if ((present >> <i32>u) & 1 && unit + u < within) {
          store<u32>(slots + ((unit + u) << 2), <u32>unitCount * placeBytes<T>());
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

/** Lists each example's non-zero units, 8 bytes each: slot, then value or pair of values; list i ends at ends[i]. */
function listUnits<T>(examples: usize, count: u32, units: usize, slots: usize, lists: usize, ends: usize): void {
  const perVector = unitsPerVector<T>();
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

