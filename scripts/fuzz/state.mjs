// States of an iteration, as they come back from a file.
import { openTasks } from "../../dist/index.js";
import { smallDataset, smallRecipes } from "./examples.mjs";
import { mutateJson } from "./json.mjs";

const OPTIONS = [
  { batchSize: 3 },
  { batchSize: 4, shuffle: true, epochs: 3, dropLast: true },
  { batchSize: 2, shuffle: "tasks", reshuffle: true, shard: { index: 1, count: 2 } },
  { batchSize: 3, shuffle: "chunks", chunkItems: 4, blockChunks: 2, shard: { index: 0, count: 1 }, even: "pad" },
];

export async function prepare() {
  const [recipe] = await smallRecipes();
  const tasks = await openTasks(recipe, { dataset: smallDataset(), workers: 0, backend: "wasm" });
  const states = [];
  for (const options of OPTIONS) {
    const batches = tasks.batches(options);
    await batches.next();
    states.push(batches.state());
    await batches.return?.();
  }
  return { tasks, states };
}

export function make({ states }, random) {
  return { "state.json": mutateJson(random.pick(states), random, ["tasks", "taskloom-loader"]) };
}

export async function run({ tasks }, input) {
  let state;
  try {
    state = JSON.parse(input["state.json"].toString());
  } catch {
    // The caller parses a state; a text that is no JSON never reaches the package.
    return;
  }
  // A batch is at most the whole set, whatever the state says.
  const ranks = state?.ranks;
  const batches = tasks.batches(ranks === 2 ? { state, shard: { index: 1, count: 2 } } : { state });
  try {
    for (let count = 0; count < 3; count++) if ((await batches.next()).done) break;
    batches.state();
  } finally {
    await batches.return?.();
  }
}
