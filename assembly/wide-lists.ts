/**
 * Lists of the non-zero units of i16 examples, 8 bytes each as in ./units: slot, then pair of values. Small pairs come
 * first, then the others. A list begins with 8 bytes that say where its small pairs end.
 *
 * The products of four small pairs have a sum that fits into 32 bits: 8 * 22200 * 12091 < 2^31. They are a multiple of four,
 * the others one of two: a zero times any slot adds nothing.
 */
const SMALL: i16 = 12091;

/** List i ends at ends[i]. */
export function listWideUnits(
  examples: usize, count: u32, units: usize, slots: usize, lists: usize, ends: usize,
): void {
  let list = lists;
  for (let i: usize = 0; i < count; i++) {
    let cursor = listPairs(examples, units, slots, list + 8, true);
    while ((cursor - list - 8) & 31) {
      store<u64>(cursor, 0);
      cursor += 8;
    }
    store<u32>(list, <u32>cursor);
    const split = cursor;
    cursor = listPairs(examples, units, slots, cursor, false);
    if ((cursor - split) & 8) {
      store<u64>(cursor, 0);
      cursor += 8;
    }
    store<u32>(ends + (i << 2), <u32>cursor);
    list = cursor;
    examples += units << 2;
  }
}

/** Writes the small pairs of an example, or the others. Returns the end. */
function listPairs(example: usize, units: usize, slots: usize, cursor: usize, small: bool): usize {
  const most = i16x8.splat(SMALL);
  for (const end = example + (units << 2); example < end; example += 16) {
    const values = v128.load(example);
    const large = i16x8.gt_u(i16x8.abs(values), most);
    const largePairs = i32x4.bitmask(i32x4.ne(large, i32x4.splat(0)));
    const nonZero = i32x4.bitmask(i32x4.ne(values, i32x4.splat(0)));
    let wanted = small ? nonZero & ~largePairs : largePairs;
    while (wanted) {
      const u = <usize>ctz(wanted) << 2;
      wanted &= wanted - 1;
      store<u32>(cursor, load<u32>(slots + u));
      store<u32>(cursor, load<u32>(example + u), 4);
      cursor += 8;
    }
    slots += 16;
  }
  return cursor;
}
