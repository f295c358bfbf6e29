// What a consumer in Node writes, without DOM.
import { Worker } from "node:worker_threads";
import { TaskAugmentor, type TaskSet } from "taskloom";
import { generate, mnist, openTasks, verify } from "taskloom/node";

export async function write(): Promise<TaskSet> {
  const dataset = await mnist();
  const script = new URL("./worker.js", import.meta.url);
  await new TaskAugmentor({ workers: 2, createWorker: () => new Worker(script) }).transform(dataset);
  await generate(dataset, { taskCount: 2, seed: 1n, out: "tasks", format: "npy" });
  // @ts-expect-error: no such format
  await generate(dataset, { taskCount: 2, seed: 1n, out: "tasks", format: "numpy" });
  const { faults } = await verify("tasks");
  if (faults.length > 0) throw new Error(String(faults[0]));
  return openTasks("tasks/recipe.json");
}
