import { bounded } from "./bounded";
import { PERMUTATION } from "./purpose";
import { open } from "./stream";

/** The label permutation of a task, n u32 at `out`: label y becomes out[y]. */
export function permutation(task: u32, n: u32, out: usize): void {
  open(task, PERMUTATION, 0);
  permute(n, out);
}

/** A permutation of 0..n-1 from the open stream, n u32 at `out`. Fisher and Yates, from the end. */
export function permute(n: u32, out: usize): void {
  for (let i: u32 = 0; i < n; i++) store<u32>(out + (<usize>i << 2), i);
  for (let i = n - 1; i > 0; i--) {
    const a = out + (<usize>i << 2);
    const b = out + (<usize>bounded(i + 1) << 2);
    const label = load<u32>(a);
    store<u32>(a, load<u32>(b));
    store<u32>(b, label);
  }
}
