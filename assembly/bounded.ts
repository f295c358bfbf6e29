import { next } from "./stream";

/**
 * A uniform integer in 0..n-1 from the open stream, 1 <= n: Lemire's multiplication with rejection
 * (arXiv:1805.10941). The division is only reached when the low half is below n, which decides nothing otherwise.
 */
export function bounded(n: u32): u32 {
  let product = <u64>next() * n;
  if (<u32>product < n) {
    const threshold: u32 = (<u32>0 - n) % n;
    while (<u32>product < threshold) product = <u64>next() * n;
  }
  return <u32>(product >>> 32);
}
