import { copyFileSync, cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openTasks, RecipeError, StoreError, type TaskSet } from "taskloom";
import { FILES, generate } from "taskloom/node";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../support/cli.js";
import { memoryStore, recipeFor, SMALL, serveFolder, someDigits } from "./support.js";

const folder = temporaryFolder(afterAll);
const recipe = await recipeFor(SMALL);
let made: TaskSet;
beforeAll(async () => {
  await generate(await someDigits(), { ...SMALL, out: join(folder, "tasks"), workers: 0 });
  made = await openTasks(recipe, { dataset: await someDigits(), workers: 0 });
});
afterAll(() => made.dispose());

async function expectSame(tasks: TaskSet) {
  expect(tasks.length).toBe(46);
  expect(await tasks.range(0, 46)).toEqual(await made.range(0, 46));
  expect(await tasks.at(45)).toEqual(await made.at(45));
  for (const shuffle of [false, true, "tasks"] as const) {
    const options = { batchSize: 9, shuffle, epoch: 2 };
    const ours = made.batches(options);
    for await (const batch of tasks.batches(options)) expect(batch).toEqual((await ours.next()).value);
    expect((await ours.next()).done).toBe(true);
  }
}

describe("a folder that generate wrote gives the recipe's batches", () => {
  test("from a path, and from file: URLs", async () => {
    const path = join(folder, "tasks");
    for (const source of [path, `${path}/`, pathToFileURL(path), pathToFileURL(path).href]) {
      await using tasks = await openTasks(source);
      await expectSame(tasks);
    }
  });

  test("from a server, by range requests: what is not asked for is not sent", async () => {
    const server = await serveFolder(folder);
    onTestFinished(() => server.close());
    for (const source of [`${server.url}/tasks`, new URL(`${server.url}/tasks/?key=a`)]) {
      await using tasks = await openTasks(source);
      await expectSame(tasks);
    }
    server.requests.length = 0;
    await using tasks = await openTasks(`${server.url}/tasks`);
    await tasks.at(7);
    const bytes = 3 * 15 * 4;
    expect(server.requests.sort()).toEqual([
      "/tasks/inputs.npy bytes=0-4095",
      `/tasks/inputs.npy bytes=${128 + 7 * bytes}-${128 + 8 * bytes - 1}`,
      "/tasks/recipe.json",
      "/tasks/targets.npy bytes=0-4095",
      `/tasks/targets.npy bytes=${128 + 7 * 3}-${128 + 8 * 3 - 1}`,
      "/tasks/tasks.safetensors bytes=0-4095",
      "/tasks/zarr.json",
    ]);
  });

  test("float16, and examples without sequences", async () => {
    for (const kind of [{ dtype: "float16" }, { drawSequence: false, taskCount: 2 }] as const) {
      const options = { ...SMALL, ...kind };
      const out = join(temporaryFolder(), "kind");
      await generate(await someDigits(), { ...options, out, workers: 0 });
      await using tasks = await openTasks(out);
      await using expected = await openTasks(await recipeFor(options), { dataset: await someDigits(), workers: 0 });
      expect(await tasks.range(3, tasks.length)).toEqual(await expected.range(3, expected.length));
    }
  });
});

describe("damage is named", () => {
  const damaged = (damage: (path: (name: string) => string) => void) => {
    const copy = join(temporaryFolder(), "tasks");
    cpSync(join(folder, "tasks"), copy, { recursive: true });
    damage((name) => join(copy, name));
    return copy;
  };
  const inputs = () => readFileSync(join(folder, "tasks", FILES.inputs));
  const cases: [string, (path: (name: string) => string) => void, RegExp][] = [
    ["no recipe", (path) => rmSync(path(FILES.recipe)), /holds no task set: none of .*recipe.json is there/],
    ["a foreign recipe", (path) => writeFileSync(path(FILES.recipe), "{}"), /tasks\/recipe.json: not a recipe/],
    ["no inputs", (path) => rmSync(path(FILES.inputs)), /inputs.npy is missing/],
    ["no .npy", (path) => writeFileSync(path(FILES.inputs), "PK"), /inputs.npy is not a .npy file/],
    [
      "another array",
      (path) => copyFileSync(path(FILES.inputs), path(FILES.targets)),
      /targets.npy has targets of float32 \[46, 3, 15\]; its recipe makes uint8 \[46, 3\]/,
    ],
    [
      "half a file",
      (path) => truncateSync(path(FILES.inputs), inputs().length / 2),
      /inputs.npy has \d+ bytes, not \d+: it is truncated/,
    ],
  ];
  test.each(cases)("%s", async (_, damage, message) => {
    const error = await openTasks(damaged(damage))
      .then((tasks) => tasks.at(45))
      .catch((reason) => reason);
    expect(error).toBeInstanceOf(/recipe.json: not/.test(error.message) ? RecipeError : StoreError);
    expect(error.message).toMatch(message);
  });

  test("a server without range requests, one that has nothing, and one that is not there", async () => {
    const plain = await serveFolder(folder, { ranges: false });
    onTestFinished(() => plain.close());
    await expect(openTasks(`${plain.url}/tasks`)).rejects.toThrow(
      /sent whole, not the range asked for: .*\(status 206\)/,
    );
    await expect(openTasks(`${plain.url}/elsewhere`)).rejects.toThrow(/holds no task set/);
    await expect(openTasks(`${plain.url}/elsewhere/recipe.json`)).rejects.toThrow(/the server answered 404/);
    const gone = await serveFolder(folder);
    gone.close();
    const error = await openTasks(`${gone.url}/tasks`, { retryPauses: [0] }).catch((reason) => reason);
    expect(error).toBeInstanceOf(StoreError);
    expect(error.message).toMatch(/cannot be fetched: .*check the address/);
  });

  test("a store with fewer items than its recipe has", async () => {
    const store = await memoryStore(SMALL);
    await expect(openTasks({ ...store, items: 45 })).rejects.toThrow(/store: holds 45 items; its recipe has 46/);
  });
});
