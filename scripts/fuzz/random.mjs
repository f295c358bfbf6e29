// Random choices of the fuzzers: a case is a function of the seed, the target's name and the number of the case.
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Mixes a text and numbers into 32 bits (FNV-1a). */
function hash(...parts) {
  let state = 0x811c9dc5;
  for (const byte of Buffer.from(parts.join("/"))) state = Math.imul(state ^ byte, 0x01000193);
  return state | 0;
}

/** The random choices of one case. */
export class Random {
  #generator;

  constructor(seed, target, number) {
    this.#generator = xoroshiro128plus(hash(seed, target, number));
  }

  /** An integer of 0..below - 1. */
  below(below) {
    return uniformInt(this.#generator, 0, below - 1);
  }

  /** True in one of `times` cases. */
  oneIn(times) {
    return this.below(times) === 0;
  }

  /** One entry of a list. */
  pick(list) {
    return list[this.below(list.length)];
  }
}
