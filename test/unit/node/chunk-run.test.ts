import { expect, test } from "vitest";
import { layoutOf } from "../../../src/node/write/chunk-run.js";
import { FolderSink } from "../../../src/node/write/folder-sink.js";
import type { Job } from "../../../src/node/write/job.js";

test.each([
  // Chunks of a small set have about 32 MiB.
  [2 ** 16, 105, 625],
  // 105 tasks have 32 MiB: from a million tasks on chunks grow.
  [2 ** 20, 105, 9987],
  [2 ** 22, 420, 9987],
  [2 ** 24, 1678, 9999],
  [2 ** 32, 429_497, 10_000],
])("default chunks grow with the set: %i tasks in chunks of %i", async (tasks, chunkItems, chunks) => {
  const arrays = [
    { name: "inputs", dtype: "float32", itemShape: [100, 794] },
    { name: "targets", dtype: "uint8", itemShape: [100] },
  ];
  const job = { plan: { itemsPerTask: 1, itemCount: tasks }, onehot: true, arrays, recipe: async () => ({}) };
  const layout = await layoutOf(job as unknown as Job, new FolderSink("x"), undefined);
  expect([layout.chunkItems, Math.ceil(tasks / layout.chunkItems)]).toEqual([chunkItems, chunks]);
});
