import { InvalidOptionError, type LoadedBatch, type LoaderState, openTasks, RecipeError, type TaskSet } from "taskloom";
import { afterAll, describe, expect, test } from "vitest";
import { bytesOf, memoryStore, recipeFor, SMALL, someDigits } from "./support.js";

const dataset = await someDigits();
const recipe = await recipeFor(SMALL);
const store = await memoryStore(SMALL);
const made = await openTasks(recipe, { dataset, workers: 0, backend: "wasm" });
const threaded = await openTasks(recipe, { dataset, workers: 3, backend: "wasm" });
const read = await openTasks(store);
afterAll(() => Promise.all([made, threaded, read].map((tasks) => tasks.dispose())));

const N = 46;
const whole = await made.range(0, N);
const size = bytesOf(whole.inputs).length / N;
const targetSize = bytesOf(whole.targets).length / N;

/** Its sequences must be those of the whole set that its indices name. */
function expectContent({ indices, inputs, targets }: LoadedBatch) {
  expect(inputs.shape).toEqual([indices.length, ...whole.inputs.shape.slice(1)]);
  expect(targets.shape).toEqual([indices.length, ...whole.targets.shape.slice(1)]);
  for (const [i, index] of indices.entries()) {
    const wanted = bytesOf(whole.inputs).subarray(index * size, (index + 1) * size);
    expect(
      bytesOf(inputs)
        .subarray(i * size, (i + 1) * size)
        .equals(wanted),
    ).toBe(true);
    const wantedTargets = bytesOf(whole.targets).subarray(index * targetSize, (index + 1) * targetSize);
    expect(
      bytesOf(targets)
        .subarray(i * targetSize, (i + 1) * targetSize)
        .equals(wantedTargets),
    ).toBe(true);
  }
}

async function collect(tasks: TaskSet, options: Parameters<TaskSet["batches"]>[0]): Promise<LoadedBatch[]> {
  const batches: LoadedBatch[] = [];
  for await (const batch of tasks.batches(options)) batches.push(batch);
  return batches;
}
const indicesOf = (batches: readonly LoadedBatch[]) => batches.map(({ indices }) => [...indices]);
const inOrder = (indices: number[][]) => indices.flat().sort((a, b) => a - b);
const all = Array.from({ length: N }, (_, i) => i);

describe("one epoch", () => {
  test.each([1, 7, 45, 46, 100])("in order, in batches of %i", async (batchSize) => {
    const batches = await collect(made, { batchSize });
    expect(batches.length).toBe(Math.ceil(N / batchSize));
    expect(indicesOf(batches).flat()).toEqual(all);
    expect(batches.map(({ epoch, batch }) => [epoch, batch])).toEqual(batches.map((_, i) => [0, i]));
    batches.forEach(expectContent);
  });

  test("shuffled: each sequence once", async () => {
    const batches = await collect(made, { batchSize: 8, shuffle: true, epoch: 5 });
    batches.forEach(expectContent);
    expect(inOrder(indicesOf(batches))).toEqual(all);
  });

  test("shuffled by tasks: the sequences of each stay together, in order", async () => {
    const batches = await collect(made, { batchSize: 6, shuffle: "tasks", epoch: 1 });
    batches.forEach(expectContent);
    const order = indicesOf(batches).flat();
    expect(inOrder([order])).toEqual(all);
    for (let i = 0; i < N; i += 2) {
      expect(order[i]! % 2).toBe(0);
      expect(order[i + 1]).toBe(order[i]! + 1);
    }
    expect(order).not.toEqual(all);
  });

  test("the order does not depend on the batch size, the threads, what is made ahead, or where the bytes come from", async () => {
    const expected = indicesOf(await collect(made, { batchSize: 46, shuffle: true }));
    for (const tasks of [made, threaded, read]) {
      for (const [batchSize, prefetch] of [
        [5, 0],
        [9, 1],
        [4, 20],
      ] as const) {
        const batches = await collect(tasks, { batchSize, shuffle: true, prefetch });
        batches.forEach(expectContent);
        expect(indicesOf(batches).flat()).toEqual(expected.flat());
      }
    }
  });

  test("a recipe and a store give the same batches, states and all", async () => {
    for (const shuffle of [false, true, "tasks"] as const) {
      const options = { batchSize: 5, shuffle, epochs: 2, epoch: 3 };
      expect(await collect(read, options)).toEqual(await collect(made, options));
    }
  });

  test("without the last batch", async () => {
    const batches = await collect(made, { batchSize: 10, dropLast: true, shuffle: true });
    expect(batches.map(({ indices }) => indices.length)).toEqual([10, 10, 10, 10]);
    expect(() => made.batches({ batchSize: 47, dropLast: true })).toThrow(/^batchSize is 47; allowed: at most 46/);
  });
});

describe("shards", () => {
  test.each([1, 2, 3, 7, 50])("%i of them together have each batch once, with even: false", async (count) => {
    const expected = indicesOf(await collect(made, { batchSize: 4, shuffle: true, epochs: 2 }));
    const found: number[][] = [];
    for (let index = 0; index < count; index++) {
      const shard = { index, count };
      const batches = made.batches({ batchSize: 4, shuffle: true, epochs: 2, shard, even: false });
      let some = 0;
      for await (const { epoch, batch, indices } of batches) {
        expect(batch % count).toBe(index);
        found[epoch * 12 + batch] = [...indices];
        some++;
      }
      expect(some).toBe(2 * batches.batchesPerEpoch);
    }
    expect(found).toEqual(expected);
  });

  test("a shard without batches ends at once, however many epochs there are", async () => {
    const shard = { index: 12, count: 13 };
    expect(await collect(made, { batchSize: 4, shard, even: false, epochs: Number.POSITIVE_INFINITY })).toEqual([]);
  });
});

describe("even shards", () => {
  test.each(["drop", "pad"] as const)(
    "%s: the bytes are those of the sequences named, and all have as many",
    async (even) => {
      for (let index = 0; index < 3; index++) {
        const walk = made.batches({ batchSize: 5, shuffle: true, epochs: 2, shard: { index, count: 3 }, even });
        const rounds = even === "drop" ? 3 : 4;
        expect(walk.batchesPerEpoch).toBe(rounds);
        const batches: LoadedBatch[] = [];
        for await (const batch of walk) batches.push(batch);
        expect(batches.map(({ batch }) => batch)).toEqual(
          [0, 1].flatMap(() => Array.from({ length: rounds }, (_, round) => round * 3 + index)),
        );
        batches.forEach(expectContent);
      }
    },
  );

  test("another world goes on where one stood, from a store where there was a recipe, blocks of chunks included", async () => {
    for (const order of [{ shuffle: true }, { shuffle: "chunks", chunkItems: 7, blockChunks: 2 }] as const) {
      const [, , third] = await collect(made, { ...order, batchSize: 2, epochs: 2, shard: { index: 3, count: 4 } });
      const { state } = third!;
      expect(state.consumed).toBe(24);
      const rest = [0, 1].map((index) => collect(read, { state, shard: { index, count: 2 } }));
      const [first, second] = await Promise.all(rest);
      const found = first!.flatMap((batch, i) => [batch, second![i]!]);
      found.forEach(expectContent);
      const one = await collect(threaded, { ...order, batchSize: 4, epochs: 2, even: "drop" });
      // 40 sequences are five rounds of 8, ten batches of 4.
      expect(indicesOf(found)).toEqual(indicesOf(one.filter(({ batch }) => batch < 10).slice(6)));
    }
  });
});

describe("epochs", () => {
  test("have orders of their own, and the same ones again", async () => {
    const several = indicesOf(await collect(made, { batchSize: 46, shuffle: true, epochs: 3 }));
    expect(new Set(several.map(String)).size).toBe(3);
    for (const [epoch, order] of several.entries()) {
      expect(inOrder([order])).toEqual(all);
      expect(indicesOf(await collect(made, { batchSize: 46, shuffle: true, epoch }))).toEqual([order]);
    }
  });

  test("have one order without reshuffling, in a fresh iteration too", async () => {
    const [first] = indicesOf(await collect(made, { batchSize: 46, shuffle: true }));
    const several = await collect(made, { batchSize: 46, shuffle: true, reshuffle: false, epoch: 4, epochs: 3 });
    expect(several.map(({ epoch }) => epoch)).toEqual([4, 5, 6]);
    expect(indicesOf(several)).toEqual([first, first, first]);
  });

  test("have other orders with another seed, and those of the recipe's when it is given", async () => {
    const order = async (shuffleSeed: bigint | number) => {
      await using tasks = await openTasks(store, { shuffleSeed });
      return indicesOf(await collect(tasks, { batchSize: 46, shuffle: true }));
    };
    const own = indicesOf(await collect(made, { batchSize: 46, shuffle: true }));
    expect(await order(BigInt(SMALL.seed))).toEqual(own);
    expect(await order(1)).not.toEqual(own);
    expect(await order(1n)).toEqual(await order(1));
  });

  test("without end", async () => {
    const batches = made.batches({ batchSize: 23, shuffle: true, epochs: Number.POSITIVE_INFINITY });
    const epochs: number[] = [];
    for await (const { epoch, state } of batches) {
      epochs.push(epoch);
      expect(state.epochs).toBe(null);
      if (epochs.length === 9) break;
    }
    expect(epochs).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4]);
  });
});

describe("the state of an iteration", () => {
  test.each([
    { batchSize: 7, shuffle: true, epochs: 3 },
    { batchSize: 7, shuffle: true, epochs: 2, shard: { index: 1, count: 3 }, dropLast: true, epoch: 9 },
    { batchSize: 23, shuffle: "tasks", reshuffle: false, epochs: 2 },
    { batchSize: 46 },
  ] as const)("%o: whatever it is taken after, exactly the rest remains", async (options) => {
    const complete = await collect(made, options);
    const batches = threaded.batches(options);
    const states = [batches.state()];
    for await (const batch of batches) {
      // What was made ahead is not counted.
      expect(batches.state()).toEqual(batch.state);
      states.push(batches.state());
    }
    expect(states.length).toBe(complete.length + 1);
    for (const [taken, state] of states.entries()) {
      const kept = JSON.parse(JSON.stringify(state)) as LoaderState;
      expect(JSON.stringify(kept).length).toBeLessThan(512);
      expect(kept).toEqual(state);
      const shard = "shard" in options ? options.shard : undefined;
      const rest = made.batches({ state: kept, prefetch: taken % 3, ...(shard ? { shard } : {}) });
      expect(rest.state()).toEqual(state);
      const found: LoadedBatch[] = [];
      for await (const batch of rest) found.push(batch);
      expect(found).toEqual(complete.slice(taken));
    }
  });

  test("resumes a store where a recipe stood", async () => {
    const options = { batchSize: 9, shuffle: true, epochs: 2 };
    const complete = await collect(made, options);
    expect(await collect(read, { state: complete[3]!.state })).toEqual(complete.slice(4));
  });

  test("goes on for as many epochs as are asked for", async () => {
    const options = { batchSize: 23, shuffle: true } as const;
    const one = await collect(made, options);
    const more = await collect(made, { state: one[1]!.state, epochs: 2 });
    expect(indicesOf([...one, ...more])).toEqual(indicesOf(await collect(made, { ...options, epochs: 3 })));
  });

  test("fits its own options, and no others", async () => {
    const state = made.batches({ batchSize: 9, shuffle: true }).state();
    expect(made.batches({ state, batchSize: 9, shuffle: true, shard: { index: 0, count: 1 } }).state()).toEqual(state);
    const others = [{ shuffle: "tasks" }, { epoch: 1 }, { reshuffle: false }, { dropLast: true }] as const;
    for (const other of others) {
      const [name] = Object.keys(other);
      const resume = () => made.batches({ state, ...other });
      expect(resume).toThrow(InvalidOptionError);
      expect(resume).toThrow(new RegExp(`^${name} is .*; allowed: .*, as in the state`));
    }
    await using reseeded = await openTasks(store, { shuffleSeed: 3 });
    expect(() => reseeded.batches({ state })).toThrow(
      /shuffleSeed is 3n; allowed: 9223372036854775815, as in the state/,
    );
  });

  test("of another task set is refused, but not for the names of things", async () => {
    const state = made.batches().state();
    const reopened = async (change: object) => {
      const reader = await memoryStore(SMALL);
      return openTasks({ ...reader, recipe: { ...recipe, ...change } });
    };
    expect((await reopened({ dataset: { ...recipe.dataset, name: "digits" } })).batches({ state }).state()).toEqual(
      state,
    );
    for (const change of [{ seed: "8" }, { dataset: { ...recipe.dataset, digest: "a".repeat(64) } }]) {
      const other = await reopened(change);
      expect(() => other.batches({ state })).toThrow(RecipeError);
      expect(() => other.batches({ state })).toThrow(state.recipe);
    }
  });

  test.each([
    [null, /state is null; allowed: what state\(\)/],
    [{}, /"format": "taskloom-loader"/],
    [{ format: "taskloom-loader", version: 3 }, /state.version is 3; allowed: 1 or 2/],
    [{ format: "taskloom-loader", version: 2 }, /state.recipe is undefined/],
    [{ consumed: -1 }, /state.consumed is -1/],
    [{ batchSize: 0 }, /state.batchSize is 0/],
    [{ ranks: 1.5 }, /state.ranks is 1.5/],
    [{ surprise: 1 }, /state.surprise is 1/],
  ] as const)("%o is no state", (change, message) => {
    const whole = made.batches().state();
    const state =
      change && "format" in change
        ? change
        : change && Object.keys(change).length > 0
          ? { ...whole, ...change }
          : change;
    expect(() => made.batches({ state: state as never })).toThrow(InvalidOptionError);
    expect(() => made.batches({ state: state as never })).toThrow(message);
  });
});

test("options out of bounds are refused by name, at once", () => {
  const cases: [object, RegExp][] = [
    [{ batchSize: 0 }, /batchSize is 0; allowed: an integer from 1/],
    [{ shuffle: "yes" }, /shuffle is "yes"; allowed: true, false, "tasks" or "chunks"/],
    [{ shuffle: "chunks" }, /chunkItems is undefined; allowed: the number of sequences of a chunk/],
    [{ shuffle: true, chunkItems: 3 }, /chunkItems is 3; allowed: undefined; it belongs to shuffle: "chunks"/],
    [{ shuffle: "chunks", chunkItems: 0 }, /chunkItems is 0/],
    [{ even: true }, /even is true; allowed: "drop", "pad" or false/],
    [{ shard: { index: 0, count: 2 }, batchSize: 40 }, /shard.count is 2; allowed: at most 1/],
    [{ epoch: 2 ** 32 }, /epoch is 4294967296/],
    [{ epochs: 0 }, /epochs is 0; allowed: an integer from 1 to 4294967296, or Infinity/],
    [{ epoch: 2 ** 32 - 1, epochs: 2 }, /epoch \+ epochs is 4294967297/],
    [{ shard: { index: 2, count: 2 } }, /shard.index is 2; allowed: an integer from 0 to 1/],
    [{ shard: 2 }, /shard is 2; allowed: \{ index, count \}/],
    [{ prefetch: -1 }, /prefetch is -1/],
    [{ device: {} }, /device is {}/],
    [{ start: 3 }, /start is .*; allowed: no option of this name; there are batchSize/],
  ];
  for (const [options, message] of cases) {
    expect(() => made.batches(options)).toThrow(InvalidOptionError);
    expect(() => made.batches(options)).toThrow(message);
  }
});

test("samples of all tasks have no tasks to shuffle", async () => {
  const options = { ...SMALL, drawSequence: false, samples: 30 };
  await using tasks = await openTasks(await recipeFor(options), { dataset, workers: 0 });
  expect(() => tasks.batches({ shuffle: "tasks" })).toThrow(/each sample has a task of its own/);
  const shuffled = await collect(tasks, { shuffle: true, batchSize: 7 });
  expect(inOrder(indicesOf(shuffled))).toEqual(all.slice(0, 30));
});

describe("reading ahead", () => {
  test.each([0, 2, 5])("makes no more than %i batches while one is used", async (prefetch) => {
    const reader = await memoryStore(SMALL);
    await using tasks = await openTasks(reader);
    let used = 0;
    for await (const _ of tasks.batches({ batchSize: 2, prefetch })) {
      used++;
      // Time to run ahead, were it not held.
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(reader.reads.length).toBeLessThanOrEqual(used + prefetch);
      if (used === 10) break;
    }
    expect(reader.reads.length).toBe(10 + prefetch);
  });

  test("reads what is consecutive in one piece", async () => {
    const reader = await memoryStore(SMALL);
    await using tasks = await openTasks(reader);
    await collect(tasks, { batchSize: 20 });
    expect(reader.reads).toEqual([
      [0, 20],
      [20, 20],
      [40, 6],
    ]);
    reader.reads.length = 0;
    const [batch] = await collect(tasks, { batchSize: 46, shuffle: "tasks" });
    const runs = reader.reads.reduce((sum, [, count]) => sum + count, 0);
    expect(runs).toBe(46);
    expect(reader.reads.every(([first, count]) => first % 2 === 0 && count % 2 === 0)).toBe(true);
    expectContent(batch!);
  });
});

describe("ending", () => {
  test("an aborted signal rejects with its reason, and the set goes on", async () => {
    for (const tasks of [made, threaded, read]) {
      const reason = new Error("enough");
      const abort = new AbortController();
      const batches = tasks.batches({ batchSize: 2, shuffle: true, signal: abort.signal });
      await batches.next();
      const kept = batches.state();
      const pending = batches.next();
      abort.abort(reason);
      await expect(pending).rejects.toBe(reason);
      expect(await batches.next()).toEqual({ value: undefined, done: true });
      expect(batches.state()).toEqual(kept);
      const rest = await collect(tasks, { state: kept });
      expect(rest.length).toBe(22);
      const aborted = tasks.batches({ signal: AbortSignal.abort(reason) });
      await expect(aborted.next()).rejects.toBe(reason);
    }
  });

  test("a batch that fails is the next one of the state", async () => {
    const reader = await memoryStore(SMALL);
    let broken = true;
    const flaky = {
      ...reader,
      read: (first: number, count: number, signal?: AbortSignal) =>
        broken && first === 20 ? Promise.reject(new Error("the cable")) : reader.read(first, count, signal),
    };
    await using tasks = await openTasks(flaky);
    const batches = tasks.batches({ batchSize: 10, prefetch: 3 });
    const found: number[][] = [];
    const walk = async () => {
      for await (const { indices } of batches) found.push([...indices]);
    };
    await expect(walk()).rejects.toThrow("the cable");
    expect(found.length).toBe(2);
    broken = false;
    const rest = await collect(tasks, { state: batches.state() });
    expect([...found, ...indicesOf(rest)].flat()).toEqual(all);
  });

  test("leaving a loop early ends what was made ahead", async () => {
    const signals: AbortSignal[] = [];
    const watching = {
      ...store,
      read: (first: number, count: number, signal?: AbortSignal) => {
        if (signal) signals.push(signal);
        return store.read(first, count, signal);
      },
    };
    await using tasks = await openTasks(watching);
    for await (const _ of tasks.batches({ batchSize: 2 })) break;
    expect(signals.length).toBeGreaterThan(1);
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
  });

  test("a store that the caller opened stays open", async () => {
    const reader = await memoryStore(SMALL);
    const tasks = await openTasks(reader);
    await tasks.dispose();
    expect(reader.closed).toBe(false);
  });
});
