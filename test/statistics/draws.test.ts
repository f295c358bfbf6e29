import { describe, expect, it } from "vitest";
import { type Module, moduleWith } from "../support/module.js";
import { normalP } from "./distributions.js";
import { expectPlausible, expectRejected, type PValues, tally, uniformP } from "./measures.js";
import { CASES, label, SEEDS, SEQUENCE, wordsOf } from "./sources.js";

// As in streams.test.ts, each test has its negative controls: the mistakes that are easily made in just this place.

const WORDS = await wordsOf({ seed: 0n, task: 0, purpose: SEQUENCE, item: 0 }, 2 ** 21);

/** The numbers that `call` writes for i = 0, 1, ...: `count` times `length`, one after the other. */
async function collect(
  seed: bigint,
  count: number,
  length: number,
  call: (kernel: Module, i: number, at: { out: number; taken: number }) => void,
): Promise<Uint32Array> {
  const { kernel, at } = await moduleWith(seed, { out: length * 4, taken: 2 ** 13 });
  const all = new Uint32Array(count * length);
  for (let i = 0; i < count; i++) {
    call(kernel, i, at);
    all.set(new Uint32Array(kernel.memory.buffer, at.out, length), i * length);
  }
  return all;
}

/** f(the first `length` numbers), f(the next), ... */
function inGroups(numbers: Uint32Array, length: number, f: (group: Uint32Array) => number): Uint32Array {
  return Uint32Array.from({ length: numbers.length / length }, (_, i) =>
    f(numbers.subarray(i * length, (i + 1) * length)),
  );
}

describe("integers below n", () => {
  // For small n a generator without rejection is off by one in 70000 at most, which no test of this size sees. For
  // 3 * 2^30 a quarter of the words is rejected, and without that multiples of 3 would be twice as frequent: so its
  // cells are the remainder by 3 and the upper four bits.
  const LARGE = 3 * 2 ** 30;
  const largeCell = (index: number) => (index >>> 28) * 3 + (index % 3);
  const DRAWS = 2 ** 21; // 35 for each image of MNIST
  const draw = (seed: bigint, task: number, n: number) =>
    collect(seed, 1, DRAWS, (kernel, _, { out }) => kernel.drawWithReplacement(task, 0, n, DRAWS, out));

  it("are uniform", async () => {
    const pValues: PValues = {};
    for (const { seed, task } of CASES) {
      for (const n of [3, 10, 60000]) {
        pValues[label({ n, seed, task })] = uniformP(tally(await draw(seed, task, n), n));
      }
      const large = await draw(seed, task, LARGE);
      pValues[label({ n: LARGE, seed, task })] = uniformP(tally(large.map(largeCell), 36));
    }
    expectPlausible(pValues);
  });

  it("are not, without rejection", () => {
    expectRejected(
      uniformP(
        tally(
          WORDS.map((word) => largeCell(Math.floor((word / 4) * 3))),
          36,
        ),
      ),
    );
  });

  it("are not, from 16 bits", () => {
    expectRejected(
      uniformP(
        tally(
          WORDS.map((word) => ((word >>> 16) * 60000) >>> 16),
          60000,
        ),
      ),
    );
  });

  // 1 and 2^32 - 1 are the ends; 2^31 + 1 rejects nearly half of all words, 3 * 2^30 a quarter.
  it.each([1, 3, 60000, 2 ** 31 + 1, LARGE, 2 ** 32 - 1])(
    "are those of the definition, rejection included: %i",
    async (n) => {
      const stream = { seed: 42n, task: 7, purpose: SEQUENCE, item: 5 };
      const length = 2 ** 14;
      const expected: number[] = [];
      const threshold = (2n ** 32n - BigInt(n)) % BigInt(n);
      for (const word of await wordsOf(stream, 3 * length)) {
        const product = BigInt(word) * BigInt(n);
        if (BigInt.asUintN(32, product) >= threshold) expected.push(Number(product >> 32n));
      }
      const drawn = await collect(stream.seed, 1, length, (kernel, _, { out }) =>
        kernel.drawWithReplacement(stream.task, stream.item, n, length, out),
      );
      expect(Array.from(drawn)).toEqual(expected.slice(0, length));
    },
  );

  it("leave none out", async () => {
    // That some image of MNIST never comes has P < 60000 * exp(-35) = 4e-11.
    for (const { seed, task } of CASES) expect(tally(await draw(seed, task, 60000), 60000)).not.toContain(0);
  });
});

describe("first draws", () => {
  // Of many short sequences rather than of a long one: 655 in each of the 100 cells of two numbers below 10.
  const pairP = (pairs: Uint32Array) =>
    uniformP(
      tally(
        inGroups(pairs, 2, ([a, b]) => a! * 10 + b!),
        100,
      ),
    );

  it("are uniform pairs over sequences, tasks, samples", async () => {
    const pValues: PValues = {};
    for (const seed of SEEDS) {
      const pairs = (call: Parameters<typeof collect>[3]) => collect(seed, 2 ** 16, 2, call);
      pValues[`sequences, seed ${seed}`] = pairP(await pairs((k, i, at) => k.drawWithReplacement(0, i, 10, 2, at.out)));
      pValues[`tasks, seed ${seed}`] = pairP(await pairs((k, i, at) => k.drawWithReplacement(i, 0, 10, 2, at.out)));
      pValues[`samples, seed ${seed}`] = pairP(await pairs((k, i, at) => k.drawSample(i, 10, 10, at.out)));
    }
    expectPlausible(pValues);
  });

  it("are not, if one in ten has the same number twice in a row", () => {
    const pairs = WORDS.subarray(0, 2 ** 17).map((word) => word % 10);
    expectRejected(pairP(pairs.map((n, i) => (i % 20 === 1 ? pairs[i - 1]! : n))));
  });
});

describe("permutations", () => {
  const TASKS = 2 ** 17;
  /** The first tasks and the last. */
  const RANGES = SEEDS.flatMap((seed) => [0, 2 ** 32 - TASKS].map((first) => ({ seed, first })));
  const permute = (seed: bigint, first: number, n: number) =>
    collect(seed, TASKS, n, (kernel, i, { out }) => kernel.permutation(first + i, n, out));

  /** Shuffles of 0..n-1 as assembly/permutation.ts makes them, but that label i is swapped with one of `partners(i)`. */
  function shuffles(n: number, partners: (i: number) => number): Uint32Array {
    const count = Math.floor(WORDS.length / (n - 1));
    const all = new Uint32Array(count * n).map((_, i) => i % n);
    let next = 0;
    for (let first = 0; first < all.length; first += n) {
      for (let i = n - 1; i > 0; i--) {
        const j = Math.floor((WORDS[next++]! / 2 ** 32) * partners(i));
        [all[first + i], all[first + j]] = [all[first + j]!, all[first + i]!];
      }
    }
    return all;
  }

  /** 0..23 for permutations of 4, 5461 of each expected. */
  const rank = ([a, b, c, d]: Uint32Array) => a! * 6 + (b! - Number(b! > a!)) * 2 + Number(c! > d!);
  const ranks = (permutations: Uint32Array) => inGroups(permutations, 4, rank);

  it("of 4 labels are uniform, and so are those of two adjacent tasks together", async () => {
    const pValues: PValues = {};
    for (const { seed, first } of RANGES) {
      const single = ranks(await permute(seed, first, 4));
      pValues[label({ seed, first })] = uniformP(tally(single, 24));
      pValues[`pairs, ${label({ seed, first })}`] = uniformP(
        tally(
          inGroups(single, 2, ([a, b]) => a! * 24 + b!),
          576,
        ),
      );
    }
    pValues["the model of the controls"] = uniformP(tally(ranks(shuffles(4, (i) => i + 1)), 24));
    expectPlausible(pValues);
  });

  it("of 4 labels are not, if every label is swapped with any other", () => {
    expectRejected(uniformP(tally(ranks(shuffles(4, () => 4)), 24)));
  });

  it("of two adjacent tasks are not, if one in sixteen is kept", () => {
    const single = ranks(shuffles(4, (i) => i + 1)).slice(0, TASKS);
    const pairs = inGroups(single, 2, ([a, b]) => a! * 24 + b!);
    expectRejected(
      uniformP(
        tally(
          pairs.map((pair, i) => (i % 16 === 0 ? Math.floor(pair / 24) * 25 : pair)),
          576,
        ),
      ),
    );
  });

  /**
   * The 10 x 10 table of which label is where. Each permutation fills every row and column once, so the counts depend on
   * each other: their covariance is a projection onto 9 x 9 dimensions, by 10 / 9 larger than that of free counts.
   */
  const tableP = (permutations: Uint32Array) => {
    const cells = permutations.map((value, i) => (i % 10) * 10 + value);
    return uniformP(tally(cells, 100), 81, 9 / 10);
  };

  it("of 10 have every label everywhere equally often", async () => {
    const pValues: PValues = {};
    for (const { seed, first } of RANGES) {
      pValues[`labels, ${label({ seed, first })}`] = tableP(await permute(seed, first, 10));
      // Ten of ten examples without replacement are a permutation as well.
      const drawn = await collect(seed, TASKS, 10, (kernel, i, { out, taken }) =>
        kernel.drawWithoutReplacement(first, i, 10, 10, out, taken),
      );
      pValues[`examples, ${label({ seed, first })}`] = tableP(drawn);
    }
    pValues["the model of the controls"] = tableP(shuffles(10, (i) => i + 1));
    expectPlausible(pValues);
  });

  it("of 10 have not, if no label may be swapped with itself", () => {
    expectRejected(tableP(shuffles(10, (i) => i)));
  });

  it("of 10 have not, if every label is swapped with any other", () => {
    expectRejected(tableP(shuffles(10, () => 10)));
  });
});

describe("repeated examples", () => {
  const LENGTH = 100;

  /** The number of indices, `LENGTH` below n in each sequence, that had come before in their sequence. */
  function repeats(indices: Uint32Array, n: number): number {
    const lastSequence = new Int32Array(n).fill(-1);
    let count = 0;
    indices.forEach((index, i) => {
      const sequence = Math.floor(i / LENGTH);
      if (lastSequence[index] === sequence) count++;
      lastSequence[index] = sequence;
    });
    return count;
  }

  /** The z-test of it. Mean and variance are exact: those of the empty urns when `LENGTH` balls fall into n urns. */
  function repeatsP(indices: Uint32Array, n: number): number {
    const sequences = indices.length / LENGTH;
    const empty = (1 - 1 / n) ** LENGTH; // P(an urn stays empty)
    const mean = LENGTH - n * (1 - empty);
    const variance = n * (n - 1) * (1 - 2 / n) ** LENGTH + n * empty - (n * empty) ** 2;
    return normalP((repeats(indices, n) - sequences * mean) / Math.sqrt(sequences * variance));
  }

  // Sequences enough for thousands of repetitions, so that their number is close to normal: 0.082 are expected in one of
  // MNIST's, 4.8 in one of a thousand images.
  const SIZES = [
    { n: 60000, sequences: 2 ** 16 },
    { n: 1000, sequences: 2 ** 13 },
  ];
  const withReplacement = (seed: bigint, task: number, n: number, sequences: number) =>
    collect(seed, sequences, LENGTH, (kernel, i, { out }) => kernel.drawWithReplacement(task, i, n, LENGTH, out));

  it("are as many as chance makes", async () => {
    const pValues: PValues = {};
    for (const seed of SEEDS) {
      for (const { n, sequences } of SIZES) {
        pValues[label({ n, seed })] = repeatsP(await withReplacement(seed, 7, n, sequences), n);
      }
    }
    expectPlausible(pValues);
  });

  it.each(SIZES)("are fewer without replacement: $n", async ({ n, sequences }) => {
    const drawn = await collect(0n, sequences, LENGTH, (kernel, i, { out, taken }) =>
      kernel.drawWithoutReplacement(7, i, n, LENGTH, out, taken),
    );
    expect(repeats(drawn, n)).toBe(0);
    expectRejected(repeatsP(drawn, n));
  });

  it.each(SIZES)("are more, if one sequence in four ends as it began: $n", async ({ n, sequences }) => {
    const drawn = await withReplacement(0n, 7, n, sequences);
    for (let i = 0; i < drawn.length; i += 4 * LENGTH) drawn[i + LENGTH - 1] = drawn[i]!;
    expectRejected(repeatsP(drawn, n));
  });
});
