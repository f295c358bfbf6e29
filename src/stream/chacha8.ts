/**
 * ChaCha with 8 rounds for the few words that the host decides with; deviates and sequences come from the WASM module
 * and the shaders, whose twin this is (assembly/chacha8.ts, shaders/chacha8.wgsl). See docs/stream.md.
 */

import { seedWords } from "./seed.js";

/** Bytes 8-31 of the key as words: the ASCII text `taskloom stream v1`, then zeros. */
const KEY_TEXT = [0x6b736174, 0x6d6f6f6c, 0x72747320, 0x206d6165, 0x00003176, 0] as const;
/** "expand 32-byte k" */
const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const;

/** The purpose of a key stream: the second word of the nonce. */
export const PURPOSE = {
  projection: 0,
  permutation: 1,
  sequence: 2,
  curriculum: 3,
  shuffle: 4,
  sample: 5,
  ways: 6,
} as const;

/** The key stream of (seed, task, purpose, item), read from its beginning. */
export class KeyStream {
  readonly #input: Uint32Array;
  readonly #block = new Uint32Array(16);
  #used = 16;

  constructor(seed: bigint, task: number, purpose: number, item: number) {
    this.#input = Uint32Array.of(...CONSTANTS, ...seedWords(seed), ...KEY_TEXT, 0, task, purpose, item);
  }

  /** The next word, a u32. */
  next(): number {
    if (this.#used === 16) {
      fillBlock(this.#input, this.#block);
      this.#input[12] = (this.#input[12] as number) + 1;
      this.#used = 0;
    }
    return this.#block[this.#used++] as number;
  }

  /** An integer below `n`, 1..2^32 - 1, every one equally likely (Lemire 2018, arXiv:1805.10941). */
  bounded(n: number): number {
    const reject = (2 ** 32 - n) % n;
    for (;;) {
      const product = BigInt(this.next()) * BigInt(n);
      if (Number(product & 0xffffffffn) >= reject) return Number(product >> 32n);
    }
  }
}

function fillBlock(input: Uint32Array, x: Uint32Array): void {
  x.set(input);
  for (let round = 0; round < 8; round += 2) {
    quarter(x, 0, 4, 8, 12);
    quarter(x, 1, 5, 9, 13);
    quarter(x, 2, 6, 10, 14);
    quarter(x, 3, 7, 11, 15);
    quarter(x, 0, 5, 10, 15);
    quarter(x, 1, 6, 11, 12);
    quarter(x, 2, 7, 8, 13);
    quarter(x, 3, 4, 9, 14);
  }
  for (let i = 0; i < 16; i++) x[i] = (x[i] as number) + (input[i] as number);
}

function quarter(x: Uint32Array, a: number, b: number, c: number, d: number): void {
  add(x, a, b, d, 16);
  add(x, c, d, b, 12);
  add(x, a, b, d, 8);
  add(x, c, d, b, 7);
}

/** x[to] += x[from]; x[mixed] = rotate(x[mixed] ^ x[to], by). */
function add(x: Uint32Array, to: number, from: number, mixed: number, by: number): void {
  x[to] = (x[to] as number) + (x[from] as number);
  const word = (x[mixed] as number) ^ (x[to] as number);
  x[mixed] = (word << by) | (word >>> (32 - by));
}
