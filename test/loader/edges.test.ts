import { InvalidOptionError, openTasks, RecipeError } from "taskloom";
import { afterAll, expect, test } from "vitest";
import { memoryStore, recipeFor, SMALL, someDigits } from "./support.js";

const dataset = await someDigits();
const recipe = await recipeFor(SMALL);
const made = await openTasks(recipe, { dataset, workers: 0, backend: "wasm" });
afterAll(() => made.dispose());

test("epochs reach from 1 to all 2^32 and no further", () => {
  for (const options of [{ epochs: 1 }, { epochs: 2 ** 32 }, { epoch: 2 ** 32 - 1, epochs: 1 }]) {
    expect(() => made.batches(options)).not.toThrow();
  }
  expect(() => made.batches({ epochs: 2 ** 32 + 1 })).toThrow(/epochs is 4294967297; allowed: an integer from 1 to/);
});

test("options that are undefined are left to the state", () => {
  const { state } = { state: made.batches({ batchSize: 7, shuffle: true }).state() };
  const again = made.batches({ state, batchSize: undefined, shuffle: undefined } as never);
  expect(again.state()).toEqual(state);
});

test.each([
  ["a number", 5],
  ["an empty object", {}],
  ["null", null],
])("%s is no task set", async (_, source) => {
  const opening = openTasks(source as never);
  await expect(opening).rejects.toThrow(InvalidOptionError);
  await expect(opening).rejects.toThrow(/source is .*; allowed: a recipe, its JSON text, a path or URL/);
});

test("a store that is open already takes no verify", async () => {
  const opening = openTasks(await memoryStore(SMALL), { verify: true });
  await expect(opening).rejects.toThrow(/verify is true; allowed: false for a store that is open already/);
});

test("a recipe with a cycle, or of another number of examples, is a RecipeError", async () => {
  const cycle: Record<string, unknown> = { ...recipe };
  cycle.self = cycle;
  await expect(openTasks(cycle as never, { dataset })).rejects.toThrow(RecipeError);
  await expect(openTasks(cycle as never, { dataset })).rejects.toThrow(/cannot be written as JSON/);
  const opening = openTasks(JSON.stringify({ ...recipe, examples: 99 }), { dataset, workers: 0 });
  const error: RecipeError = await opening.catch((cause) => cause);
  expect(error).toBeInstanceOf(RecipeError);
  expect(error.message).toMatch(/asks for what cannot be: examples is 99; allowed: 100, which its selection leaves/);
  expect(error.cause).toBeInstanceOf(InvalidOptionError);
});
