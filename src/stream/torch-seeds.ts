import { mersenne } from "pure-rand/generator/mersenne";
import { skipN } from "pure-rand/utils/skipN";
import { checkInteger } from "../base/check.js";
import { InvalidOptionError } from "../base/errors.js";
import { MAX_TASKS } from "../base/limits.js";
import { seedWords } from "./seed.js";

/**
 * The seeds of tasks `first` to `first + count - 1` of the notebook, its `generation_seeds`: what PyTorch's CPU generator
 * draws with `manual_seed(randomState)` and `torch.randint(0, 2 ** 32 - 1, (n,))`, for any n that reaches so far.
 *
 * The time goes with `first + count`: this generator walks to a far place, unlike the backends' (docs/torch.md).
 *
 * @param randomState 0..2^64 - 1, of which PyTorch's generator takes the low 32 bits; a bigint beyond 2^53 - 1
 * @param count 0..2^27; `first + count <= 2^32`
 * @returns integers from 0 to 2^32 - 2
 * @throws InvalidOptionError for a number out of bounds
 *
 * @example
 * ```ts
 * generationSeeds(69, 2); // [1272380470, 1724767435]
 * generationSeeds(69, 1, 1); // [1724767435]
 * ```
 */
export function generationSeeds(randomState: bigint | number, count: number, first = 0): number[] {
  if (typeof randomState !== "bigint") checkInteger("randomState", randomState, 0, Number.MAX_SAFE_INTEGER);
  else if (randomState < 0n || randomState >= 2n ** 64n) {
    throw new InvalidOptionError("randomState", randomState, "a bigint from 0n to 2n ** 64n - 1n");
  }
  checkInteger("first", first, 0, MAX_TASKS);
  checkInteger("count", count, 0, Math.min(MAX_COUNT, MAX_TASKS - first));
  const generator = mersenne(seedWords(BigInt(randomState))[0]);
  skipN(generator, first);
  return Array.from({ length: count }, () => (generator.next() >>> 0) % SEED_BOUND);
}

/** Seeds of one list; more are made by several calls. */
const MAX_COUNT = 2 ** 27;

/** The notebook's bound of a seed, exclusive: so one word in 2^32 comes out as 0 instead. */
export const SEED_BOUND = 2 ** 32 - 1;
