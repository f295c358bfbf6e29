// Compiled, never run: a program for Node.
import { Worker } from "node:worker_threads";
import { TaskAugmentor } from "taskloom";
import * as node from "taskloom/node";
import {
  type ArrayReport,
  type ChunkRun,
  type Fault,
  type FeatureStatistics,
  type Finished,
  type FinishOptions,
  type FolderOptions,
  type Generated,
  type GenerateOptions,
  generate,
  type Inspection,
  type InspectOptions,
  type MnistOptions,
  mnist,
  openTasks,
  type PreviewOptions,
  type Shard,
  type SinkOptions,
  type Split,
  type StoreFormat,
  type Verification,
  type VerifyOptions,
} from "taskloom/node";

export const every = { ...node };
export type Types = [
  ArrayReport,
  ChunkRun,
  Fault,
  FeatureStatistics,
  Finished,
  FinishOptions,
  FolderOptions,
  GenerateOptions,
  InspectOptions,
  Inspection,
  MnistOptions,
  PreviewOptions,
  Shard,
  SinkOptions,
  Split,
  StoreFormat,
  Verification,
  VerifyOptions,
];

export async function use(): Promise<Generated> {
  const dataset = await mnist();
  const stop = new AbortController();
  const tasks = new TaskAugmentor({
    taskCount: 2,
    signal: stop.signal,
    createWorker: () => new Worker(new URL("worker.js", "file:///")),
  });
  await tasks.transform(dataset, { signal: stop.signal });
  const set = await openTasks(new URL("file:///tasks/recipe.json"), { signal: stop.signal });
  for await (const { inputs } of set.batches({ batchSize: 1 })) inputs.data.fill(0);
  return generate(dataset, { taskCount: 2, seed: 1n, out: "x" });
}
