/**
 * Draws of many items in one call: at a few microseconds a task the way into the module would count.
 *
 * A run is consecutive items of a task, seven u32: the task, the number of the first item within it, how many, the task
 * whose permutation they have, the kind of that permutation (RUN_OWN, RUN_IDENTITY, or RUN_GIVEN: it is in memory), the
 * key of the matrix, and 1 where the matrix is the identity.
 */
import { blocks4, setNonce } from "./chacha8";
import { permuteRanks } from "./episode";
import { permuteLabels } from "./packing";
import { permutation } from "./permutation";
import { SEQUENCE } from "./purpose";
import { drawWithReplacement, drawWithoutReplacement } from "./sequence";

export const RUN_BYTES: usize = 28;
/** Byte offsets in a run. */
export const RUN_TASK: usize = 0;
export const RUN_ITEM: usize = 4;
export const RUN_COUNT: usize = 8;
export const RUN_PERMUTATION_TASK: usize = 12;
export const RUN_PERMUTATION: usize = 16;
export const RUN_KEY: usize = 20;
export const RUN_IDENTITY_MATRIX: usize = 24;
/** Kinds of permutation. */
export const RUN_OWN: u32 = 0;
export const RUN_IDENTITY: u32 = 1;
export const RUN_GIVEN: u32 = 2;

/** Numbers that are made at a time: those of four blocks. */
const STEP: u32 = 64;
const WORDS: usize = memory.data(256, 16);

/**
 * The examples of sequences, `length` u32 at `out` for each: what `drawWithoutReplacement` draws, or, where `taken` is 0,
 * `drawWithReplacement`. Up to `STEP` u32 behind the last are written over.
 */
export function drawRuns(runs: usize, count: u32, n: u32, length: u32, taken: usize, out: usize): void {
  for (const end = runs + <usize>count * RUN_BYTES; runs < end; runs += RUN_BYTES) {
    const task = load<u32>(runs, RUN_TASK);
    const first = load<u32>(runs, RUN_ITEM);
    const items = load<u32>(runs, RUN_COUNT);
    for (let item = first; item - first < items; item++) {
      if (!draw(task, item, n, length, taken, out)) {
        if (taken) drawWithoutReplacement(task, item, n, length, out, taken);
        else drawWithReplacement(task, item, n, length, out);
      }
      out += <usize>length << 2;
    }
  }
}

/** A sequence, if no word has to be rejected; one of 2^32 / n may have to. */
function draw(task: u32, item: u32, n: u32, length: u32, taken: usize, out: usize): bool {
  setNonce(task, SEQUENCE, item);
  let drawn: u32 = 0;
  let whole = true;
  for (let block: u32 = 0; drawn < length; block += 4) {
    const numbers = out + (<usize>drawn << 2);
    blocks4(block, 1, WORDS);
    whole = bounded64(n, numbers);
    if (!whole) break;
    drawn += taken ? take(numbers, length - drawn, taken) : STEP;
  }
  if (taken) release(out, drawn, taken);
  return whole;
}

/** The numbers that `bounded` makes of 64 words, in the order of the stream; false if it might reject one. */
// @ts-ignore: decorator
@inline
function bounded64(n: u32, out: usize): bool {
  const factor = i32x4.splat(n);
  let near = i32x4.splat(0);
  for (let word: usize = 0; word < 16; word++, out += 4) {
    const words = v128.load(WORDS + (word << 4));
    const low = i64x2.extmul_low_i32x4_u(words, factor);
    const high = i64x2.extmul_high_i32x4_u(words, factor);
    near = v128.or(near, i32x4.lt_u(v128.shuffle<u32>(low, high, 0, 2, 4, 6), factor));
    const numbers = v128.shuffle<u32>(low, high, 1, 3, 5, 7);
    v128.store32_lane(out, numbers, 0);
    v128.store32_lane(out, numbers, 1, 64);
    v128.store32_lane(out, numbers, 2, 128);
    v128.store32_lane(out, numbers, 3, 192);
  }
  return !v128.any_true(near);
}

/** Takes those of 64 numbers that are free, `most` at most, and puts them together. Returns how many. */
function take(numbers: usize, most: u32, taken: usize): u32 {
  let kept: u32 = 0;
  for (let i: u32 = 0; i < STEP && kept < most; i++) {
    const number = load<u32>(numbers + (<usize>i << 2));
    const byte = taken + <usize>(number >> 3);
    const bits = load<u8>(byte);
    const bit: u8 = 1 << <u8>(number & 7);
    if (bits & bit) continue;
    store<u8>(byte, bits | bit);
    store<u32>(numbers + (<usize>kept << 2), number);
    kept++;
  }
  return kept;
}

function release(numbers: usize, count: u32, taken: usize): void {
  for (let i: u32 = 0; i < count; i++) store<u8>(taken + <usize>(load<u32>(numbers + (<usize>i << 2)) >> 3), 0);
}

/**
 * The permuted labels of runs, u16 at `out`, raised by `raise`.
 *
 * labels  of the examples, u16; 0 where `from` has ranks, see ./episode
 * from    example numbers, u32, `length` for each item
 * labelOf a permutation of `classes` u32: scratch, except for runs whose permutation is in it already
 */
export function permuteRuns(
  runs: usize, count: u32, length: u32, classes: u32, raise: u32, labels: usize, from: usize, labelOf: usize, out: usize,
): void {
  for (const end = runs + <usize>count * RUN_BYTES; runs < end; runs += RUN_BYTES) {
    permutationOf(load<u32>(runs, RUN_PERMUTATION_TASK), load<u32>(runs, RUN_PERMUTATION), classes, raise, labelOf);
    const positions = load<u32>(runs, RUN_COUNT) * length;
    if (labels) permuteLabels(from, positions, labels, labelOf, out);
    else permuteRanks(from, positions, labelOf, out);
    from += <usize>positions << 2;
    out += <usize>positions << 1;
  }
}

function permutationOf(task: u32, kind: u32, classes: u32, raise: u32, out: usize): void {
  if (kind == RUN_IDENTITY) for (let label: u32 = 0; label < classes; label++) store<u32>(out + (<usize>label << 2), label);
  else if (kind != RUN_GIVEN) permutation(task, classes, out);
  if (raise == 0) return;
  for (let label: u32 = 0; label < classes; label++) {
    const at = out + (<usize>label << 2);
    store<u32>(at, load<u32>(at) + raise);
  }
}
