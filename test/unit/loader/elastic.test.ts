import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InvalidOptionError } from "../../../src/base/errors.js";
import type { LoaderOptions } from "../../../src/loader/options.js";
import type { LoaderState } from "../../../src/loader/state.js";
import { type BareBatch, type BareSet, bareWalk, RECIPE } from "./walks.js";

/** Walks of all readers, batch by batch. */
function readers(set: BareSet, count: number, options: LoaderOptions): BareBatch[][] {
  return Array.from({ length: count }, (_, index) => [
    ...bareWalk(set, { ...options, shard: { index, count } }).batches(),
  ]);
}

/** The sequences of all readers, round by round. */
function rounds(batches: readonly (readonly BareBatch[])[]): number[][] {
  const most = Math.max(...batches.map(({ length }) => length));
  return Array.from({ length: most }, (_, round) => batches.flatMap((some) => some[round]?.indices ?? []));
}

const divisors = (n: number) => Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);

/** A small set, and a walk over it that does not say how many readers there are. */
const shuffles = fc.constantFrom<Pick<LoaderOptions, "shuffle" | "chunkItems" | "blockChunks">>(
  { shuffle: false },
  { shuffle: true },
  { shuffle: "tasks" },
  { shuffle: "chunks", chunkItems: 5, blockChunks: 2 },
  { shuffle: "chunks", chunkItems: 3, blockChunks: 4 },
);
const worlds = fc.integer({ min: 1, max: 9 });
const sets = fc.record({
  tasks: fc.integer({ min: 1, max: 90 }),
  itemsPerTask: fc.constantFrom(1, 2, 3),
  shuffleSeed: fc.bigInt(0n, 2n ** 64n - 1n),
});
const setOf = ({
  tasks,
  itemsPerTask,
  shuffleSeed,
}: {
  tasks: number;
  itemsPerTask: number;
  shuffleSeed: bigint;
}): BareSet => ({
  items: tasks * itemsPerTask,
  itemsPerTask,
  shuffleSeed,
});
const evens = fc.constantFrom("drop" as const, "pad" as const);

describe("worlds of 1 to 9 readers against one reader", () => {
  const cases = fc.record({
    set: sets,
    world: worlds,
    batchSize: fc.integer({ min: 1, max: 12 }),
    even: evens,
    order: shuffles,
    reshuffle: fc.boolean(),
    epoch: fc.integer({ min: 0, max: 2 ** 32 - 3 }),
  });

  test("all ranks have the same number of batches, all of batchSize; round by round they are the batches of one reader", () => {
    let walked = 0;
    fc.assert(
      fc.property(cases, ({ set: some, world, batchSize, even, order, reshuffle, epoch }) => {
        const set = setOf(some);
        const options = { ...order, reshuffle, epoch, epochs: 2, even };
        const global = batchSize * world;
        const fits =
          even === "drop" ? global <= set.items : batchSize <= set.items && Math.ceil(set.items / batchSize) >= world;
        if (!fits) {
          expect(() => readers(set, world, { ...options, batchSize })).toThrow(InvalidOptionError);
          return;
        }
        walked++;
        const found = readers(set, world, { ...options, batchSize });
        const perEpoch = even === "drop" ? Math.floor(set.items / global) : Math.ceil(set.items / global);
        for (const batches of found) {
          expect(batches.length).toBe(2 * perEpoch);
          expect(batches.every(({ indices }) => indices.length === batchSize)).toBe(true);
        }
        // The order that one reader of single sequences has, cut into rounds.
        for (const [i, number] of [epoch, epoch + 1].entries()) {
          const [one] = readers(set, 1, { ...order, reshuffle, epoch: number, batchSize: 1 });
          const expected = (one as BareBatch[]).flatMap(({ indices }) => indices);
          const filled = [...expected, ...expected].slice(0, perEpoch * global);
          const some = rounds(found.map((batches) => batches.slice(i * perEpoch, (i + 1) * perEpoch)));
          expect(some.flat()).toEqual(filled);
        }
        // After the same round all readers have the same state.
        for (const batches of found)
          expect(batches.map(({ state }) => state)).toEqual(found[0]?.map(({ state }) => state));
      }),
      { numRuns: 300 },
    );
    expect(walked).toBeGreaterThan(100);
  });

  test("a state goes on in any world whose global batch divides the sequences consumed, with exactly the rest", () => {
    let resumed = 0;
    fc.assert(
      fc.property(cases, worlds, fc.nat(), fc.nat(), fc.nat(), (c, next, cut, pick, rank) => {
        const { set: some, world, batchSize, even, order, reshuffle, epoch } = c;
        const set = setOf(some);
        const options = { ...order, reshuffle, epoch, epochs: 2, even };
        const fits = (size: number, count: number) =>
          even === "drop" ? size * count <= set.items : size <= set.items && Math.ceil(set.items / size) >= count;
        if (!fits(batchSize, world)) return;
        const before = readers(set, world, { ...options, batchSize });
        const taken = cut % ((before[0]?.length ?? 0) + 1);
        const batches = before[rank % world] as BareBatch[];
        const state: LoaderState =
          taken === 0
            ? bareWalk(set, { ...options, batchSize, shard: { index: 0, count: world } }).state
            : (batches[taken - 1] as BareBatch).state;
        const kept = JSON.parse(JSON.stringify(state)) as LoaderState;
        const { consumed } = kept;
        const sizes = (consumed === 0 ? [1, 2, 5, batchSize] : divisors(consumed).map((d) => d / next)).filter(
          (size) => Number.isInteger(size) && fits(size, next),
        );
        if (sizes.length === 0) return;
        resumed++;
        const size = sizes[pick % sizes.length] as number;
        const after = readers(set, next, { state: kept, batchSize: size });
        // The new readers, had they begun this epoch.
        const whole = readers(set, next, {
          ...options,
          epoch: kept.epoch,
          epochs: Math.max(1, kept.epochs as number),
          batchSize: size,
        });
        const skipped = consumed / (size * next);
        const expected = whole.map((some) => (kept.epochs === 0 ? [] : some.slice(skipped)));
        expect(after).toEqual(expected);
        // Nothing is lost or repeated where whole rounds remain.
        if (consumed > 0 && even === "drop") {
          const seen = rounds(before.map((some) => some.slice(0, taken))).flat();
          const inEpoch = seen.slice(seen.length - consumed);
          const here = after.map((some) => some.filter(({ epoch }) => epoch === kept.epoch));
          const all = [...inEpoch, ...rounds(here).flat()];
          expect(new Set(all).size).toBe(all.length);
          expect(all.length).toBe(consumed + Math.floor((set.items - consumed) / (size * next)) * size * next);
        }
      }),
      { numRuns: 400 },
    );
    expect(resumed).toBeGreaterThan(100);
  });

  test("with even: false each sequence comes once over all readers, and states of the same round are the same", () => {
    fc.assert(
      fc.property(cases, ({ set: some, world, batchSize, order, reshuffle }) => {
        const set = setOf(some);
        const options = { ...order, reshuffle, epochs: 2, even: false, batchSize } as const;
        const found = readers(set, world, options);
        const [one] = readers(set, 1, options);
        const byPlace = (a: BareBatch, b: BareBatch) => a.epoch - b.epoch || a.batch - b.batch;
        const batches = Math.ceil(set.items / batchSize);
        const walked = (one as BareBatch[]).filter(({ batch }) => batch < batches);
        const bare = (some: BareBatch[]) => some.map(({ epoch, batch, indices }) => ({ epoch, batch, indices }));
        expect(bare(found.flat().sort(byPlace))).toEqual(bare(walked));
        const inEpoch = found.map((some) => some.filter(({ epoch }) => epoch === 0));
        for (const some of inEpoch) {
          for (const [round, { state }] of some.entries()) expect(state).toEqual(inEpoch[0]?.[round]?.state);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("what is refused says what would do", () => {
  const set: BareSet = { items: 100, itemsPerTask: 1, shuffleSeed: 11n };
  const { state } = readers(set, 4, { batchSize: 3, shuffle: true, epochs: 2 })[0]![4]!;

  test("16 batches on 3 ranks are 5 steps each in every epoch, where they were 6, 5 and 5", () => {
    const small: BareSet = { items: 64, itemsPerTask: 1, shuffleSeed: 1n };
    const options = { batchSize: 4, shuffle: true, epochs: 3 };
    expect(readers(small, 3, options).map(({ length }) => length)).toEqual([15, 15, 15]);
    expect(readers(small, 3, { ...options, dropLast: true }).map(({ length }) => length)).toEqual([15, 15, 15]);
    expect(readers(small, 3, { ...options, even: "pad" }).map(({ length }) => length)).toEqual([18, 18, 18]);
    expect(readers(small, 3, { ...options, even: false }).map(({ length }) => length)).toEqual([18, 15, 15]);
  });

  test.each([
    [
      { count: 16 },
      { batchSize: 8 },
      /^shard.count is 16; allowed: at most 12, .* batchSize: 6 would do for 16 readers/,
    ],
    [{ count: 16 }, { batchSize: 8, even: "pad" }, /^shard.count is 16; allowed: at most 13, .* batchSize: 6 would do/],
    [
      { count: 101 },
      {},
      /^shard.count is 101; allowed: at most 1, as an epoch of 100 sequences has 1 batches of 64.*even: false/,
    ],
    [{ count: 1 }, { batchSize: 101 }, /^batchSize is 101; allowed: at most 100/],
    [{ count: 1 }, { batchSize: 101, even: "pad" }, /^batchSize is 101; allowed: at most 100/],
    [{ count: 1 }, { batchSize: 101, even: false, dropLast: true }, /^batchSize is 101; allowed: at most 100/],
    [{ count: 2 }, { even: "round" }, /^even is "round"; allowed: "drop", "pad" or false/],
  ] as const)("%o with %o", (shard, options, message) => {
    expect(() => bareWalk(set, { ...(options as LoaderOptions), shard: { index: 0, ...shard } })).toThrow(message);
  });

  test("the suggested batch sizes are the largest that do", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 300 }), fc.integer({ min: 2, max: 40 }), evens, (items, count, even) => {
        const walk = (batchSize: number) => () =>
          bareWalk({ items, itemsPerTask: 1, shuffleSeed: 0n }, { batchSize, even, shard: { index: 0, count } });
        let message = "";
        try {
          walk(items)();
        } catch (error) {
          message = (error as Error).message;
        }
        const [, size] = /batchSize: (\d+) would do/.exec(message) ?? [];
        if (size === undefined) return;
        expect(walk(Number(size))).not.toThrow();
        expect(walk(Number(size) + 1)).toThrow(InvalidOptionError);
      }),
      { numRuns: 300 },
    );
  });

  test("a state of several readers asks which of them this one is", () => {
    expect(state.consumed).toBe(60);
    expect(() => bareWalk(set, { state })).toThrow(
      /^shard is undefined; allowed: { index, count }: the state is of 4 readers/,
    );
  });

  test("a global batch that does not divide what was consumed names those that would", () => {
    const resume = (count: number, batchSize?: number) => () =>
      bareWalk(set, { state, shard: { index: 0, count }, ...(batchSize ? { batchSize } : {}) });
    expect(resume(2, 7)).toThrow(
      /^batchSize is 7; allowed: another one: the global batch, 7 x 2 readers, must divide the 60 sequences consumed in this epoch; with 2 readers these would do: 1, 2, 3, 5, 6, 10, 15, 30$/,
    );
    expect(resume(5)).toThrow(
      /^batchSize is undefined; .* 5 readers cannot share the global batch of 4 x 3; .* 1, 2, 3, 4, 6, 12$/,
    );
    expect(resume(7, 3)).toThrow(
      /^shard.count is 7; .* numbers of readers that would do: 1, .*6, 10, 12.*; or finish the epoch with 4$/,
    );
    for (const size of [1, 2, 3, 5, 6, 10, 15, 30]) expect(resume(2, size)).not.toThrow();
  });

  test("a state says nothing that is not in it", () => {
    const resume = (change: object) => () =>
      bareWalk(set, { state: { ...state, ...change } as never, shard: { index: 0, count: 4 } });
    expect(resume({ consumed: 100 })).toThrow(/^state.consumed is 100; allowed: less than 100/);
    expect(resume({ consumed: 61 })).toThrow(/^shard.count is 4/);
    expect(resume({ shuffle: "chunks" })).toThrow(/^state.chunkItems is undefined/);
    expect(resume({ blockChunks: 3 })).toThrow(/^state.blockChunks is 3/);
    expect(resume({ ranks: 0 })).toThrow(/^state.ranks is 0/);
    expect(resume({ even: true })).toThrow(/^state.even is true/);
  });
});

describe("states of version 1", () => {
  const set: BareSet = { items: 46, itemsPerTask: 2, shuffleSeed: 5n };
  /** The batches of version 1: shard s of m has every m-th batch from s on, whether or not the others have as many. */
  function version1(index: number, count: number, batchSize: number, dropLast: boolean) {
    const batches = dropLast ? Math.floor(set.items / batchSize) : Math.ceil(set.items / batchSize);
    const out: { epoch: number; batch: number; state: object }[] = [];
    for (let epoch = 0; epoch < 2; epoch++) {
      for (let batch = index; batch < batches; batch += count) {
        const next = batch + count < batches ? { epoch, batch: batch + count } : { epoch: epoch + 1, batch: index };
        const state = {
          format: "taskloom-loader",
          version: 1,
          recipe: RECIPE,
          shuffleSeed: "5",
          shuffle: true,
          reshuffle: true,
          batchSize,
          dropLast,
          shard: { index, count },
          epochs: 2 - next.epoch,
          ...next,
        };
        out.push({ epoch, batch, state });
      }
    }
    return out;
  }

  test.each([
    [1, 7, false],
    [1, 7, true],
    [3, 4, false],
    [3, 5, true],
    [5, 10, false],
  ])("of %i readers with batches of %i, dropLast %s, go on as they would have", (count, batchSize, dropLast) => {
    const [one] = readers(set, 1, { batchSize, shuffle: true, epochs: 2, dropLast, even: false });
    for (let index = 0; index < count; index++) {
      const old = version1(index, count, batchSize, dropLast);
      for (const [taken, { state }] of old.entries()) {
        const found = [...bareWalk(set, { state: state as never }).batches()];
        const expected = old.slice(taken + 1);
        expect(found.map(({ epoch, batch }) => ({ epoch, batch }))).toEqual(
          expected.map(({ epoch, batch }) => ({ epoch, batch })),
        );
        for (const { epoch, batch, indices } of found) {
          const same = one?.find((some) => some.epoch === epoch && some.batch === batch);
          expect(indices).toEqual(same?.indices);
        }
      }
    }
  });

  test("are refused for another reader, and where they are damaged", () => {
    const { state } = version1(1, 3, 4, false)[0] as { state: object };
    const resume =
      (options: object, change: object = {}) =>
      () =>
        bareWalk(set, { state: { ...state, ...change } as never, ...options });
    expect(resume({ shard: { index: 1, count: 3 } })).not.toThrow();
    expect(resume({ shard: { index: 0, count: 3 } })).toThrow(
      /^shard is .*allowed: {"index":1,"count":3}, as in the state, which is of version 1/,
    );
    expect(resume({ shard: { index: 1, count: 2 } })).toThrow(/^shard is /);
    expect(resume({ batchSize: 8 })).toThrow(/^batchSize is 8; allowed: 4, as in the state/);
    expect(resume({}, { batch: 3 })).toThrow(/state.batch is 3; allowed: a batch of shard 1 of 3/);
    expect(resume({}, { shard: { index: 3, count: 3 } })).toThrow(/state.shard.index is 3/);
    expect(resume({}, { surprise: 1 })).toThrow(/state.surprise is 1; allowed: no field of this name/);
  });
});
