import { existsSync, renameSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { openStore, openTasks, type TaskAugmentorOptions, TaskloomError, type TaskSet } from "taskloom";
import { generate, openStoreFolder } from "taskloom/node";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../support/cli.js";
import { SMALL, serveFolder, someDigits } from "./support.js";

const folder = temporaryFolder(afterAll);

async function expectSame(tasks: TaskSet, made: TaskSet) {
  expect(tasks.length).toBe(made.length);
  expect(await tasks.range(0, tasks.length)).toEqual(await made.range(0, made.length));
  expect(await tasks.at(tasks.length - 1)).toEqual(await made.at(made.length - 1));
  for (const shuffle of [false, true] as const) {
    const options = { batchSize: 9, shuffle, epoch: 2 };
    const ours = made.batches(options);
    for await (const batch of tasks.batches(options)) expect(batch).toEqual((await ours.next()).value);
    expect((await ours.next()).done).toBe(true);
  }
}

/** The same set without sequences: as many examples as it has. */
const { samplesPerTask: _, sequenceLength: __, ...PLAIN } = SMALL;

const kinds: [string, TaskAugmentorOptions, { onehot?: boolean }][] = [
  ["as it is", SMALL, {}],
  ["without label cells", SMALL, { onehot: false }],
  [
    "float16, special tokens, without label cells",
    { ...SMALL, dtype: "float16", specialTokens: 2, startToken: 1 },
    { onehot: false },
  ],
  ["queries hidden, without label cells", { ...SMALL, labelLayout: "query-last" }, { onehot: false }],
  ["integer labels", { ...SMALL, labelFormat: "integer", identity: 0.5 }, {}],
  ["no labels", { ...SMALL, labelLayout: "none" }, {}],
  [
    "episodes of their own labels, without label cells",
    { ...SMALL, sequenceLength: 9, episode: { ways: 3, shots: 2, queries: 1 }, labelLayout: "query-last" },
    { onehot: false },
  ],
  [
    "every example of some classes, standardized",
    { ...PLAIN, drawSequence: false, classSubset: [3, 1], outputScaling: "set" },
    {},
  ],
  ["samples", { ...PLAIN, drawSequence: false, samples: 30, fixed: { share: 0.5 } }, {}],
  ["PyTorch's numbers", { ...SMALL, preset: "notebook-torch", taskOffset: 0, outputScaling: "notebook" }, {}],
];

describe("a Zarr store gives the recipe's batches", () => {
  test.each(kinds)("%s", async (name, options, how) => {
    const dataset = await someDigits();
    const out = join(folder, name.replaceAll(/\W+/g, "-"));
    const { recipe } = await generate(dataset, { ...options, ...how, format: "zarr", chunkTasks: 4, out, workers: 0 });
    await using made = await openTasks(recipe, { dataset, workers: 0 });
    await using fromPath = await openTasks(out);
    await expectSame(fromPath, made);
    await using fromReader = await openTasks(await openStoreFolder(out, { verify: true }));
    await expectSame(fromReader, made);
    const server = await serveFolder(out);
    onTestFinished(() => server.close());
    await using fromServer = await openTasks(server.url);
    await expectSame(fromServer, made);
    // And a state of one goes on with the other.
    const walk = made.batches({ batchSize: 5, shuffle: true });
    await walk.next();
    const rest = fromPath.batches({ state: walk.state() });
    for await (const batch of walk) expect((await rest.next()).value).toEqual(batch);
    expect((await rest.next()).done).toBe(true);
  });
});

test("label cells that are scaled, or that are not there, cannot be left out", async () => {
  const job = { format: "zarr", onehot: false, out: join(folder, "refused"), workers: 0 } as const;
  const dataset = await someDigits();
  await expect(generate(dataset, { ...SMALL, ...job, outputScaling: "notebook" })).rejects.toThrow(/onehot is false/);
  await expect(generate(dataset, { ...SMALL, ...job, labelLayout: "none" })).rejects.toThrow(/has no label cells/);
  expect(existsSync(job.out)).toBe(false);
});

test("the same from .npy files, with labels of their own", async () => {
  const dataset = await someDigits();
  const options = { ...SMALL, labelFormat: "integer", specialTokens: 1 } as const;
  const out = join(folder, "npy");
  const { recipe } = await generate(dataset, { ...options, out, workers: 0 });
  expect(existsSync(join(out, "labels.npy"))).toBe(true);
  await using made = await openTasks(recipe, { dataset, workers: 0 });
  await using read = await openTasks(out);
  await expectSame(read, made);
  expect((await read.at(0)).labels?.shape).toEqual([3]);
});

test("chunks that are damaged or gone are typed errors that name them", async () => {
  const out = join(folder, "damaged");
  await generate(await someDigits(), { ...SMALL, format: "zarr", chunkTasks: 4, out, workers: 0 });
  await using tasks = await openTasks(out);
  truncateSync(join(out, "inputs/c/1/0/0"), 10);
  renameSync(join(out, "targets/c/2/0"), join(out, "moved"));
  for (const [item, chunk] of [
    [8, "inputs/c/1/0/0"],
    [17, "targets/c/2/0"],
  ] as const) {
    const error = await tasks.at(item).catch((reason) => reason);
    expect(error).toBeInstanceOf(TaskloomError);
    expect(error).toMatchObject({ code: "STORE", chunk });
  }
  expect((await tasks.at(0)).targets.shape).toEqual([3]);
  await expect(openStore(`${out}/nowhere` as never)).rejects.toThrow(/http/);
});
