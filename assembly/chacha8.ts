/**
 * ChaCha with 8 rounds (the RFC 8439 layout), four blocks abreast: lane l of every vector belongs to block l.
 *
 * key:   bytes 0-7 the seed as u64, bytes 8-25 the ASCII text "taskloom stream v1", bytes 26-31 zero
 * nonce: task, purpose, item
 */

/** The sixteen words of the initial state; word 12, the counter, is given to each call instead. */
const STATE: usize = memory.data(64, 16);
/** Columns 1, 2 and 3 of the state after the first column round: they do not see the counter, so one nonce has one. */
const FIRST: usize = memory.data(64, 16);

/** Takes a seed into the key. To be called once before any nonce; `lo` and `hi` are the halves of the u64. */
export function setSeed(lo: u32, hi: u32): void {
  store<u32>(STATE, 0x61707865, 0); // "expand 32-byte k"
  store<u32>(STATE, 0x3320646e, 4);
  store<u32>(STATE, 0x79622d32, 8);
  store<u32>(STATE, 0x6b206574, 12);
  store<u32>(STATE, lo, 16);
  store<u32>(STATE, hi, 20);
  store<u32>(STATE, 0x6b736174, 24); // "task"
  store<u32>(STATE, 0x6d6f6f6c, 28); // "loom"
  store<u32>(STATE, 0x72747320, 32); // " str"
  store<u32>(STATE, 0x206d6165, 36); // "eam "
  store<u32>(STATE, 0x00003176, 40); // "v1"
  store<u32>(STATE, 0, 44);
}

/** Takes a nonce: all blocks that follow belong to this (task, purpose, item). */
export function setNonce(task: u32, purpose: u32, item: u32): void {
  store<u32>(STATE, task, 52);
  store<u32>(STATE, purpose, 56);
  store<u32>(STATE, item, 60);
  for (let column: usize = 4; column < 16; column += 4) {
    let a = load<u32>(STATE + column);
    let b = load<u32>(STATE + column, 16);
    let c = load<u32>(STATE + column, 32);
    let d = load<u32>(STATE + column, 48);
    a += b; d = rotl<u32>(d ^ a, 16);
    c += d; b = rotl<u32>(b ^ c, 12);
    a += b; d = rotl<u32>(d ^ a, 8);
    c += d; b = rotl<u32>(b ^ c, 7);
    store<u32>(FIRST + column, a);
    store<u32>(FIRST + column, b, 16);
    store<u32>(FIRST + column, c, 32);
    store<u32>(FIRST + column, d, 48);
  }
}

/** Writes blocks `first`, `first + step`, ... : word n (0..15) of the l-th goes to `out + 16 * n + 4 * l`. */
export function blocks4(first: u32, step: u32, out: usize): void {
  const counter = i32x4.add(i32x4.splat(first), i32x4.mul(i32x4.splat(step), i32x4(0, 1, 2, 3)));
  let x0 = v128.load32_splat(STATE, 0);
  let x1 = v128.load32_splat(FIRST, 4);
  let x2 = v128.load32_splat(FIRST, 8);
  let x3 = v128.load32_splat(FIRST, 12);
  let x4 = v128.load32_splat(STATE, 16);
  let x5 = v128.load32_splat(FIRST, 20);
  let x6 = v128.load32_splat(FIRST, 24);
  let x7 = v128.load32_splat(FIRST, 28);
  let x8 = v128.load32_splat(STATE, 32);
  let x9 = v128.load32_splat(FIRST, 36);
  let x10 = v128.load32_splat(FIRST, 40);
  let x11 = v128.load32_splat(FIRST, 44);
  let x12 = counter;
  let x13 = v128.load32_splat(FIRST, 52);
  let x14 = v128.load32_splat(FIRST, 56);
  let x15 = v128.load32_splat(FIRST, 60);

  // The rest of the first column round; its other three columns are in FIRST.
  x0 = i32x4.add(x0, x4); x12 = rotl16(v128.xor(x12, x0)); x8 = i32x4.add(x8, x12); x4 = rotl12(v128.xor(x4, x8));
  x0 = i32x4.add(x0, x4); x12 = rotl8(v128.xor(x12, x0)); x8 = i32x4.add(x8, x12); x4 = rotl7(v128.xor(x4, x8));

  // Written out, as in a loop V8 moves the state between registers and the stack at each turn (bench/NOTES.md).
  // second round, diagonals
  x0 = i32x4.add(x0, x5); x15 = rotl16(v128.xor(x15, x0)); x10 = i32x4.add(x10, x15); x5 = rotl12(v128.xor(x5, x10));
  x1 = i32x4.add(x1, x6); x12 = rotl16(v128.xor(x12, x1)); x11 = i32x4.add(x11, x12); x6 = rotl12(v128.xor(x6, x11));
  x2 = i32x4.add(x2, x7); x13 = rotl16(v128.xor(x13, x2)); x8 = i32x4.add(x8, x13); x7 = rotl12(v128.xor(x7, x8));
  x3 = i32x4.add(x3, x4); x14 = rotl16(v128.xor(x14, x3)); x9 = i32x4.add(x9, x14); x4 = rotl12(v128.xor(x4, x9));
  x0 = i32x4.add(x0, x5); x15 = rotl8(v128.xor(x15, x0)); x10 = i32x4.add(x10, x15); x5 = rotl7(v128.xor(x5, x10));
  x1 = i32x4.add(x1, x6); x12 = rotl8(v128.xor(x12, x1)); x11 = i32x4.add(x11, x12); x6 = rotl7(v128.xor(x6, x11));
  x2 = i32x4.add(x2, x7); x13 = rotl8(v128.xor(x13, x2)); x8 = i32x4.add(x8, x13); x7 = rotl7(v128.xor(x7, x8));
  x3 = i32x4.add(x3, x4); x14 = rotl8(v128.xor(x14, x3)); x9 = i32x4.add(x9, x14); x4 = rotl7(v128.xor(x4, x9));
  // third round, columns
  x0 = i32x4.add(x0, x4); x12 = rotl16(v128.xor(x12, x0)); x8 = i32x4.add(x8, x12); x4 = rotl12(v128.xor(x4, x8));
  x1 = i32x4.add(x1, x5); x13 = rotl16(v128.xor(x13, x1)); x9 = i32x4.add(x9, x13); x5 = rotl12(v128.xor(x5, x9));
  x2 = i32x4.add(x2, x6); x14 = rotl16(v128.xor(x14, x2)); x10 = i32x4.add(x10, x14); x6 = rotl12(v128.xor(x6, x10));
  x3 = i32x4.add(x3, x7); x15 = rotl16(v128.xor(x15, x3)); x11 = i32x4.add(x11, x15); x7 = rotl12(v128.xor(x7, x11));
  x0 = i32x4.add(x0, x4); x12 = rotl8(v128.xor(x12, x0)); x8 = i32x4.add(x8, x12); x4 = rotl7(v128.xor(x4, x8));
  x1 = i32x4.add(x1, x5); x13 = rotl8(v128.xor(x13, x1)); x9 = i32x4.add(x9, x13); x5 = rotl7(v128.xor(x5, x9));
  x2 = i32x4.add(x2, x6); x14 = rotl8(v128.xor(x14, x2)); x10 = i32x4.add(x10, x14); x6 = rotl7(v128.xor(x6, x10));
  x3 = i32x4.add(x3, x7); x15 = rotl8(v128.xor(x15, x3)); x11 = i32x4.add(x11, x15); x7 = rotl7(v128.xor(x7, x11));
  // fourth round, diagonals
  x0 = i32x4.add(x0, x5); x15 = rotl16(v128.xor(x15, x0)); x10 = i32x4.add(x10, x15); x5 = rotl12(v128.xor(x5, x10));
  x1 = i32x4.add(x1, x6); x12 = rotl16(v128.xor(x12, x1)); x11 = i32x4.add(x11, x12); x6 = rotl12(v128.xor(x6, x11));
  x2 = i32x4.add(x2, x7); x13 = rotl16(v128.xor(x13, x2)); x8 = i32x4.add(x8, x13); x7 = rotl12(v128.xor(x7, x8));
  x3 = i32x4.add(x3, x4); x14 = rotl16(v128.xor(x14, x3)); x9 = i32x4.add(x9, x14); x4 = rotl12(v128.xor(x4, x9));
  x0 = i32x4.add(x0, x5); x15 = rotl8(v128.xor(x15, x0)); x10 = i32x4.add(x10, x15); x5 = rotl7(v128.xor(x5, x10));
  x1 = i32x4.add(x1, x6); x12 = rotl8(v128.xor(x12, x1)); x11 = i32x4.add(x11, x12); x6 = rotl7(v128.xor(x6, x11));
  x2 = i32x4.add(x2, x7); x13 = rotl8(v128.xor(x13, x2)); x8 = i32x4.add(x8, x13); x7 = rotl7(v128.xor(x7, x8));
  x3 = i32x4.add(x3, x4); x14 = rotl8(v128.xor(x14, x3)); x9 = i32x4.add(x9, x14); x4 = rotl7(v128.xor(x4, x9));
  // fifth round, columns
  x0 = i32x4.add(x0, x4); x12 = rotl16(v128.xor(x12, x0)); x8 = i32x4.add(x8, x12); x4 = rotl12(v128.xor(x4, x8));
  x1 = i32x4.add(x1, x5); x13 = rotl16(v128.xor(x13, x1)); x9 = i32x4.add(x9, x13); x5 = rotl12(v128.xor(x5, x9));
  x2 = i32x4.add(x2, x6); x14 = rotl16(v128.xor(x14, x2)); x10 = i32x4.add(x10, x14); x6 = rotl12(v128.xor(x6, x10));
  x3 = i32x4.add(x3, x7); x15 = rotl16(v128.xor(x15, x3)); x11 = i32x4.add(x11, x15); x7 = rotl12(v128.xor(x7, x11));
  x0 = i32x4.add(x0, x4); x12 = rotl8(v128.xor(x12, x0)); x8 = i32x4.add(x8, x12); x4 = rotl7(v128.xor(x4, x8));
  x1 = i32x4.add(x1, x5); x13 = rotl8(v128.xor(x13, x1)); x9 = i32x4.add(x9, x13); x5 = rotl7(v128.xor(x5, x9));
  x2 = i32x4.add(x2, x6); x14 = rotl8(v128.xor(x14, x2)); x10 = i32x4.add(x10, x14); x6 = rotl7(v128.xor(x6, x10));
  x3 = i32x4.add(x3, x7); x15 = rotl8(v128.xor(x15, x3)); x11 = i32x4.add(x11, x15); x7 = rotl7(v128.xor(x7, x11));
  // sixth round, diagonals
  x0 = i32x4.add(x0, x5); x15 = rotl16(v128.xor(x15, x0)); x10 = i32x4.add(x10, x15); x5 = rotl12(v128.xor(x5, x10));
  x1 = i32x4.add(x1, x6); x12 = rotl16(v128.xor(x12, x1)); x11 = i32x4.add(x11, x12); x6 = rotl12(v128.xor(x6, x11));
  x2 = i32x4.add(x2, x7); x13 = rotl16(v128.xor(x13, x2)); x8 = i32x4.add(x8, x13); x7 = rotl12(v128.xor(x7, x8));
  x3 = i32x4.add(x3, x4); x14 = rotl16(v128.xor(x14, x3)); x9 = i32x4.add(x9, x14); x4 = rotl12(v128.xor(x4, x9));
  x0 = i32x4.add(x0, x5); x15 = rotl8(v128.xor(x15, x0)); x10 = i32x4.add(x10, x15); x5 = rotl7(v128.xor(x5, x10));
  x1 = i32x4.add(x1, x6); x12 = rotl8(v128.xor(x12, x1)); x11 = i32x4.add(x11, x12); x6 = rotl7(v128.xor(x6, x11));
  x2 = i32x4.add(x2, x7); x13 = rotl8(v128.xor(x13, x2)); x8 = i32x4.add(x8, x13); x7 = rotl7(v128.xor(x7, x8));
  x3 = i32x4.add(x3, x4); x14 = rotl8(v128.xor(x14, x3)); x9 = i32x4.add(x9, x14); x4 = rotl7(v128.xor(x4, x9));
  // seventh round, columns
  x0 = i32x4.add(x0, x4); x12 = rotl16(v128.xor(x12, x0)); x8 = i32x4.add(x8, x12); x4 = rotl12(v128.xor(x4, x8));
  x1 = i32x4.add(x1, x5); x13 = rotl16(v128.xor(x13, x1)); x9 = i32x4.add(x9, x13); x5 = rotl12(v128.xor(x5, x9));
  x2 = i32x4.add(x2, x6); x14 = rotl16(v128.xor(x14, x2)); x10 = i32x4.add(x10, x14); x6 = rotl12(v128.xor(x6, x10));
  x3 = i32x4.add(x3, x7); x15 = rotl16(v128.xor(x15, x3)); x11 = i32x4.add(x11, x15); x7 = rotl12(v128.xor(x7, x11));
  x0 = i32x4.add(x0, x4); x12 = rotl8(v128.xor(x12, x0)); x8 = i32x4.add(x8, x12); x4 = rotl7(v128.xor(x4, x8));
  x1 = i32x4.add(x1, x5); x13 = rotl8(v128.xor(x13, x1)); x9 = i32x4.add(x9, x13); x5 = rotl7(v128.xor(x5, x9));
  x2 = i32x4.add(x2, x6); x14 = rotl8(v128.xor(x14, x2)); x10 = i32x4.add(x10, x14); x6 = rotl7(v128.xor(x6, x10));
  x3 = i32x4.add(x3, x7); x15 = rotl8(v128.xor(x15, x3)); x11 = i32x4.add(x11, x15); x7 = rotl7(v128.xor(x7, x11));
  // last round, diagonals
  x0 = i32x4.add(x0, x5); x15 = rotl16(v128.xor(x15, x0)); x10 = i32x4.add(x10, x15); x5 = rotl12(v128.xor(x5, x10));
  x1 = i32x4.add(x1, x6); x12 = rotl16(v128.xor(x12, x1)); x11 = i32x4.add(x11, x12); x6 = rotl12(v128.xor(x6, x11));
  x2 = i32x4.add(x2, x7); x13 = rotl16(v128.xor(x13, x2)); x8 = i32x4.add(x8, x13); x7 = rotl12(v128.xor(x7, x8));
  x3 = i32x4.add(x3, x4); x14 = rotl16(v128.xor(x14, x3)); x9 = i32x4.add(x9, x14); x4 = rotl12(v128.xor(x4, x9));
  x0 = i32x4.add(x0, x5); x15 = rotl8(v128.xor(x15, x0)); x10 = i32x4.add(x10, x15); x5 = rotl7(v128.xor(x5, x10));
  x1 = i32x4.add(x1, x6); x12 = rotl8(v128.xor(x12, x1)); x11 = i32x4.add(x11, x12); x6 = rotl7(v128.xor(x6, x11));
  x2 = i32x4.add(x2, x7); x13 = rotl8(v128.xor(x13, x2)); x8 = i32x4.add(x8, x13); x7 = rotl7(v128.xor(x7, x8));
  x3 = i32x4.add(x3, x4); x14 = rotl8(v128.xor(x14, x3)); x9 = i32x4.add(x9, x14); x4 = rotl7(v128.xor(x4, x9));

  v128.store(out, i32x4.add(x0, v128.load32_splat(STATE, 0)), 0);
  v128.store(out, i32x4.add(x1, v128.load32_splat(STATE, 4)), 16);
  v128.store(out, i32x4.add(x2, v128.load32_splat(STATE, 8)), 32);
  v128.store(out, i32x4.add(x3, v128.load32_splat(STATE, 12)), 48);
  v128.store(out, i32x4.add(x4, v128.load32_splat(STATE, 16)), 64);
  v128.store(out, i32x4.add(x5, v128.load32_splat(STATE, 20)), 80);
  v128.store(out, i32x4.add(x6, v128.load32_splat(STATE, 24)), 96);
  v128.store(out, i32x4.add(x7, v128.load32_splat(STATE, 28)), 112);
  v128.store(out, i32x4.add(x8, v128.load32_splat(STATE, 32)), 128);
  v128.store(out, i32x4.add(x9, v128.load32_splat(STATE, 36)), 144);
  v128.store(out, i32x4.add(x10, v128.load32_splat(STATE, 40)), 160);
  v128.store(out, i32x4.add(x11, v128.load32_splat(STATE, 44)), 176);
  v128.store(out, i32x4.add(x12, counter), 192);
  v128.store(out, i32x4.add(x13, v128.load32_splat(STATE, 52)), 208);
  v128.store(out, i32x4.add(x14, v128.load32_splat(STATE, 56)), 224);
  v128.store(out, i32x4.add(x15, v128.load32_splat(STATE, 60)), 240);
}

// V8 has two instructions for a shuffle of halves and one for a swizzle by a constant, whose mask it keeps in a register; for
// any other shuffle it makes the mask anew, which costs more than the shifts (bench/NOTES.md).
// @ts-ignore: decorator
@inline
function rotl16(x: v128): v128 {
  return i8x16.shuffle(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
}
// @ts-ignore: decorator
@inline
function rotl8(x: v128): v128 {
  return i8x16.swizzle(x, i8x16(3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14));
}
// @ts-ignore: decorator
@inline
function rotl12(x: v128): v128 {
  return v128.or(i32x4.shl(x, 12), i32x4.shr_u(x, 20));
}
// @ts-ignore: decorator
@inline
function rotl7(x: v128): v128 {
  return v128.or(i32x4.shl(x, 7), i32x4.shr_u(x, 25));
}
