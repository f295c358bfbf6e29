import { beforeAll, describe, expect, it } from "vitest";
import { i32, moduleWith, u32 } from "../support/module.js";
import { normalTail } from "./distributions.js";
import { STEP_DISTANCE } from "./measures.js";

/** A word is a sign (bit 31), a magnitude (bits 7 to 30) and seven bits that decide nothing. */
const MAGNITUDES = 2 ** 24;
const CHUNK = 2 ** 20;
const UNIT = 4096;
const LARGEST = 22200;

const positive = (magnitude: number) => magnitude << 7;
/** The word of a negative deviate; its low bits run through all patterns. */
const negative = (magnitude: number) => (1 << 31) | (magnitude << 7) | ((magnitude * 37) & 127);

/** The module's deviates of one word for every magnitude. Four words and more at a time take the SIMD path, one not. */
async function enumerate(wordOf: (magnitude: number) => number, wordsPerCall: number): Promise<Int16Array> {
  const { kernel, at } = await moduleWith(0n, { words: CHUNK * 4, out: CHUNK * 4 });
  const words = new Uint32Array(kernel.memory.buffer, at.words, CHUNK);
  const out = new Int32Array(kernel.memory.buffer, at.out, CHUNK);
  const all = new Int16Array(MAGNITUDES);
  for (let first = 0; first < MAGNITUDES; first += CHUNK) {
    for (let i = 0; i < CHUNK; i++) words[i] = wordOf(first + i);
    out.fill(-(2 ** 15)); // no deviate: shows what was not written
    for (let i = 0; i < CHUNK; i += wordsPerCall) kernel.deviateWords(at.words + i * 4, wordsPerCall, at.out + i * 4);
    all.set(out, first);
  }
  return all;
}

describe("deviates of all words", () => {
  let deviates: Int16Array;
  /** counts[k] magnitudes give k, upper[k] give at least k. */
  const counts = new Float64Array(LARGEST + 1);
  const upper = new Float64Array(LARGEST + 2);

  beforeAll(async () => {
    deviates = await enumerate(positive, CHUNK);
    for (const z of deviates) counts[z]!++;
    for (let k = LARGEST; k >= 0; k--) upper[k] = upper[k + 1]! + counts[k]!;
  });

  it("fall from 22200 to 0 as the magnitude grows", () => {
    expect(deviates[0]).toBe(LARGEST);
    expect(deviates.at(-1)).toBe(0);
    expect(deviates.findIndex((z, i) => i > 0 && z > deviates[i - 1]!)).toBe(-1);
    // All are counted, none is beyond the ends.
    expect(upper[0]).toBe(MAGNITUDES);
  });

  it("are symmetric, and bits 0 to 6 decide nothing", async () => {
    const mirrored = await enumerate(negative, CHUNK);
    expect(mirrored.findIndex((z, i) => z !== 0 - deviates[i]!)).toBe(-1);
  });

  it.each([
    ["positive", positive, 1],
    ["negative", negative, -1],
  ] as const)("are the same through SIMD and one by one: %s", async (_, wordOf, sign) => {
    const scalar = await enumerate(wordOf, 1);
    expect(scalar.findIndex((z, i) => z !== sign * deviates[i]! + 0)).toBe(-1);
  });

  it("are those of a task's matrix", async () => {
    // 784 columns are whole blocks: the words of the matrix follow each other without a gap.
    const n = 64 * 784;
    const { kernel, at } = await moduleWith(42n, { words: n * 4, deviates: n * 4, out: n * 4 });
    kernel.words(7, 0, 0, 0, n, at.words);
    kernel.deviateWords(at.words, n, at.out);
    kernel.deviates(7, 0, 64, 784, at.deviates);
    expect(u32(kernel, at.words, 4)).not.toEqual(new Uint32Array(4));
    expect(i32(kernel, at.out, n)).toEqual(i32(kernel, at.deviates, n));
  });

  it("have variance 1 - 1.95e-7 and fourth moment 3 - 5.1e-6", () => {
    const power = (k: bigint) => counts.reduce((sum, count, z) => sum + BigInt(count) * BigInt(z) ** k, 0n);
    // Exact, in units of 2^-24 / 4096^2 and 2^-24 / 4096^4.
    expect(power(2n)).toBe(281474921714792n);
    expect(power(4n)).toBe(14167075400326143887192n);
    const variance = Number(power(2n)) / 2 ** 48;
    const fourth = Number(power(4n)) / 2 ** 72;
    expect(Math.abs(variance - 1)).toBeLessThan(2.5e-7);
    expect(Math.abs(fourth - 3)).toBeLessThan(1e-5);
    expect(Math.abs(fourth / variance ** 2 - 3)).toBeLessThan(1e-5);
  });

  it("follow the normal CDF", () => {
    // A deviate k stands for the cell from k - 1/2 to k + 1/2. P(deviate >= k) = upper[k] / 2^25, as half of all words
    // are negative; the other half of the line is this one mirrored.
    let atEdges = 0;
    let atSteps = 0;
    for (let k = 1; k <= LARGEST + 1; k++) {
      const above = upper[k]! / (2 * MAGNITUDES);
      atEdges = Math.max(atEdges, Math.abs(above - normalTail((k - 0.5) / UNIT)));
      // The step function is flat between k - 1 and k: it is farthest from the monotonic CDF at an end.
      for (const end of [k - 1, k]) atSteps = Math.max(atSteps, Math.abs(above - normalTail(end / UNIT)));
    }
    expect(atEdges).toBeLessThan(1.2e-5);
    expect(atSteps).toBeLessThan(STEP_DISTANCE);
  });
});
