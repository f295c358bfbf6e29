import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ahead } from "../../../src/batch/ahead.js";

/** A result that settles when the test says so. */
interface Job {
  readonly number: number;
  readonly signal: AbortSignal;
  resolve(): void;
  reject(error: unknown): void;
}

/** Jobs 0 to `count - 1`, begun when they are asked for. */
function jobs(count: number) {
  const begun: Job[] = [];
  const begin = (signal: AbortSignal): Promise<number> | undefined => {
    const number = begun.length;
    if (number === count) return undefined;
    return new Promise((resolve, reject) => begun.push({ number, signal, resolve: () => resolve(number), reject }));
  };
  return { begun, begin };
}

/** Lets everything run that is ready to. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

test("results come in order, whatever the order in which they are ready, and never more than depth + 1 are under way", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 12 }),
      fc.integer({ min: 0, max: 4 }),
      fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
      async (count, depth, picks) => {
        const { begun, begin } = jobs(count);
        const given: number[] = [];
        const walk = (async () => {
          for await (const number of ahead(begin, depth)) given.push(number);
        })();
        const open = new Set<number>();
        let seen = 0;
        for (const pick of picks.slice(0, count)) {
          await settle();
          while (seen < begun.length) open.add(seen++);
          // One more than the results given may be in use, and `depth` more are ahead of it.
          expect(begun.length).toBe(Math.min(count, given.length + depth + 1));
          const number = [...open][pick % open.size] as number;
          open.delete(number);
          begun[number]?.resolve();
        }
        await walk;
        expect(given).toEqual(Array.from({ length: count }, (_, i) => i));
        expect(begun.length).toBe(count);
      },
    ),
    { numRuns: 40 },
  );
});

test("a result is reclaimed before more are begun, each once, the last one too", async () => {
  const log: string[] = [];
  let next = 0;
  const begin = () => {
    if (next === 3) return undefined;
    log.push(`begin ${next}`);
    return Promise.resolve(next++);
  };
  for await (const number of ahead(begin, 1, { reclaim: (number) => log.push(`reclaim ${number}`) })) {
    log.push(`use ${number}`);
  }
  expect(log).toEqual([
    ...["begin 0", "begin 1", "use 0", "reclaim 0"],
    ...["begin 2", "use 1", "reclaim 1"],
    ...["use 2", "reclaim 2"],
  ]);
});

test("nothing is begun before the first result is asked for", async () => {
  const { begun, begin } = jobs(3);
  const walk = ahead(begin, 1);
  await settle();
  expect(begun).toEqual([]);
  await walk.return();
  expect(begun).toEqual([]);
});

describe("a walk that ends early", () => {
  const log = () => {
    const lists = { discarded: [] as number[], reclaimed: [] as number[] };
    const options = {
      discard: (number: number) => void lists.discarded.push(number),
      reclaim: (number: number) => void lists.reclaimed.push(number),
    };
    return { ...lists, options };
  };

  test("because its consumer leaves: the one in use is reclaimed, those ahead are aborted and discarded", async () => {
    const { begun, begin } = jobs(9);
    const { discarded, reclaimed, options } = log();
    const walk = ahead(begin, 2, options);
    const first = walk.next();
    await settle();
    begun[0]?.resolve();
    expect(await first).toEqual({ value: 0, done: false });
    expect(begun[1]?.signal.aborted).toBe(false);
    await walk.return();
    expect(reclaimed).toEqual([0]);
    expect(begun.map(({ signal }) => signal.aborted)).toEqual([true, true, true]);
    begun[1]?.resolve();
    begun[2]?.reject(new Error("aborted"));
    await settle();
    expect(discarded).toEqual([1]);
    expect(begun.length).toBe(3);
  });

  test("because a result fails: earlier ones come first, later failures are not reported", async () => {
    const { begun, begin } = jobs(9);
    const { discarded, reclaimed, options } = log();
    const given: number[] = [];
    const walk = (async () => {
      for await (const number of ahead(begin, 2, options)) given.push(number);
    })();
    await settle();
    begun[2]?.reject(new Error("the third"));
    begun[1]?.reject(new Error("the second"));
    await settle();
    expect(given).toEqual([]);
    begun[0]?.resolve();
    await expect(walk).rejects.toThrow("the second");
    expect(given).toEqual([0]);
    expect(reclaimed).toEqual([0]);
    // The fourth was begun when the second was asked for.
    begun[3]?.resolve();
    await settle();
    expect(discarded).toEqual([3]);
  });

  test("because begin throws: what it throws is the failure", async () => {
    let next = 0;
    const { discarded, options } = log();
    const begin = () => {
      if (next === 2) throw new Error("closed");
      return Promise.resolve(next++);
    };
    await expect(ahead(begin, 4, options).next()).rejects.toThrow("closed");
    await settle();
    expect(discarded).toEqual([0, 1]);
  });

  test("because it is aborted while a result is awaited: the reason, and the result is discarded", async () => {
    const { begun, begin } = jobs(9);
    const { discarded, reclaimed, options } = log();
    const controller = new AbortController();
    const reason = new Error("enough");
    const pending = ahead(begin, 1, { ...options, signal: controller.signal }).next();
    await settle();
    controller.abort(reason);
    expect(begun.map(({ signal }) => signal.reason)).toEqual([reason, reason]);
    for (const job of begun) job.resolve();
    await expect(pending).rejects.toBe(reason);
    await settle();
    expect(discarded).toEqual([0, 1]);
    expect(reclaimed).toEqual([]);
  });

  test("because it is aborted while a result is used: the next step rejects, even where there is no next result", async () => {
    const { begun, begin } = jobs(1);
    const controller = new AbortController();
    const walk = ahead(begin, 3, { signal: controller.signal });
    const first = walk.next();
    await settle();
    begun[0]?.resolve();
    expect((await first).value).toBe(0);
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(walk.next()).rejects.toBe(reason);
    expect(await walk.next()).toEqual({ value: undefined, done: true });
  });

  test("before it begins: nothing is begun", async () => {
    const { begun, begin } = jobs(1);
    const reason = new Error("never");
    await expect(ahead(begin, 3, { signal: AbortSignal.abort(reason) }).next()).rejects.toBe(reason);
    expect(begun).toEqual([]);
  });
});

test("many results under way add one listener to the caller's signal, which goes when the walk ends", async () => {
  const { begun, begin } = jobs(50);
  const controller = new AbortController();
  const { signal } = controller;
  const counts = { added: 0, removed: 0 };
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (...all: Parameters<typeof add>) => {
    counts.added++;
    add(...all);
  };
  signal.removeEventListener = (...all: Parameters<typeof remove>) => {
    counts.removed++;
    remove(...all);
  };
  const listening = (signal: AbortSignal) => {
    const result = begin(signal);
    signal.addEventListener("abort", () => undefined);
    return result;
  };
  const walk = ahead(listening, 30, { signal });
  const first = walk.next();
  await settle();
  expect(begun.length).toBe(31);
  begun[0]?.resolve();
  await first;
  await walk.return();
  expect(counts).toEqual({ added: 1, removed: 1 });
});
