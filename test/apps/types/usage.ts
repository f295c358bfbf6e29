// What every consumer writes, with and without DOM, with any compiler and its `lib` of es2022 alone.
import {
  BackendError,
  type Batch,
  Dataset,
  InvalidOptionError,
  openTasks,
  TaskAugmentor,
  type TaskAugmentorOptions,
} from "taskloom";

const dataset: Dataset = Dataset.from({ images: new Uint8Array(8), targets: new Uint8Array(2), shape: [4] });
const options: TaskAugmentorOptions = { taskCount: 2 ** 32, seed: 42n, preset: "paper", backend: "auto", workers: 0 };

export async function first(): Promise<Batch | undefined> {
  const tasks = new TaskAugmentor(options);
  const { name, reason }: { name: string; reason: string } = await tasks.describeBackend();
  console.log(name, reason);
  for await (const batch of tasks.batches(dataset, { batchSize: 1 })) {
    const shape: readonly number[] = batch.inputs.shape;
    const value: number | undefined = batch.targets.data[0];
    if (shape.length > 0 && value !== undefined) return batch;
  }
  const set = await openTasks("recipe.json", { dataset });
  for await (const { state } of set.batches({ batchSize: 2, shuffle: true })) JSON.stringify(state);
  tasks.dispose();
  return undefined;
}

export function explain(error: unknown): string {
  if (error instanceof InvalidOptionError) return `${error.option}: ${error.allowed}`;
  if (error instanceof BackendError) return `${error.backend} ${error.nextTask ?? 0}`;
  return "";
}

export const backends: TaskAugmentorOptions["backend"][] = ["auto", "wasm", "webgpu"];

// @ts-expect-error: no such backend, whether or not the compiler knows WebGPU
new TaskAugmentor({ backend: "wsam" });
// @ts-expect-error: no such backend
new TaskAugmentor({ backend: 12345 });
// @ts-expect-error: no such preset
new TaskAugmentor({ preset: "papers" });
// @ts-expect-error: no such option
new TaskAugmentor({ taskCounts: 2 });
// @ts-expect-error: a member that is none of a consumer's business
new TaskAugmentor().items;

export async function onGpu(): Promise<number> {
  let bytes = 0;
  for await (const { inputs } of new TaskAugmentor({ backend: "webgpu" }).gpuBatches(dataset, { batchSize: 1 })) {
    bytes += inputs.size + inputs.offset;
    // @ts-expect-error: a GPUBuffer has no such method, whether or not the compiler knows WebGPU
    inputs.buffer.nonsense();
  }
  return bytes;
}
