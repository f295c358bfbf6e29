/**
 * Leaving out words of MT19937: block by block, or, far away, at once (Haramoto, Matsumoto and L'Ecuyer 2008, "A fast jump
 * ahead algorithm for linear recurrences in a polynomial space").
 *
 * The words obey a linear recurrence over GF(2) with the polynomial p of ./mt19937-polynomial. If t^d mod p is the sum of
 * t^i over a set of i, the word d places on is the sum of the words i places on: 20,000 words suffice for any distance.
 */
import { BLOCK, twist, unused, use } from "./mt19937";
import { EXPONENT_COUNT, EXPONENTS } from "./mt19937-polynomial";

const DEGREE: u32 = 19937;
/** Bits as u32, lowest first; the last word has a single one. */
const LENGTH: u32 = 624;
/** Words further on are reached by polynomials, some milliseconds for any distance; nearer ones sooner by twists. */
const FAR: u64 = 1 << 24;

/** t^d mod p. */
const POWER: usize = memory.data(2496, 16);
/** A square; the 64 bits written at a time reach over its end. */
const SQUARE: usize = memory.data(2 * 2496 + 16, 16);
/** The words 0..19936 + 624 places on: 33 blocks. */
const AHEAD: usize = memory.data(33 * 2496, 16);

/** Leaves out words, highWords * 2^32 + lowWords of them. */
export function mtSkip(state: usize, lowWords: u32, highWords: u32): void {
  let left = (<u64>highWords << 32) | lowWords;
  const here = <u64>unused(state);
  if (left <= here) {
    use(state, <u32>left);
    return;
  }
  left -= here;
  twist(state);
  if (left > FAR) {
    const beyond = left % <u64>BLOCK;
    jump(state, left - beyond);
    left = beyond;
  }
  for (; left > <u64>BLOCK; left -= <u64>BLOCK) twist(state);
  use(state, <u32>left);
}

/**
 * Moves a state by `distance` words. It must have been twisted since it was seeded: 31 bits of the first seeded word do not
 * obey the recurrence.
 */
function jump(state: usize, distance: u64): void {
  raise(distance);
  for (let at = AHEAD; at < AHEAD + 33 * 2496; at += 2496) {
    memory.copy(at, state, 2496);
    twist(state);
  }
  memory.fill(state, 0, 2496);
  for (let i: u32 = 0; i < DEGREE; i++) {
    if ((load<u32>(POWER + ((i >> 5) << 2)) >> (i & 31)) & 1) add(state, AHEAD + (<usize>i << 2));
  }
}

/** Adds 624 words. */
function add(to: usize, words: usize): void {
  for (const end = to + 2496; to < end; to += 16, words += 16) {
    v128.store(to, v128.xor(v128.load(to), v128.load(words)));
  }
}

/** Makes POWER t^d mod p, squaring for each bit of d. */
function raise(d: u64): void {
  memory.fill(POWER, 0, 2496);
  store<u32>(POWER, 1);
  for (let bit = 63 - <i32>clz<u64>(d); bit >= 0; bit--) {
    square();
    if ((d >> bit) & 1) shift();
  }
}

/** POWER^2 mod p. */
function square(): void {
  memory.fill(SQUARE + 2 * 2496, 0, 16);
  for (let i: usize = 0; i < LENGTH; i++) store<u64>(SQUARE + (i << 3), spread(load<u32>(POWER + (i << 2))));
  // From the top, 32 bits at a time become terms that are at least 19937 - 19314 places lower. Place 19937 is bit 1 of
  // a byte, so an unaligned u64 holds them.
  for (let k: i32 = LENGTH - 1; k >= 0; k--) {
    const bits = <u64><u32>(load<u64>(SQUARE + (DEGREE >> 3) + (<usize>k << 2)) >> (DEGREE & 7));
    if (bits == 0) continue;
    const place = <u32>k << 5;
    for (let e: usize = 0; e < EXPONENT_COUNT; e++) {
      const lower = place + load<u16>(EXPONENTS + (e << 1));
      const at = SQUARE + (lower >> 3);
      store<u64>(at, load<u64>(at) ^ (bits << (lower & 7)));
    }
  }
  memory.copy(POWER, SQUARE, 2496);
  store<u32>(POWER + 4 * (LENGTH - 1), load<u32>(POWER + 4 * (LENGTH - 1)) & 1);
}

/** POWER * t mod p. */
function shift(): void {
  let carry: u32 = 0;
  for (let at = POWER; at < POWER + 2496; at += 4) {
    const word = load<u32>(at);
    store<u32>(at, (word << 1) | carry);
    carry = word >> 31;
  }
  const last = POWER + 4 * (LENGTH - 1);
  if ((load<u32>(last) & 2) == 0) return;
  store<u32>(last, load<u32>(last) & 1);
  for (let e: usize = 0; e < EXPONENT_COUNT; e++) {
    const exponent = <u32>load<u16>(EXPONENTS + (e << 1));
    const at = POWER + ((exponent >> 5) << 2);
    store<u32>(at, load<u32>(at) ^ (1 << (exponent & 31)));
  }
}

/** Bit i of a word to place 2i. */
function spread(word: u32): u64 {
  let x = <u64>word;
  x = (x | (x << 16)) & 0x0000ffff0000ffff;
  x = (x | (x << 8)) & 0x00ff00ff00ff00ff;
  x = (x | (x << 4)) & 0x0f0f0f0f0f0f0f0f;
  x = (x | (x << 2)) & 0x3333333333333333;
  return (x | (x << 1)) & 0x5555555555555555;
}
