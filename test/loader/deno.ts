// Run by Deno on a folder that generate wrote, by its path and by its URL: the recipe, and the files.
import { openTasks } from "../../dist/index.js";
import { openTasks as openTasksWithDataset } from "../../dist/node.js";
import { loaderDigests } from "./digests.mjs";

declare const Deno: { args: [path: string, url: string] };
const [path, url] = Deno.args;
const sets = [
  await openTasksWithDataset(`${path}/recipe.json`, { backend: "wasm", workers: 2 }),
  await openTasks(path),
  await openTasks(url),
];
const found: string[][] = [];
for (const tasks of sets) {
  found.push(await loaderDigests(tasks));
  await tasks.dispose();
}
console.log(JSON.stringify(found));
