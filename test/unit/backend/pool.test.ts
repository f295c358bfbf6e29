import { expect, test, vi } from "vitest";
import type { ItemBytes } from "../../../src/backend/backend.js";
import { Pool } from "../../../src/backend/wasm/pool.js";
import { Dataset } from "../../../src/dataset/index.js";
import { TaskAugmentor } from "../../../src/tasks/augmentor.js";

/** Threads that do nothing but remember what they are told. */
interface FakeThread {
  /** First items of the jobs it was given. */
  readonly given: number[];
  reply(): void;
  lose(): void;
}

const threads: FakeThread[] = [];

vi.mock("../../../src/backend/wasm/threads.js", () => ({
  startThread: (onMessage: (message: unknown) => void, onFailure: (cause: unknown) => void) => {
    const given: number[] = [];
    threads.push({
      given,
      reply: () => onMessage({ kind: "woven", woven: nothing() }),
      lose: () => onFailure(new Error("out of memory")),
    });
    return {
      holdsProcess: false,
      post: (message: { kind: string; first: number }) => {
        if (message.kind === "weave") given.push(message.first);
      },
      keepAlive: () => undefined,
      terminate: () => undefined,
    };
  },
}));

function nothing(): ItemBytes {
  return { inputs: new ArrayBuffer(0), targets: new ArrayBuffer(0) };
}

test("threads have a second job at hand while enough others wait, and one that is lost takes only its first with it", async () => {
  const images = new Uint8Array(8);
  const dataset = Dataset.from({ images, targets: new Uint8Array(8), shape: [1] });
  const plan = new TaskAugmentor({ taskCount: 100, sequenceLength: 8 }).plan(dataset);
  const pool = new Pool(2, plan, { images, targets: new Uint16Array(8) });

  const outcomes = Array.from({ length: 6 }, (_, item) => pool.weave(item, 1, undefined));
  const [a, b] = threads as [FakeThread, FakeThread];
  expect([a.given, b.given]).toEqual([
    [0, 2],
    [1, 3],
  ]);

  a.reply();
  await outcomes[0];
  expect([a.given, b.given]).toEqual([
    [0, 2, 4],
    [1, 3],
  ]);

  b.lose();
  await expect(outcomes[1]).rejects.toThrow("a worker thread was lost: out of memory");
  expect(threads).toHaveLength(3);
  const c = threads[2] as FakeThread;
  expect(c.given).toEqual([3]);

  a.reply();
  a.reply();
  c.reply();
  expect([...a.given, ...c.given]).toEqual([0, 2, 4, 5, 3]);
  a.reply();
  await Promise.all([outcomes[2], outcomes[3], outcomes[4], outcomes[5]]);
  pool.dispose();
});
