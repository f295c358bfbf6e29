/**
 * Normal deviates as PyTorch's CPU generator makes them in float32 (`Tensor.normal_(0, scale)`).
 *
 * From 16 values on: a 24-bit uniform from each word, then in every block of 16 the Box-Muller transform of places j and
 * j + 8, with radius sqrt(-2 ln(1 - u[j])) and angle 2 pi u[j + 8]; cosines go to j, sines to j + 8. When the count is no
 * multiple of 16, the last 16 values are made again from 16 further words.
 *
 * Logarithm, sine and cosine are the polynomials of the Cephes library (S. L. Moshier), which PyTorch's AVX2 code takes
 * too, in single steps that WebAssembly rounds as IEEE 754 says: the same bits in every engine. PyTorch's steps are
 * rounded, fused or made by a C library as its build has it; docs/torch.md states how far results can be apart.
 *
 * Fewer than 16 values: two of 53 bits for each pair, in float64, see `few`.
 */
import { mtWords } from "./mt19937";
import { torchWord64 } from "./torch";

/** Words made before they are transformed: they stay in the first-level cache. A multiple of 16 and of 624. */
const CHUNK: u32 = 1248;

/** `count` f32 at `out`, 1 <= count; `out + 4 * count` must lie below 2^32. */
export function torchNormal(state: usize, count: u32, scale: f32, out: usize): void {
  if (count < 16) {
    few(state, count, scale, out);
    return;
  }
  const end = out + (<usize>count << 2);
  for (let at = out; at < end; ) {
    const n = min(CHUNK, <u32>((end - at) >> 2));
    mtWords(state, n, at);
    torchNormalWords(at, n >> 4, scale);
    at += <usize>n << 2;
  }
  if (count & 15) {
    mtWords(state, 16, end - 64);
    torchNormalWords(end - 64, 1, scale);
  }
}

/** The deviates of blocks of 16 words, in their place. */
export function torchNormalWords(words: usize, blocks: u32, scale: f32): void {
  const scales = f32x4.splat(scale);
  for (const end = words + (<usize>blocks << 6); words < end; words += 64) {
    pairs4(words, scales);
    pairs4(words + 16, scales);
  }
}

/** Four pairs: the words at `at` and 32 bytes behind. */
// @ts-ignore: decorator
@inline
function pairs4(at: usize, scales: v128): void {
  const radius = f32x4.sqrt(f32x4.mul(logarithm4(v128.load(at)), f32x4.splat(-2)));

  // Eighths of the turn, rounded to an even one, and the angle in radians from there: -pi/4..pi/4.
  const turn = v128.and(v128.load(at, 32), i32x4.splat(0xffffff));
  const eighth = v128.and(i32x4.add(i32x4.shr_u(turn, 21), i32x4.splat(1)), i32x4.splat(14));
  const theta = f32x4.mul(f32x4.mul(f32x4.convert_i32x4_s(turn), f32x4.splat(TURN)), f32x4.splat(TWO_PI));
  const eighths = f32x4.convert_i32x4_s(eighth);
  let x = f32x4.sub(theta, f32x4.mul(eighths, f32x4.splat(EIGHTH_1)));
  x = f32x4.sub(x, f32x4.mul(eighths, f32x4.splat(EIGHTH_2)));
  x = f32x4.sub(x, f32x4.mul(eighths, f32x4.splat(EIGHTH_3)));

  const z = f32x4.mul(x, x);
  let c = madd(f32x4.splat(2.443315711809948e-5), z, -1.388731625493765e-3);
  c = madd(c, z, 4.166664568298827e-2);
  c = f32x4.mul(f32x4.mul(c, z), z);
  c = f32x4.add(f32x4.sub(c, f32x4.mul(z, f32x4.splat(0.5))), f32x4.splat(1));
  let s = madd(f32x4.splat(-1.9515295891e-4), z, 8.3321608736e-3);
  s = madd(s, z, -1.6666654611e-1);
  s = f32x4.add(f32x4.mul(f32x4.mul(s, z), x), x);

  // Quarters 1 and 3 exchange the two; cosines are negative in quarters 1 and 2, sines in 2 and 3.
  const exchange = i32x4.shr_s(i32x4.shl(eighth, 30), 31);
  const sineSign = v128.and(i32x4.shl(eighth, 29), i32x4.splat(0x80000000));
  const cosineSign = v128.and(i32x4.shl(i32x4.add(eighth, i32x4.splat(2)), 29), i32x4.splat(0x80000000));
  const cosine = v128.xor(v128.bitselect(s, c, exchange), cosineSign);
  const sine = v128.xor(v128.bitselect(c, s, exchange), sineSign);

  // Adding PyTorch's mean, 0, takes the sign from a zero.
  const zero = f32x4.splat(0);
  v128.store(at, f32x4.add(f32x4.mul(f32x4.mul(radius, cosine), scales), zero));
  v128.store(at, f32x4.add(f32x4.mul(f32x4.mul(radius, sine), scales), zero), 32);
}

/** 2^-24, and 2 pi as an f32. */
const TURN: f32 = 5.9604644775390625e-8;
const TWO_PI: f32 = 6.2831855;
/** pi / 4 in three parts, of which the first two have so few bits that their products with 0..8 are exact. */
const EIGHTH_1: f32 = 0.78515625;
const EIGHTH_2: f32 = 2.4187564849853515625e-4;
const EIGHTH_3: f32 = 3.77489497744594108e-8;

/** ln(1 - u) of the 24-bit uniforms u of four words; 1 - u = m / 2^24 with m from 1 to 2^24. */
// @ts-ignore: decorator
@inline
function logarithm4(words: v128): v128 {
  const m = f32x4.convert_i32x4_s(i32x4.sub(i32x4.splat(0x1000000), v128.and(words, i32x4.splat(0xffffff))));
  // m = f * 2^(e + 24) with f from sqrt(1/2) to sqrt(2), of which x is f - 1.
  const half = v128.or(v128.and(m, i32x4.splat(0x7fffff)), i32x4.splat(0x3f000000));
  const below = f32x4.lt(half, f32x4.splat(0.707106781186547524));
  const e = f32x4.convert_i32x4_s(
    i32x4.add(i32x4.sub(i32x4.shr_u(m, 23), i32x4.splat(126 + 24)), below),
  );
  const x = f32x4.add(f32x4.sub(half, f32x4.splat(1)), v128.and(half, below));

  const z = f32x4.mul(x, x);
  let y = madd(f32x4.splat(7.0376836292e-2), x, -1.151461031e-1);
  y = madd(y, x, 1.1676998740e-1);
  y = madd(y, x, -1.2420140846e-1);
  y = madd(y, x, 1.4249322787e-1);
  y = madd(y, x, -1.6668057665e-1);
  y = madd(y, x, 2.0000714765e-1);
  y = madd(y, x, -2.4999993993e-1);
  y = madd(y, x, 3.3333331174e-1);
  y = f32x4.mul(f32x4.mul(y, x), z);
  // e * ln 2 in two parts, of which the greater has 9 bits.
  y = f32x4.add(y, f32x4.mul(e, f32x4.splat(-2.12194440e-4)));
  y = f32x4.sub(y, f32x4.mul(z, f32x4.splat(0.5)));
  return f32x4.add(f32x4.add(x, y), f32x4.mul(e, f32x4.splat(0.693359375)));
}

// @ts-ignore: decorator
@inline
function madd(a: v128, b: v128, c: f32): v128 {
  return f32x4.add(f32x4.mul(a, b), f32x4.splat(c));
}

/**
 * PyTorch's way with fewer than 16 values: float64 pairs from two 53-bit uniforms each, the angle's first, rounded to f32
 * when scaled. It keeps the second value of the last pair for its next call; here that one is left out.
 */
function few(state: usize, count: u32, scale: f32, out: usize): void {
  for (let i: u32 = 0; i < count; i += 2) {
    const theta = 2.0 * Math.PI * uniform53(state);
    const radius = Math.sqrt(-2.0 * Math.log1p(-uniform53(state)));
    store<f32>(out + (<usize>i << 2), <f32>(radius * Math.cos(theta) * <f64>scale));
    if (i + 1 < count) store<f32>(out + (<usize>i << 2), <f32>(radius * Math.sin(theta) * <f64>scale), 4);
  }
}

// @ts-ignore: decorator
@inline
function uniform53(state: usize): f64 {
  return <f64>(torchWord64(state) & 0x1fffffffffffff) * 1.1102230246251565e-16;
}
