// Compiled, never run: a program that names every export of the package, under the settings of types.test.ts.
import * as everywhere from "taskloom";
import {
  type AbortSignalLike,
  type ArrayName,
  type AsyncDisposableLike,
  type Batch,
  type BatchIterator,
  type BatchOptions,
  type BatchPlace,
  type BlobLike,
  type ByteScale,
  type Bytes,
  type CacheOptions,
  type CenterOptions,
  Dataset,
  type DirectoryHandleLike,
  type DisposableLike,
  type Episode,
  type FileHandleLike,
  type Fixed,
  type FloatDtype,
  type Generator,
  type Given,
  type GpuBatch,
  type GpuBufferLike,
  type GpuDeviceLike,
  type GpuLoaderOptions,
  type GpuTensor,
  gpuMatrix,
  gpuNormalize,
  gpuProject,
  gpuStatistics,
  type InputScaling,
  type InputTensor,
  type ItemBytes,
  type ItemReader,
  type LabelFormat,
  type LabelLayout,
  type LeakSide,
  type Leaks,
  LinearProjection,
  type LinearProjectionOptions,
  type LoadedBatch,
  type LoadedGpuBatch,
  type LoaderOptions,
  type LoaderState,
  type Matrix,
  type OpenOptions,
  type OpenStoreOptions,
  type OutputScaling,
  openStore,
  openTasks,
  type Preset,
  type PresetName,
  type Range,
  type ReadableStore,
  type Recipe,
  type RecipeChoices,
  type Schedule,
  type Sequences,
  type SettledChoices,
  type Share,
  type SmallestDtype,
  type Split,
  type SplitOptions,
  type StandardDeviation,
  type StoredArray,
  type StoredDtype,
  type StoreReader,
  type TargetArrays,
  type TargetDtype,
  TargetPermutation,
  type TargetPermutationOptions,
  type TargetTensor,
  TaskAugmentor,
  type TaskAugmentorOptions,
  type TaskChoices,
  type TaskSet,
  type TaskSetSize,
  type TaskSetSource,
  type Tensor,
  type UrlLike,
  WebGpuError,
  type WebGpuReason,
  type WorkerLike,
} from "taskloom";
import * as gpu from "taskloom/gpu";

export const every = { ...everywhere, ...gpu };
export type Types = [
  AbortSignalLike,
  AsyncDisposableLike,
  BlobLike,
  DirectoryHandleLike,
  DisposableLike,
  FileHandleLike,
  GpuBufferLike,
  GpuDeviceLike,
  UrlLike,
  ArrayName,
  Batch,
  BatchIterator<LoadedBatch>,
  BatchPlace,
  CacheOptions,
  Bytes,
  ByteScale,
  CenterOptions,
  Given<TaskChoices>,
  RecipeChoices,
  SettledChoices,
  TaskSetSize,
  Episode,
  Fixed,
  FloatDtype,
  Generator,
  GpuLoaderOptions,
  InputScaling,
  InputTensor,
  ItemReader,
  LabelFormat,
  LabelLayout,
  LeakSide,
  Leaks,
  LinearProjectionOptions,
  LoadedGpuBatch,
  LoaderOptions,
  LoaderState,
  Matrix,
  OpenOptions,
  OpenStoreOptions,
  OutputScaling,
  Preset,
  PresetName,
  Range,
  ReadableStore,
  Recipe,
  Schedule,
  Sequences,
  Share,
  Split,
  SplitOptions,
  StandardDeviation,
  StoredArray,
  StoredDtype,
  SmallestDtype,
  TargetArrays,
  TargetDtype,
  TargetPermutationOptions,
  TargetTensor,
  TaskAugmentorOptions,
  TaskChoices,
  TaskSet,
  TaskSetSource,
  Tensor,
  WebGpuReason,
  WorkerLike,
];

export async function use(worker: WorkerLike, reader: StoreReader, source: string): Promise<ItemBytes> {
  const dataset: Dataset = Dataset.from({ images: new Uint8Array(8), targets: [0, 1], shape: [4] });
  const options: TaskAugmentorOptions = { taskCount: 2, seed: 1n, backend: "auto", createWorker: () => worker };
  const tasks = new TaskAugmentor(options);
  const walk: BatchOptions = { batchSize: 1 };
  for await (const batch of tasks.batches(dataset, walk)) takes(batch);
  for await (const batch of tasks.gpuBatches(dataset, walk)) {
    const { inputs }: GpuBatch = batch;
    const size: number = inputs.buffer.size;
    const statistics: GpuTensor<"float32"> = await gpuStatistics(batch, { unbiased: size > 0 });
    await gpuNormalize(batch, statistics, { epsilon: 1e-9 });
    const projection = new LinearProjection({ seed: 1, task: 2, inFeatures: 3 });
    await gpuMatrix(batch.device, projection, 0, 1);
    await gpuProject(batch.device, await projection.matrix(), new Float32Array(3));
    new TaskAugmentor({ backend: batch.device });
    // @ts-expect-error: a buffer has no such member
    inputs.buffer.nonsense();
  }
  // @ts-expect-error: no such backend
  new TaskAugmentor({ backend: "wsam" });
  // @ts-expect-error: no such backend
  new TaskAugmentor({ backend: 12345 });
  // @ts-expect-error: no such preset
  new TaskAugmentor({ preset: "papers" });
  // @ts-expect-error: not a worker
  new TaskAugmentor({ createWorker: () => 1 });
  // @ts-expect-error: the project's own
  tasks.plan(dataset);
  // @ts-expect-error: the project's own
  tasks.options;
  await new TargetPermutation({ seed: 1, task: 2, classes: 3 }).permutation();
  const set = await openTasks(source, { dataset, backend: "wasm", workers: 2, createWorker: () => worker });
  for await (const { inputs, state } of set.batches({ batchSize: 2 })) takes({ inputs, state });
  const small: Uint8Array | Uint16Array = (await tasks.batch(dataset, 0)).targets.data;
  const wide: BigInt64Array = (await new TaskAugmentor({ targetDtype: "int64" }).batch(dataset, 0)).targets.data;
  const read: Int32Array = (await (await openTasks(source, { targetDtype: "int32" })).at(0)).targets.data;
  takes([small, wide, read]);
  // @ts-expect-error: no such type
  new TaskAugmentor({ targetDtype: "uint64" });
  await openStore(source);
  const error: Error = new WebGpuError("unavailable", "x");
  takes(error.message);
  return reader.read(0, 1);
}

function takes(value: unknown): void {
  void value;
}
