import { bounded } from "./bounded";
import { permute } from "./permutation";
import { SEQUENCE, WAYS } from "./purpose";
import { open } from "./stream";

/**
 * The examples of an N-way k-shot sequence, `ways * (shots + queries)` of them.
 *
 * classes  labels of the examples, at least `ways`; those that the permutation of purpose "ways" puts below `ways` take
 *          part, in that order: their ranks
 * starts   classes + 1 u32: where each label's examples begin in `members`, u32 example numbers in order
 * taken    a bitmap with a bit for each entry of `members`, all zero on entry and again on return
 * scratch  classes + ways u32
 * indices  out: u32 example numbers
 * ranks    out: u32, the rank of each position's class
 */
export function drawEpisode(
  task: u32, item: u32, ways: u32, shots: u32, queries: u32, classes: u32,
  starts: usize, members: usize, taken: usize, scratch: usize, indices: usize, ranks: usize,
): void {
  const classOfRank = scratch + (<usize>classes << 2);
  open(task, WAYS, item);
  permute(classes, scratch);
  for (let label: u32 = 0; label < classes; label++) {
    const rank = load<u32>(scratch + (<usize>label << 2));
    if (rank < ways) store<u32>(classOfRank + (<usize>rank << 2), label);
  }
  open(task, SEQUENCE, item);
  const support = ways * shots;
  dealRanks(support, shots, ranks);
  dealRanks(ways * queries, queries, ranks + (<usize>support << 2));
  const length = ways * (shots + queries);
  for (let i: u32 = 0; i < length; ) {
    const label = load<u32>(classOfRank + (<usize>load<u32>(ranks + (<usize>i << 2)) << 2));
    const start = load<u32>(starts + (<usize>label << 2));
    const place = start + bounded(load<u32>(starts + (<usize>label << 2), 4) - start);
    const byte = taken + <usize>(place >> 3);
    const bit: u8 = 1 << <u8>(place & 7);
    if (load<u8>(byte) & bit) continue;
    store<u8>(byte, load<u8>(byte) | bit);
    store<u32>(indices + (<usize>i << 2), place);
    i++;
  }
  for (let i: u32 = 0; i < length; i++) {
    const at = indices + (<usize>i << 2);
    const place = load<u32>(at);
    store<u8>(taken + <usize>(place >> 3), 0);
    store<u32>(at, load<u32>(members + (<usize>place << 2)));
  }
}

/** The list 0, 0, .., 1, 1, .. with every rank `each` times, shuffled from the end. */
function dealRanks(count: u32, each: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) store<u32>(out + (<usize>i << 2), i / each);
  for (let i: u32 = count; i > 1; i--) {
    const a = out + (<usize>(i - 1) << 2);
    const b = out + (<usize>bounded(i) << 2);
    const rank = load<u32>(a);
    store<u32>(a, load<u32>(b));
    store<u32>(b, rank);
  }
}

/** Labels of an episode that has labels of its own: `out[i] = permutation[ranks[i]]`, u16. */
export function permuteRanks(ranks: usize, count: u32, permutation: usize, out: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const rank = <usize>load<u32>(ranks + (i << 2));
    store<u16>(out + (i << 1), <u16>load<u32>(permutation + (rank << 2)));
  }
}
