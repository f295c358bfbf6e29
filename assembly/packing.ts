import { FLOAT16, bytesOf } from "./output";

/** Writes permuted labels: `out[i] = permutation[labels[indices[i]]]`; u32 indices, u16 labels, u32 permutation, u16 out. */
export function permuteLabels(indices: usize, count: u32, labels: usize, permutation: usize, out: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const label = <usize>load<u16>(labels + (<usize>load<u32>(indices + (i << 2)) << 1));
    store<u16>(out + (i << 1), <u16>load<u32>(permutation + (label << 2)));
  }
}

/**
 * Writes the one-hot of the previous permuted label behind the inputs of `count` positions, zeros where a sequence
 * begins. `row` is the first position's first value; a position is `inputs + classes` values. `targets` (u16) points
 * at the first position's own label, `phase` (below `length`) is its place in its sequence; the label before it is
 * read when `phase` is not zero.
 */
export function packOneHot(
  row: usize, count: u32, inputs: u32, classes: u32, targets: usize, phase: u32, length: u32, dtype: u32,
): void {
  const size = bytesOf(dtype);
  const stride = (<usize>inputs + classes) * size;
  let cells = row + <usize>inputs * size;
  for (let i: usize = 0; i < count; i++) {
    memory.fill(cells, 0, <usize>classes * size);
    if (phase != 0) {
      const cell = cells + <usize>load<u16>(targets + (i << 1) - 2) * size;
      if (dtype == FLOAT16) store<u16>(cell, 0x3c00);
      else store<f32>(cell, 1);
    }
    if (++phase == length) phase = 0;
    cells += stride;
  }
}
