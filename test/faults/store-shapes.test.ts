import { openStore, openTasks, StoreError } from "taskloom";
import { generate } from "taskloom/node";
import { afterAll, expect, test } from "vitest";
import { memoryStore, SMALL, someDigits } from "../loader/support.js";
import { mapOf } from "../store/support.js";
import { temporaryFolder } from "../support/cli.js";

const folder = temporaryFolder(afterAll);

/** Every way in which a task set is read. */
async function expectRefused(tasks: Awaited<ReturnType<typeof openTasks>>, message: RegExp) {
  const ways = [
    () => tasks.at(0),
    () => tasks.range(0, 4),
    () => tasks.batches({ batchSize: 4 }).next(),
    () => tasks.batches({ batchSize: 4, shuffle: true }).next(),
  ];
  for (const way of ways) {
    const error = await way().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(StoreError);
    expect((error as Error).message).toMatch(message);
  }
}

test("a store whose recipe has shorter sequences than its arrays is refused, whichever way it is read", async () => {
  await generate(await someDigits(), { ...SMALL, format: "zarr", out: folder, workers: 0 });
  const files = mapOf(folder);
  const group = JSON.parse(new TextDecoder().decode(files.get("/zarr.json")));
  group.attributes.taskloom.sequenceLength = 1;
  files.set("/zarr.json", new TextEncoder().encode(JSON.stringify(group)));
  // The reader may refuse it before.
  const opened = await openStore(files).then(
    (store) => openTasks(store),
    (error: unknown) => error as Error,
  );
  if (opened instanceof Error) expect(opened).toBeInstanceOf(StoreError);
  else await expectRefused(opened, /bytes of inputs for \d items; its recipe has \d+/);
});

test.each(["inputs", "targets"] as const)("a reader that gives too few or too many %s is refused", async (name) => {
  for (const size of [0, 1, 2 ** 16]) {
    const store = await memoryStore(SMALL);
    const { read } = store;
    store.read = async (...args) => ({ ...(await read(...args)), [name]: new ArrayBuffer(size) });
    await expectRefused(await openTasks(store), new RegExp(`gives ${size} bytes of ${name}`));
  }
});

test("a reader that gives no arrays at all is refused", async () => {
  const store = await memoryStore(SMALL);
  store.read = async () => ({}) as never;
  await expectRefused(await openTasks(store), /gives 0 bytes of inputs/);
});
