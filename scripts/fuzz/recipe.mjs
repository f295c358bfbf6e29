// Recipes: the text, and the task set that is opened from it.
import { openTasks, parseRecipe } from "../../dist/index.js";
import { smallDataset, smallRecipes } from "./examples.mjs";
import { mutateJson } from "./json.mjs";
import { readSome } from "./read-some.mjs";

const WORDS = ["none", "query-last", "integer", "notebook", "notebook-torch", "set", "example", "float16", "uint8"];

export async function prepare() {
  return { recipes: await smallRecipes(), dataset: smallDataset() };
}

export function make({ recipes }, random) {
  return { "recipe.json": mutateJson(random.pick(recipes), random, WORDS) };
}

export async function run({ dataset }, input) {
  const recipe = parseRecipe(input["recipe.json"].toString());
  const tasks = await openTasks(recipe, { dataset, workers: 0, backend: "wasm" });
  try {
    await readSome(tasks);
  } finally {
    await tasks.dispose();
  }
}
