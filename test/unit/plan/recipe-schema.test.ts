import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv } from "ajv";
import { parseRecipe, RecipeError, recipeOf, TaskAugmentor } from "taskloom";
import { mnist } from "taskloom/node";
import { describe, expect, test } from "vitest";
import { recipeJsonSchema } from "../../../scripts/recipe-json-schema.mjs";
import { recipeSchema } from "../../../src/plan/recipe-schema.js";
import { recipes } from "../../support/recipes.js";

const file = readFileSync(new URL("../../../recipe.schema.json", import.meta.url), "utf8");
const schema = JSON.parse(file);
// `strictTypes` complains of tuples that say how long they are in one way only.
const validate = new Ajv({ strictTuples: false }).compile(schema);

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const dataset = (await mnist()).head(300);
const texts = await Promise.all(
  recipes.map(async ([name, options]) => {
    using tasks = new TaskAugmentor({ ...options, backend: "wasm", workers: 0 });
    return [name, JSON.stringify(await recipeOf(tasks, dataset))] as const;
  }),
);

/** Says whether `parseRecipe` takes a text; nothing but a RecipeError says that it does not. */
function parses(text: string): boolean {
  try {
    parseRecipe(text);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(RecipeError);
    // The words of the schema library are not for users.
    expect((error as Error).message).not.toMatch(/Invalid (type|key|value|length|format)|Expected/);
    return false;
  }
}

/** Every path to a value within, the whole included. */
function pathsOf(value: Json): string[][] {
  if (typeof value !== "object" || value === null) return [[]];
  return [[], ...Object.entries(value).flatMap(([key, part]) => pathsOf(part).map((rest) => [key, ...rest]))];
}

/** A copy of a value with something done to the object that holds what a path leads to. */
function changed(value: Json, path: readonly string[], change: (holder: Record<string, Json>, key: string) => void) {
  const copy = { whole: structuredClone(value) } as Record<string, Json>;
  const [last, ...way] = ["whole", ...path].reverse() as [string, ...string[]];
  const holder = way.reverse().reduce((at, key) => at[key] as Record<string, Json>, copy);
  change(holder, last);
  return copy.whole as Json;
}

/** Values that fields do not have, and some that they have. */
const others: Json[] = [
  ...[null, true, false, -1, -0.5, 0, 0.5, 1, 1.5, 2, 255, 65534, 65535, 65536, 65537],
  ...[2 ** 20, 2 ** 20 + 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1, 2 ** 53, 1e300],
  ...["", "x", "0", "00", "18446744073709551615", "18446744073709551616", "99999999999999999999", "-1", "1.0"],
  ...["unit", "standard", "notebook", "1/n", "batch", "step", "a".repeat(64), "A".repeat(64), "a".repeat(65)],
  ...[[], [1], [1, 2], [1, 1], [2, 1], [2, 1, 1], [1, "2"], [[0, 0.5]], [[0, 0.5, 1]], [[0, 1.5]], [[0.5, 1]], [[0]]],
  ...[{}, { share: 1 }, { projection: true }, { mean: 0, standardDeviation: 0 }, { mean: 0, standardDeviation: 1 }],
  { ways: 1, shots: 1 },
];

/** Everything done to one field at a time; fields of `seen` values are left alone, and remembered. */
function* mutationsOf(recipe: Json, seen: Set<string>): Generator<readonly [what: string, mutated: Json]> {
  for (const path of pathsOf(recipe)) {
    const where = path.join(".");
    const field = `${where} = ${JSON.stringify(path.reduce((at, key) => (at as Record<string, Json>)[key] as Json, recipe))}`;
    if (seen.has(field)) continue;
    seen.add(field);
    for (const other of others) {
      const set = (holder: Record<string, Json>, key: string) => Object.assign(holder, { [key]: other });
      yield [`${where} = ${JSON.stringify(other)}`, changed(recipe, path, set)];
    }
    yield [`without ${where}`, changed(recipe, path, (holder, key) => Reflect.deleteProperty(holder, key)) ?? null];
    for (const name of ["unknown", "toString", "a.b", ""]) {
      const add = (holder: Record<string, Json>, key: string) => {
        const value = holder[key];
        if (typeof value === "object" && value !== null && !Array.isArray(value)) value[name] = 1;
      };
      yield [`${where} with ${JSON.stringify(name)}`, changed(recipe, path, add)];
    }
  }
}

test("recipe.schema.json is that of the source", () => {
  expect(JSON.parse(JSON.stringify(recipeJsonSchema(recipeSchema)))).toEqual(schema);
  expect(file).toBe(`${JSON.stringify(recipeJsonSchema(recipeSchema), null, 2)}\n`);
});

test("the package has it", () => {
  expect(createRequire(import.meta.url)("taskloom/recipe.schema.json")).toEqual(schema);
});

test("every field has a description", () => {
  expect(Object.keys(schema.properties)).toEqual(Object.keys(recipeSchema.entries));
  const { dataset: about, ...fields } = schema.properties;
  for (const { description } of [...Object.values(fields), ...Object.values(about.properties)] as {
    description: string;
  }[]) {
    expect(description).toMatch(/^[A-Z].*\.$/);
  }
});

describe("an independent validator and parseRecipe", () => {
  test.each(texts)("take the recipe of: %s", (_name, text) => {
    expect(validate(JSON.parse(text)), JSON.stringify(validate.errors)).toBe(true);
    expect(JSON.stringify(parseRecipe(text))).toBe(text);
  });

  test("agree on mutated recipes", () => {
    const disagreements: string[] = [];
    const seen = new Set<string>();
    let [taken, refused] = [0, 0];
    for (const [name, text] of texts) {
      for (const [what, mutated] of mutationsOf(JSON.parse(text), seen)) {
        const json = JSON.stringify(mutated);
        const [one, other] = [validate(JSON.parse(json)), parses(json)];
        if (one !== other) disagreements.push(`${name}: ${what}: schema ${one}, parseRecipe ${other}`);
        else if (one) taken++;
        else refused++;
      }
    }
    expect(disagreements.slice(0, 20)).toEqual([]);
    expect(taken).toBeGreaterThan(1000);
    expect(refused).toBeGreaterThan(10_000);
  });
});
