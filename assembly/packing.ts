import { FLOAT16, bytesOf } from "./output";

/** Writes permuted labels: `out[i] = permutation[labels[indices[i]]]`; u32 indices, u16 labels, u32 permutation, u16 out. */
export function permuteLabels(indices: usize, count: u32, labels: usize, permutation: usize, out: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const label = <usize>load<u16>(labels + (<usize>load<u32>(indices + (i << 2)) << 1));
    store<u16>(out + (i << 1), <u16>load<u32>(permutation + (label << 2)));
  }
}

/** The number that `giveLabels` writes if a position is given no label. */
export const NO_LABEL: u32 = 0xffffffff;

/**
 * The labels that positions are given beside their inputs, u32 at `out`, for `count` positions of whole sequences.
 *
 * targets      u16, each position's own label
 * shifted      1: the label of the position before, `startToken` (or NO_LABEL) at the first of a sequence
 *              0: the own label, NO_LABEL from position `firstHidden` of a sequence on
 */
export function giveLabels(
  targets: usize, count: u32, length: u32, shifted: u32, firstHidden: u32, startToken: u32, out: usize,
): void {
  let phase: u32 = 0;
  for (let i: usize = 0; i < count; i++) {
    const own = targets + (i << 1);
    let label: u32;
    if (shifted) label = phase == 0 ? startToken : <u32>load<u16>(own - 2);
    else label = phase < firstHidden ? <u32>load<u16>(own) : NO_LABEL;
    store<u32>(out + (i << 2), label);
    if (++phase == length) phase = 0;
  }
}

/**
 * Writes the one-hots of given labels behind the inputs of `count` positions, zeros where none is given. `row` is the
 * first position's first value; a position is `inputs + cells` values. `given` are u32 as `giveLabels` writes them.
 */
export function packOneHot(row: usize, count: u32, inputs: u32, cells: u32, given: usize, dtype: u32): void {
  const size = bytesOf(dtype);
  const stride = (<usize>inputs + cells) * size;
  let first = row + <usize>inputs * size;
  for (let i: usize = 0; i < count; i++) {
    memory.fill(first, 0, <usize>cells * size);
    const label = load<u32>(given + (i << 2));
    if (label < cells) {
      const cell = first + <usize>label * size;
      if (dtype == FLOAT16) store<u16>(cell, 0x3c00);
      else store<f32>(cell, 1);
    }
    first += stride;
  }
}
