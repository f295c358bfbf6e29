import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Weaver } from "../../../src/backend/backend.js";
import { Dataset } from "../../../src/dataset/index.js";
import { OutputFolder } from "../../../src/node/write/output-folder.js";
import { WriteBehind } from "../../../src/node/write/write-behind.js";
import { TaskAugmentor } from "../../../src/tasks/augmentor.js";
import { Loom } from "../../../src/tasks/loom.js";
import { temporaryFolder } from "../../support/cli.js";

describe("WriteBehind", () => {
  test("a write is under way when begin returns, and writes take turns in order", async () => {
    const events: string[] = [];
    const writes = new WriteBehind();
    const write = (name: string) => async () => {
      events.push(`${name} begins`);
      await setTimeout(5);
      events.push(`${name} ends`);
    };
    await writes.begin(write("a"));
    expect(events).toEqual(["a begins"]);
    await writes.begin(write("b"));
    expect(events).toEqual(["a begins", "a ends", "b begins"]);
    await writes.end();
    expect(events).toEqual(["a begins", "a ends", "b begins", "b ends"]);
  });

  test("a failed write is reported by the next call, which writes nothing, and by end", async () => {
    const writes = new WriteBehind();
    await writes.begin(() => Promise.reject(new Error("no space")));
    let wrote = false;
    const next = writes.begin(async () => {
      wrote = true;
    });
    await expect(next).rejects.toThrow("no space");
    expect(wrote).toBe(false);
    await expect(writes.end()).rejects.toThrow("no space");
    await expect(writes.settled()).resolves.toBeUndefined();
  });
});

test("a file that is flushed on the way, being larger than 32 MiB, has its bytes in order", async () => {
  const path = temporaryFolder();
  const folder = await OutputFolder.open(path, ["numbers"]);
  const expected = createHash("sha256");
  for (let piece = 0; piece < 10; piece++) {
    const bytes = new Uint8Array(Uint32Array.from({ length: 2 ** 21 }, (_, i) => piece * 2 ** 21 + i).buffer);
    expected.update(bytes);
    await folder.write("numbers", bytes); // 80 MiB in all: two flushes
  }
  await folder.commit();
  const written = createHash("sha256").update(readFileSync(`${path}/numbers`));
  expect(written.digest("hex")).toBe(expected.digest("hex"));
});

test("pieces are made ahead of a writer who waits: one more than can be worked on, and those spared", async () => {
  const dataset = Dataset.from({ images: new Uint8Array(8), targets: new Uint8Array(8), shape: [1] });
  using tasks = new TaskAugmentor({ taskCount: 100, sequenceLength: 8 });
  let asked = 0;
  const weaver: Weaver = {
    width: 2,
    pieceBytes: 1,
    weave: async () => {
      asked++;
      return { inputs: new ArrayBuffer(0), targets: new ArrayBuffer(0) };
    },
    dispose: () => undefined,
  };
  const pieces = new Loom(tasks.plan(dataset), "counting", weaver).pieces(0, 100, 1, undefined, 4);
  expect((await pieces.next()).value?.first).toBe(0);
  expect(asked).toBe(2 + 1 + 4);
  expect((await pieces.next()).value?.first).toBe(1);
  expect(asked).toBe(2 + 1 + 4 + 1);
});
