// Valid examples, made by the package itself: what the fuzzers damage.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Dataset, recipeOf, TaskAugmentor } from "../../dist/index.js";
import { generate } from "../../dist/node.js";

/** Nine examples of 2 x 3 pixels in three classes. */
export function smallDataset() {
  const images = Uint8Array.from({ length: 54 }, (_, i) => (i * 37) % 256);
  return Dataset.from({ images, targets: Array.from({ length: 9 }, (_, i) => i % 3), shape: [2, 3], classes: 3 });
}

const SMALL = {
  taskCount: 5,
  taskOffset: 7,
  seed: 2n ** 63n + 7n,
  samplesPerTask: 2,
  sequenceLength: 4,
  outFeatures: 5,
};

/** Options of task sets: sequences, other labels, episodes, samples, PyTorch's numbers. */
export const OPTIONS = [
  SMALL,
  { ...SMALL, dtype: "float16", specialTokens: 2, startToken: 1 },
  { ...SMALL, labelFormat: "integer", identity: 0.5, outputScaling: "set" },
  { ...SMALL, sequenceLength: 6, episode: { ways: 2, shots: 2, queries: 1 }, labelLayout: "query-last" },
  { taskCount: 5, outFeatures: 5, drawSequence: false, samples: 12, fixed: { share: 0.5 } },
  { ...SMALL, preset: "notebook-torch", taskOffset: 0, outputScaling: "notebook" },
];

/** The recipes of OPTIONS as plain JSON. */
export async function smallRecipes() {
  const dataset = smallDataset();
  const recipes = [];
  for (const options of OPTIONS) {
    const tasks = new TaskAugmentor({ ...options, workers: 0 });
    recipes.push(JSON.parse(JSON.stringify(await recipeOf(tasks, dataset))));
    tasks.dispose();
  }
  return recipes;
}

/** Generates a folder; answers its files by their place within it. */
export async function generateFiles(out, options) {
  await generate(smallDataset(), { ...options, out, workers: 0 });
  const paths = readdirSync(out, { recursive: true, encoding: "utf8" });
  const files = paths.filter((path) => statSync(join(out, path)).isFile()).sort();
  return new Map(files.map((path) => [path.replaceAll("\\", "/"), readFileSync(join(out, path))]));
}
