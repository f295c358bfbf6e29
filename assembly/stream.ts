import { blocks4, setNonce } from "./chacha8";

/** A cursor over the key stream of one (task, purpose, item): `open`, then `next` for word(0), word(1), ... */

const WORDS: usize = memory.data(256, 16); // four blocks, word-major as blocks4 leaves them
let used: u32 = 64;
let nextBlock: u32 = 0;

export function open(task: u32, purpose: u32, item: u32): void {
  setNonce(task, purpose, item);
  used = 64;
  nextBlock = 0;
}

export function next(): u32 {
  if (used == 64) {
    blocks4(nextBlock, 1, WORDS);
    nextBlock += 4;
    used = 0;
  }
  const word = load<u32>(WORDS + ((used & 15) << 4) + ((used >> 4) << 2));
  used++;
  return word;
}

/** A skipped stretch of the stream: makes word(16 * block) the next one. */
export function seekBlock(block: u32): void {
  nextBlock = block;
  used = 64;
}
