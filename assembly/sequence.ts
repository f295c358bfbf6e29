import { bounded } from "./bounded";
import { SEQUENCE } from "./purpose";
import { open } from "./stream";

/** `length` example numbers out of 0..n-1 with replacement, u32 at `out`, for sequence `item` of a task. */
export function drawWithReplacement(task: u32, item: u32, n: u32, length: u32, out: usize): void {
  open(task, SEQUENCE, item);
  for (let i: u32 = 0; i < length; i++) store<u32>(out + (<usize>i << 2), bounded(n));
}

/**
 * The same without replacement, length <= n: a number that was already taken is drawn again.
 * `taken` is a bitmap of n bits, all zero on entry and again on return.
 */
export function drawWithoutReplacement(task: u32, item: u32, n: u32, length: u32, out: usize, taken: usize): void {
  open(task, SEQUENCE, item);
  for (let i: u32 = 0; i < length; ) {
    const index = bounded(n);
    const byte = taken + <usize>(index >> 3);
    const bit: u8 = 1 << <u8>(index & 7);
    if (load<u8>(byte) & bit) continue;
    store<u8>(byte, load<u8>(byte) | bit);
    store<u32>(out + (<usize>i << 2), index);
    i++;
  }
  for (let i: u32 = 0; i < length; i++) {
    store<u8>(taken + <usize>(load<u32>(out + (<usize>i << 2)) >> 3), 0);
  }
}
