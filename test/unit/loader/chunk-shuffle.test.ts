import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChunkShuffle } from "../../../src/loader/chunk-shuffle.js";
import { ShuffleKeys } from "../../../src/loader/shuffle.js";
import { expectPlausible, expectRejected, type PValues, uniformP } from "../../statistics/measures.js";

const keys = new ShuffleKeys(20260n);

function orderOf(epoch: number, length: number, chunkItems: number, blockChunks: number): number[] {
  const shuffle = new ChunkShuffle(keys, epoch, length, chunkItems, blockChunks);
  return Array.from({ length }, (_, position) => shuffle.at(position));
}

describe("an order in blocks of chunks", () => {
  test("has every item once, and comes to a block when it is done with the one before", () => {
    const sizes = fc.tuple(
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 20 }),
    );
    fc.assert(
      fc.property(sizes, fc.nat(2 ** 32 - 1), ([length, chunkItems, blockChunks], epoch) => {
        const order = orderOf(epoch, length, chunkItems, blockChunks);
        expect([...order].sort((a, b) => a - b)).toEqual(order.map((_, i) => i));
        // The chunks in the order in which they first come: those of a block are all read before any of the next.
        const chunkOf = (item: number) => Math.floor(item / chunkItems);
        const chunks = [...new Set(order.map(chunkOf))];
        const block = new Map(chunks.map((chunk, place) => [chunk, Math.floor(place / blockChunks)]));
        const blocks = order.map((item) => block.get(chunkOf(item)) as number);
        expect(blocks).toEqual([...blocks].sort((a, b) => a - b));
      }),
      { numRuns: 500 },
    );
  });

  test("finds places far apart in sets of up to 2^53 - 1 items", () => {
    const length = 2 ** 53 - 1;
    const place = fc.bigInt(0n, 2n ** 53n - 2n).map(Number);
    for (const [chunkItems, blockChunks] of [
      [2 ** 40 + 1, 7],
      [3, 2 ** 30],
      [length, 5],
    ] as const) {
      const shuffle = new ChunkShuffle(keys, 3, length, chunkItems, blockChunks);
      fc.assert(
        fc.property(fc.uniqueArray(place, { minLength: 50, maxLength: 50 }), (places) => {
          const items = places.map((position) => shuffle.at(position));
          expect(new Set(items).size).toBe(items.length);
          for (const item of items) expect(Number.isSafeInteger(item) && item >= 0 && item < length).toBe(true);
        }),
        { numRuns: 20 },
      );
    }
  });

  test("has all orders that its blocks allow equally often", () => {
    const epochs = 4000;
    const countsOf = (orderAt: (epoch: number) => number[]) => {
      const found = new Map<string, number>();
      for (let epoch = 0; epoch < epochs; epoch++) {
        const order = orderAt(epoch).join();
        found.set(order, (found.get(order) ?? 0) + 1);
      }
      return [...found.values()];
    };
    const pValues: PValues = {};
    for (const [length, chunkItems, blockChunks, orders] of [
      // Two chunks in either order, each of two in either order.
      [4, 2, 1, 8],
      // One block of both: all orders of four.
      [4, 2, 2, 24],
      // A short chunk.
      [3, 2, 1, 4],
      [3, 2, 2, 6],
      [6, 2, 1, 48],
    ] as const) {
      const counts = countsOf((epoch) => orderOf(epoch, length, chunkItems, blockChunks));
      const name = `${length} in chunks of ${chunkItems}, blocks of ${blockChunks}`;
      expect(counts.length, name).toBe(orders);
      pValues[name] = uniformP(counts);
    }
    expectPlausible(pValues);
    expectRejected(uniformP(countsOf((epoch) => orderOf(epoch % 10 === 0 ? 0 : epoch, 4, 2, 2))));
  });
});
