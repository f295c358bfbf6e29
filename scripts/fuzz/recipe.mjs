// Recipes: the text, and the task set that is opened from it.
import { openTasks, parseRecipe } from "../../dist/index.js";
import { smallDataset, smallRecipes } from "./examples.mjs";
import { mutateJson } from "./json.mjs";

/** Results of more bytes are legitimate and are not made here. */
const MOST_BYTES = 2 ** 24;

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

/** Reads the ends of a task set, unless its items are large. */
export async function readSome(tasks) {
  const { sequenceLength = 1, outFeatures, dataset, specialTokens = 0, drawSequence, examples } = tasks.recipe;
  const positions = drawSequence ? sequenceLength : (examples ?? 1);
  if (positions * (outFeatures + dataset.classes + specialTokens) * 8 > MOST_BYTES) return;
  await tasks.at(0);
  await tasks.at(tasks.length - 1);
  const batches = tasks.batches({ batchSize: 2, shuffle: true });
  await batches.next();
  await batches.return?.();
}
