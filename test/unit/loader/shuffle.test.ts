import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { openTasks } from "taskloom";
import { describe, expect, test } from "vitest";
import { Shuffle, ShuffleKeys } from "../../../src/loader/shuffle.js";
import { recipeFor, SMALL, someDigits } from "../../loader/support.js";
import { normalP } from "../../statistics/distributions.js";
import { expectPlausible, expectRejected, type PValues, tally, uniformP } from "../../statistics/measures.js";
import { run } from "../../support/cli.js";
import { pythonWithNumpy } from "../../support/python.js";

interface Case {
  seed: string;
  epoch: number;
  keys: number[];
  length: number;
  positions: number[];
  numbers: number[];
}
const { cases } = JSON.parse(readFileSync(new URL("../../vectors/shuffle-v1.json", import.meta.url), "utf8")) as {
  cases: Case[];
};

const seeded = new ShuffleKeys(20260n);
/** The order of 0..length - 1 in an epoch. */
function orderOf(epoch: number, length: number, keys = seeded.of(epoch)): number[] {
  const shuffle = new Shuffle(keys, length);
  return Array.from({ length }, (_, position) => shuffle.at(position));
}

describe("vectors", () => {
  test.each(cases.map((c) => [`seed ${c.seed}, epoch ${c.epoch}, length ${c.length}`, c] as const))(
    "%s",
    async (_, c) => {
      const keys = new ShuffleKeys(BigInt(c.seed)).of(c.epoch);
      expect([...keys]).toEqual(c.keys);
      const shuffle = new Shuffle(keys, c.length);
      expect(c.positions.map((position) => shuffle.at(position))).toEqual(c.numbers);
      expect(c.numbers.map((number) => shuffle.positionOf(number))).toEqual(c.positions);
    },
  );

  test("the file is what its script makes", { tags: ["python"] }, async () => {
    const script = fileURLToPath(new URL("../../../scripts/make-shuffle-vectors.py", import.meta.url));
    const { code, stderr } = await run(pythonWithNumpy(), ["-B", script, "--check"]);
    expect(code, stderr).toBe(0);
  });
});

test("a loader gives the sequences of an epoch in this order", async () => {
  const tasks = await openTasks(await recipeFor(SMALL), { dataset: await someDigits(), workers: 0, backend: "wasm" });
  const indices: number[] = [];
  for await (const batch of tasks.batches({ batchSize: 8, shuffle: true, epoch: 5 })) indices.push(...batch.indices);
  await tasks.dispose();
  expect(indices).toEqual(orderOf(5, 46, new ShuffleKeys(SMALL.seed).of(5)));
});

describe("a bijection", () => {
  const lengths = [...Array.from({ length: 300 }, (_, i) => i + 1), 511, 512, 513, 65536, 100_003];

  test("has every number once, for all small lengths and some large ones", () => {
    for (const length of lengths) {
      const shuffle = new Shuffle(seeded.of(length), length);
      const seen = new Uint8Array(length);
      let wrong = 0;
      for (let position = 0; position < length; position++) {
        const number = shuffle.at(position);
        seen[number]!++;
        if (shuffle.positionOf(number) !== position) wrong++;
      }
      expect(wrong, `length ${length}: positions that the inverse does not find`).toBe(0);
      expect(
        seen.every((count) => count === 1),
        `length ${length}`,
      ).toBe(true);
    }
  });

  test("goes back and forth, for any length up to 2^53 - 1", () => {
    const place = fc
      .bigInt(1n, 2n ** 53n - 1n)
      .chain((length) => fc.tuple(fc.constant(Number(length)), fc.bigInt(0n, length - 1n).map(Number)));
    fc.assert(
      fc.property(place, fc.nat(2 ** 32 - 1), ([length, position], epoch) => {
        const shuffle = new Shuffle(seeded.of(epoch), length);
        const number = shuffle.at(position);
        expect(Number.isSafeInteger(number) && number >= 0 && number < length).toBe(true);
        expect(shuffle.positionOf(number)).toBe(position);
        expect(shuffle.at(shuffle.positionOf(position))).toBe(position);
      }),
      { numRuns: 500 },
    );
  });
});

/** The place of an order among all of its length: its Lehmer code, read as one number. */
function rank(order: number[]): number {
  let rank = 0;
  order.forEach((number, i) => {
    rank = rank * (order.length - i) + order.slice(i + 1).filter((later) => later < number).length;
  });
  return rank;
}
const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

describe("epochs", () => {
  test("have all orders of up to 6 numbers equally often", () => {
    const pValues: PValues = {};
    for (const length of [2, 3, 4, 5, 6]) {
      // 25 of each order to be expected, and no fewer than 2,000 epochs.
      const epochs = Math.max(2000, 25 * factorial(length));
      const ranks = Array.from({ length: epochs }, (_, epoch) => rank(orderOf(epoch, length)));
      pValues[length] = uniformP(tally(ranks, factorial(length)));
    }
    expectPlausible(pValues);
  });

  test("do not, were there 4 rounds", () => {
    // The same network on the smallest domain, cut short: what the test above has to see.
    const mix = (h: number) => {
      h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
      h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
      return h ^ (h >>> 16);
    };
    const short = (epoch: number) => {
      const keys = seeded.of(epoch);
      return Array.from({ length: 4 }, (_, x) => {
        let [high, low] = [x >> 1, x & 1];
        for (let r = 0; r < 4; r += 2) {
          high = (high + mix(low ^ keys[r]!)) & 1;
          low = (low + mix(high ^ keys[r + 1]!)) & 1;
        }
        return high * 2 + low;
      });
    };
    expectRejected(
      uniformP(
        tally(
          Array.from({ length: 24_000 }, (_, epoch) => rank(short(epoch))),
          24,
        ),
      ),
    );
  });

  // Powers of two, which are never walked, and others; even and uneven halves.
  const lengths = [10, 256, 512, 1000];

  test("put a number anywhere, and the one after it anywhere else", () => {
    const pValues: PValues = {};
    for (const length of lengths) {
      const epochs = 20 * length;
      const first: number[] = [];
      const apart: number[] = [];
      for (let epoch = 0; epoch < epochs; epoch++) {
        const shuffle = new Shuffle(seeded.of(epoch), length);
        const [a, b] = [shuffle.positionOf(0), shuffle.positionOf(1)];
        first.push(a);
        apart.push(((b - a + length) % length) - 1);
      }
      pValues[`place of 0 among ${length}`] = uniformP(tally(first, length));
      pValues[`distance from 0 to 1 among ${length}`] = uniformP(tally(apart, length - 1));
    }
    expectPlausible(pValues);
  });

  test("have as many ascents, fixed points and odd orders as chance has", () => {
    const pValues: PValues = {};
    for (const length of lengths) {
      const epochs = 4000;
      let ascents = 0;
      let fixed = 0;
      let odd = 0;
      for (let epoch = 0; epoch < epochs; epoch++) {
        const order = orderOf(epoch, length);
        ascents += order.filter((number, i) => i > 0 && number > order[i - 1]!).length;
        fixed += order.filter((number, i) => number === i).length;
        odd += isOdd(order) ? 1 : 0;
      }
      // Ascents of a random order: mean (n - 1) / 2, variance (n + 1) / 12. Fixed points: mean 1, variance 1.
      const score = (sum: number, mean: number, variance: number) =>
        normalP((sum - epochs * mean) / Math.sqrt(epochs * variance));
      pValues[`ascents of ${length}`] = score(ascents, (length - 1) / 2, (length + 1) / 12);
      pValues[`fixed points of ${length}`] = score(fixed, 1, 1);
      pValues[`odd orders of ${length}`] = score(odd, 0.5, 0.25);
    }
    expectPlausible(pValues);
  });

  test("do not resemble each other, nor those of the next seed", async () => {
    const others = new ShuffleKeys(20261n);
    const pValues: PValues = {};
    for (const length of lengths) {
      const pairs = 2000;
      let epochs = 0;
      let seeds = 0;
      for (let epoch = 0; epoch < pairs; epoch++) {
        const order = orderOf(epoch, length);
        const next = orderOf(epoch + 1, length);
        const elsewhere = orderOf(epoch, length, others.of(epoch));
        epochs += order.filter((number, i) => number === next[i]).length;
        seeds += order.filter((number, i) => number === elsewhere[i]).length;
      }
      // Places where two random orders agree: mean 1, variance 1, as fixed points.
      pValues[`epochs, ${length}`] = normalP((epochs - pairs) / Math.sqrt(pairs));
      pValues[`seeds, ${length}`] = normalP((seeds - pairs) / Math.sqrt(pairs));
    }
    expectPlausible(pValues);
  });

  test("in a large set: the beginning of an order is spread evenly, in high and in low bits", () => {
    const pValues: PValues = {};
    for (const length of [2 ** 24, 2 ** 32, 2 ** 53 - 1]) {
      const shuffle = new Shuffle(seeded.of(1), length);
      const prefix = Array.from({ length: 2 ** 15 }, (_, position) => shuffle.at(position));
      expect(new Set(prefix).size).toBe(prefix.length);
      pValues[`high, ${length}`] = uniformP(
        tally(
          prefix.map((number) => Math.floor((number / length) * 256)),
          256,
        ),
      );
      pValues[`low, ${length}`] = uniformP(
        tally(
          prefix.map((number) => number % 256),
          256,
        ),
      );
    }
    expectPlausible(pValues);
  });
});

/** Says whether an odd number of swaps makes the order: n less the number of its cycles. */
function isOdd(order: number[]): boolean {
  const seen = new Uint8Array(order.length);
  let swaps = order.length;
  order.forEach((_, start) => {
    if (seen[start]) return;
    swaps--;
    for (let at = start; !seen[at]; at = order[at]!) seen[at] = 1;
  });
  return swaps % 2 === 1;
}
