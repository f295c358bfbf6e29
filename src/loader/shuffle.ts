import { KeyStream, PURPOSE } from "../stream/chacha8.js";

/** See docs/shuffle.md, which defines every number below. */

/** Four times what a chi-square test of all orders of up to 7 numbers asks for; see docs/shuffle.md. */
const ROUNDS = 24;
/** Halves of fewer than 4 bits mix slowly. */
const MIN_BITS = 8;

/** MurmurHash3's 32-bit finaliser: a bijection in which every bit of the input reaches every bit of the result. */
function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * A pseudorandom order of the numbers 0..length - 1 that no table holds: a Feistel network, in memory that does not grow
 * with `length`, in either direction.
 */
export class Shuffle {
  /** The number of numbers, 1..2^53. */
  readonly length: number;
  readonly #keys: Uint32Array;
  readonly #lowSize: number;
  readonly #lowMask: number;
  readonly #highMask: number;

  /** @param keys one for each round, see {@link ShuffleKeys} */
  constructor(keys: Uint32Array, length: number) {
    let bits = MIN_BITS;
    while (2 ** bits < length) bits++;
    this.length = length;
    this.#keys = keys;
    this.#lowSize = 2 ** Math.ceil(bits / 2);
    this.#lowMask = this.#lowSize - 1;
    this.#highMask = 2 ** Math.floor(bits / 2) - 1;
  }

  /** The number at a position of the order, 0 <= position < length. */
  at(position: number): number {
    let x = position;
    // The network permutes a power of two, less than twice the length (or 256); numbers beyond the length are walked over.
    do x = this.#permute(x);
    while (x >= this.length);
    return x;
  }

  /** The position of a number: `at(positionOf(x)) === x`. */
  positionOf(number: number): number {
    let x = number;
    do x = this.#permuteBack(x);
    while (x >= this.length);
    return x;
  }

  #permute(x: number): number {
    const keys = this.#keys;
    let high = Math.floor(x / this.#lowSize);
    let low = x - high * this.#lowSize;
    for (let round = 0; round < ROUNDS; round += 2) {
      high = (high + mix(low ^ (keys[round] as number))) & this.#highMask;
      low = (low + mix(high ^ (keys[round + 1] as number))) & this.#lowMask;
    }
    return high * this.#lowSize + low;
  }

  #permuteBack(x: number): number {
    const keys = this.#keys;
    let high = Math.floor(x / this.#lowSize);
    let low = x - high * this.#lowSize;
    for (let round = ROUNDS - 2; round >= 0; round -= 2) {
      low = (low - mix(high ^ (keys[round + 1] as number))) & this.#lowMask;
      high = (high - mix(low ^ (keys[round] as number))) & this.#highMask;
    }
    return high * this.#lowSize + low;
  }
}

/**
 * The keys of every epoch's shuffle, for a seed: the first words of the key stream with purpose `shuffle`, task 0 and the
 * epoch as the item. Blocks of chunks have keys of their own, from other tasks.
 *
 * @example
 * ```ts
 * const order = new Shuffle(new ShuffleKeys(42n).of(0), 1000);
 * order.at(0); // the first number of epoch 0
 * ```
 */
export class ShuffleKeys {
  readonly #seed: bigint;

  /** @param seed 0..2^64 - 1 */
  constructor(seed: bigint) {
    this.#seed = seed;
  }

  /**
   * @param epoch 0..2^32 - 1
   * @param task the task index of the stream: 0, or 1 + the number of a block of chunks
   */
  of(epoch: number, task = 0): Uint32Array {
    const stream = new KeyStream(this.#seed, task, PURPOSE.shuffle, epoch);
    return Uint32Array.from({ length: ROUNDS }, () => stream.next());
  }
}
