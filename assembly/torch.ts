/**
 * Integers and permutations as PyTorch's CPU generator draws them, up to PyTorch 2.6: a remainder of the next word. Each
 * function takes a state of ./mt19937 and leaves it after the words it used.
 */
import { mtWord, mtWords } from "./mt19937";

/** `torch.randint(n, (count,))` for 1 <= n < 2^32: count u32 at `out`, a word each. */
export function torchRandint(state: usize, n: u32, count: u32, out: usize): void {
  mtWords(state, count, out);
  const end = out + (<usize>count << 2);
  for (; out < end; out += 4) store<u32>(out, load<u32>(out) % n);
}

/** `torch.randint(n, (count,))` for 2^32 <= n < 2^63: count u64 at `out`, two words each, the upper half first. */
export function torchRandint64(state: usize, nLow: u32, nHigh: u32, count: u32, out: usize): void {
  const n = (<u64>nHigh << 32) | nLow;
  for (let i: u32 = 0; i < count; i++) store<u64>(out + (<usize>i << 3), torchWord64(state) % n);
}

/** Two words as one of 64 bits, the first above. */
export function torchWord64(state: usize): u64 {
  const high = <u64>mtWord(state);
  return (high << 32) | mtWord(state);
}

/** `torch.randperm(n)` for n < 2^32: n u32 at `out`, n - 1 words. Fisher and Yates, from the beginning. */
export function torchPermutation(state: usize, n: u32, out: usize): void {
  for (let i: u32 = 0; i < n; i++) store<u32>(out + (<usize>i << 2), i);
  for (let i: u32 = 0; i + 1 < n; i++) {
    const a = out + (<usize>i << 2);
    const b = a + (<usize>(mtWord(state) % (n - i)) << 2);
    const value = load<u32>(a);
    store<u32>(a, load<u32>(b));
    store<u32>(b, value);
  }
}
