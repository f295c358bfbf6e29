import { beforeAll, describe, expect, it } from "vitest";
import {
  correlationP,
  expectPlausible,
  expectRejected,
  hermite,
  kolmogorovSmirnovP,
  momentP,
  type PValues,
  squares,
  uniformP,
} from "./measures.js";
import {
  CASES,
  COLUMNS,
  deviatesFrom,
  label,
  matrixOf,
  PERMUTATION,
  PROJECTION,
  SEQUENCE,
  type Stream,
  wordsOf,
} from "./sources.js";

// A test that always passes is no evidence: after each come its negative controls, generators with a small known defect.

const BASE: Stream = { seed: 0n, task: 0, purpose: PROJECTION, item: 0 };

describe("bytes of words", () => {
  // 1024 of each value expected at each place, for a defect of one word in sixteen to stand out by 20 deviations.
  const WORDS = 2 ** 18;

  /** The four bytes of a word are counted apart, so that a bad one does not hide behind three good ones. */
  function bytesP(words: Uint32Array): number {
    const counts = new Uint32Array(4 * 256);
    for (const word of words) for (let b = 0; b < 4; b++) counts[b * 256 + ((word >>> (8 * b)) & 255)]!++;
    return uniformP(counts, 4 * 255);
  }

  it("are uniform", async () => {
    const pValues: PValues = {};
    for (const task of CASES) {
      for (const purpose of [PROJECTION, PERMUTATION, SEQUENCE]) {
        const stream = { ...task, purpose, item: 0 };
        pValues[label(stream)] = bytesP(await wordsOf(stream, WORDS));
      }
    }
    expectPlausible(pValues);
  });

  it("are not, if one word in sixteen has its lowest bit cleared", async () => {
    const words = await wordsOf(BASE, WORDS);
    expectRejected(bytesP(words.map((word, i) => (i % 16 === 0 ? word & ~1 : word))));
  });

  it("are not, if they only count up", () => {
    expectRejected(bytesP(new Uint32Array(WORDS).map((_, i) => Math.imul(i & 255, 0x01010101))));
  });
});

describe("deviates of a matrix", () => {
  let sample: Float64Array;
  beforeAll(async () => {
    sample = await matrixOf(BASE);
  });

  it("follow the normal CDF", async () => {
    // With n = 10^6 and three cases a distance of 2.8e-3 fails; that deviates are steps makes 5.4e-5 of it.
    const pValues: PValues = {};
    for (const task of CASES) pValues[label(task)] = kolmogorovSmirnovP(await matrixOf(task));
    expectPlausible(pValues);
  });

  it("do not, if rounded to 1/32", () => {
    expectRejected(kolmogorovSmirnovP(sample.map((z) => Math.round(z * 32) / 32)));
  });

  const MOMENTS = ["mean", "variance", "skewness", "kurtosis"].map(
    (name, i) => [name, (i + 1) as 1 | 2 | 3 | 4] as const,
  );

  it("have the moments of a normal distribution", async () => {
    // The table's own errors, 2e-7 of the variance and 5e-6 of the fourth moment, are below 0.002 standard errors here.
    const pValues: PValues = {};
    for (const task of CASES) {
      const deviates = await matrixOf(task);
      for (const [name, k] of MOMENTS) pValues[`${name}, ${label(task)}`] = momentP(deviates, k);
    }
    expectPlausible(pValues);
  });

  it.each(MOMENTS)("do not, if the %s is shifted", (_, k) => {
    // z + c * He_{k-1}(z) changes, to first order in c, only the k-th Hermite moment: by c * k!.
    expectRejected(
      momentP(
        sample.map((z) => z + 0.02 * hermite[k - 1]!(z)),
        k,
      ),
    );
  });

  // Within a row; the same column of adjacent rows, of those four apart (the lanes of SIMD) and 32 apart (the tile).
  const LAGS = [...Array.from({ length: 16 }, (_, i) => i + 1), ...[1, 2, 3, 4, 32].map((rows) => rows * COLUMNS)];

  it("do not depend on those before them", async () => {
    const pValues: PValues = {};
    for (const task of CASES) {
      const deviates = await matrixOf(task);
      const sizes = squares(deviates);
      for (const lag of LAGS) {
        pValues[`lag ${lag}, ${label(task)}`] = correlationP(deviates, deviates, lag);
        pValues[`sizes, lag ${lag}, ${label(task)}`] = correlationP(sizes, sizes, lag);
      }
    }
    expectPlausible(pValues);
  });

  it.each([1, 16, COLUMNS])("do, if correlated by 0.02 at lag %i", (lag) => {
    const mixed = sample.map((z, i) => z + 0.02 * (sample[i - lag] ?? 0));
    expectRejected(correlationP(mixed, mixed, lag));
  });

  it.each([1, 16, COLUMNS])("do, if larger after large ones at lag %i", (lag) => {
    const sizes = squares(sample.map((z, i) => z * (1 + 0.02 * hermite[2](sample[i - lag] ?? 1))));
    expectRejected(correlationP(sizes, sizes, lag));
  });
});

describe("neighbouring streams", () => {
  // Adjacent seeds, tasks, purposes and items; numbers that would meet if two words of key or nonce were swapped, added
  // or dropped.
  const STREAMS: Stream[] = [
    BASE,
    ...[1n, 2n, 2n ** 32n, 2n ** 64n - 1n].map((seed) => ({ ...BASE, seed })),
    ...[1, 2, 2 ** 32 - 1].map((task) => ({ ...BASE, task })),
    ...[PERMUTATION, SEQUENCE].map((purpose) => ({ ...BASE, purpose })),
    ...[1, 2].map((item) => ({ ...BASE, item })),
    { seed: 1n, task: 1, purpose: PROJECTION, item: 0 },
  ];
  const WORDS = 2 ** 19;

  it("are not correlated", async () => {
    const deviates = await Promise.all(STREAMS.map(async (stream) => deviatesFrom(await wordsOf(stream, WORDS))));
    const sizes = deviates.map(squares);
    const pValues: PValues = {};
    STREAMS.forEach((a, i) => {
      STREAMS.slice(0, i).forEach((b, j) => {
        pValues[`${label(a)} and ${label(b)}`] = correlationP(deviates[i]!, deviates[j]!);
        pValues[`sizes, ${label(a)} and ${label(b)}`] = correlationP(sizes[i]!, sizes[j]!);
      });
    });
    expectPlausible(pValues);
  });

  it("would be seen to be, if one word in fifty were the same", async () => {
    const [x, other] = await Promise.all([BASE, { ...BASE, task: 1 }].map((stream) => wordsOf(stream, WORDS)));
    const y = await deviatesFrom(other!.map((word, i) => (i % 50 === 0 ? x![i]! : word)));
    expectRejected(correlationP(await deviatesFrom(x!), y));
  });

  // The first two words of a block stand for it. That any two of 13 * 2^13 agree by chance has P < 4e-10.
  const BLOCKS = 2 ** 13;
  const heads = (words: Uint32Array) =>
    Array.from({ length: BLOCKS }, (_, i) => `${words[16 * i]} ${words[16 * i + 1]}`);

  it("have no block in common, at whatever distance", async () => {
    const all = await Promise.all(STREAMS.map(async (stream) => heads(await wordsOf(stream, 16 * BLOCKS))));
    expect(new Set(all.flat()).size).toBe(STREAMS.length * BLOCKS);
  });

  it("would be seen to have, if the task were added to the counter", async () => {
    const all = await Promise.all([0, 1, 2].map(async (task) => heads(await wordsOf(BASE, 16 * BLOCKS, task))));
    expect(new Set(all.flat()).size).toBe(BLOCKS + 2);
  });
});
