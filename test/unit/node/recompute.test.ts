import { expect, test } from "vitest";
import { sample } from "../../../src/node/read/recompute.js";

test("a sample has the size asked for, in order, without repetition, whatever the size", async () => {
  for (const [count, n] of [
    [10, 1],
    [10, 9],
    [10, 10],
    [10, 11],
    [100_000, 99_999],
  ] as const) {
    const drawn = await sample(count, n, undefined);
    expect(drawn).toHaveLength(Math.min(n, count));
    expect(new Set(drawn).size).toBe(drawn.length);
    expect([...drawn].sort((a, b) => a - b)).toEqual(drawn);
    expect(drawn.every((number) => Number.isInteger(number) && number >= 0 && number < count)).toBe(true);
  }
  const seen = new Set<number>();
  for (let i = 0; i < 400; i++) for (const number of await sample(5, 2, undefined)) seen.add(number);
  expect([...seen].sort()).toEqual([0, 1, 2, 3, 4]);
});
