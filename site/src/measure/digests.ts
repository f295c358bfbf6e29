import { type Dataset, TaskAugmentor } from "taskloom";
import golden from "../../golden.json";
import { sha256 } from "../weave/make.js";
import type { Digest } from "./messages.js";

/** Compares golden tasks with what a backend makes of them. */
export async function checkDigests(dataset: Dataset, backend: "wasm" | GPUDevice): Promise<Digest[]> {
  const found: Digest[] = [];
  const { seed, sequenceLength } = golden;
  // One set of all tasks: on a GPU the shaders are compiled once.
  const tasks = new TaskAugmentor({ taskCount: 2 ** 32, seed, sequenceLength, backend, workers: 0, tune: false });
  try {
    for (const { task, inputs, targets } of golden.tasks) {
      const batch = await tasks.batch(dataset, task, task + 1);
      const same = (await sha256(batch.inputs.data)) === inputs && (await sha256(batch.targets.data)) === targets;
      found.push({ task, same, backend: typeof backend === "string" ? "WebAssembly" : "GPU" });
    }
  } finally {
    tasks.dispose();
  }
  return found;
}
