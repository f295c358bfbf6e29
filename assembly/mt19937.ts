/**
 * MT19937 (Matsumoto and Nishimura 1998, "Mersenne Twister"), seeded as their `init_genrand` of 2002 and PyTorch's CPU
 * generator do.
 *
 * A state lies in the caller's memory, best on a multiple of 16 bytes:
 *
 *   word 0..623   the state x[k] to x[k + 623]; the next words are these, tempered
 *   word 624      x[0] of the next twist, while one is made: so that vectors may reach over the end
 *   word 628      how many of the 624 words are used up
 */

/** Words of a state, all made in a twist. */
export const BLOCK: u32 = 624;
const N: usize = BLOCK;
const M: usize = 397;
const SPARE: usize = 4 * N;
const USED: usize = SPARE + 16;
const BYTES: i32 = 2528;

/** Bytes of a state, a multiple of 16. */
export function mtStateBytes(): i32 {
  return BYTES;
}

/** Begins the sequence of a seed. */
export function mtSeed(state: usize, seed: u32): void {
  let x = seed;
  store<u32>(state, x);
  for (let i: u32 = 1; i < <u32>N; i++) {
    x = 1812433253 * (x ^ (x >> 30)) + i;
    store<u32>(state + (<usize>i << 2), x);
  }
  store<u32>(state + USED, <u32>N);
}

/** The number of the 624 words of the state that are still to come. */
export function unused(state: usize): u32 {
  return <u32>N - load<u32>(state + USED);
}

/** Counts words as used, no more than are unused. */
export function use(state: usize, count: u32): void {
  store<u32>(state + USED, load<u32>(state + USED) + count);
}

/** The next `count` words, u32 at `out`. */
export function mtWords(state: usize, count: u32, out: usize): void {
  let used = load<u32>(state + USED);
  while (count > 0) {
    if (used == <u32>N) {
      twist(state);
      used = 0;
    }
    const n = min(count, <u32>N - used);
    const from = state + (<usize>used << 2);
    temper(from, n, out);
    used += n;
    count -= n;
    out += <usize>n << 2;
  }
  store<u32>(state + USED, used);
}

/** The next word. */
export function mtWord(state: usize): u32 {
  let used = load<u32>(state + USED);
  if (used == <u32>N) {
    twist(state);
    used = 0;
  }
  store<u32>(state + USED, used + 1);
  return i32x4.extract_lane(temper4(v128.load32_zero(state + (<usize>used << 2))), 0);
}

/**
 * The 624 state words that follow, in place. x[k + 624] comes from x[k], x[k + 1] and x[k + 397], so four neighbors can be
 * made at once. Those from 227 on need x[k + 397] of this same twist, which lies 227 words, so whole vectors, behind. All
 * of them are unused then.
 */
export function twist(state: usize): void {
  store<u32>(state + USED, 0);
  twist4(state, state + 4 * M);
  // The vector at 224 reads x[k + 397] of its last lane, and the one at 620 x[k + 1], from the word after the state.
  store<u32>(state + SPARE, load<u32>(state));
  let at = state + 16;
  for (const end = state + 4 * 228; at < end; at += 16) twist4(at, at + 4 * M);
  for (const end = state + SPARE; at < end; at += 16) twist4(at, at - 4 * (N - M));
}

// @ts-ignore: decorator
@inline
function twist4(at: usize, far: usize): void {
  const next = v128.load(at, 4);
  // The top bit of x[k] above the lower 31 of x[k + 1].
  const y = v128.bitselect(v128.load(at), next, i32x4.splat(0x80000000));
  // All ones where the last bit is set.
  const odd = i32x4.shr_s(i32x4.shl(next, 31), 31);
  const twisted = v128.xor(i32x4.shr_u(y, 1), v128.and(odd, i32x4.splat(0x9908b0df)));
  v128.store(at, v128.xor(v128.load(far), twisted));
}

/** The words of state words: u32 at `from` to u32 at `out`. */
function temper(from: usize, count: u32, out: usize): void {
  const end = out + (<usize>count << 2);
  for (; out + 16 <= end; out += 16, from += 16) v128.store(out, temper4(v128.load(from)));
  for (; out < end; out += 4, from += 4) store<u32>(out, i32x4.extract_lane(temper4(v128.load32_zero(from)), 0));
}

// @ts-ignore: decorator
@inline
function temper4(word: v128): v128 {
  let y = v128.xor(word, i32x4.shr_u(word, 11));
  y = v128.xor(y, v128.and(i32x4.shl(y, 7), i32x4.splat(0x9d2c5680)));
  y = v128.xor(y, v128.and(i32x4.shl(y, 15), i32x4.splat(0xefc60000)));
  return v128.xor(y, i32x4.shr_u(y, 18));
}
