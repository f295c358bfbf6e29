export type { ItemBytes } from "./backend/backend.js";
export { WebGpuError, type WebGpuReason } from "./backend/webgpu/device/failure.js";
export {
  BackendError,
  DatasetError,
  DisposedError,
  InvalidOptionError,
  OutputError,
  RecipeError,
  StoreError,
  TaskloomError,
} from "./base/errors.js";
export type {
  AbortSignal as AbortSignalLike,
  AsyncDisposable as AsyncDisposableLike,
  Blob as BlobLike,
  Disposable as DisposableLike,
  FileSystemDirectoryHandle as DirectoryHandleLike,
  FileSystemFileHandle as FileHandleLike,
  GPUBuffer as GpuBufferLike,
  GPUDevice as GpuDeviceLike,
  URL as UrlLike,
} from "./base/platform.js";
export type {
  Batch,
  FloatDtype,
  GpuBatch,
  GpuTensor,
  InputTensor,
  Sequences,
  SmallestDtype,
  TargetArrays,
  TargetDtype,
  TargetTensor,
  Tensor,
} from "./base/tensor.js";
export type { WorkerLike } from "./base/worker-like.js";
export * from "./dataset/index.js";
export type { Bytes, ReadableStore } from "./files/store.js";
export type { BatchPlace, LoadedBatch, LoadedGpuBatch } from "./loader/batch-types.js";
export type { BatchIterator } from "./loader/iterator.js";
export { type OpenOptions, openTasks, type TaskSetSource } from "./loader/open.js";
export type { GpuLoaderOptions, LoaderOptions } from "./loader/options.js";
export type { LoaderState } from "./loader/state.js";
export type { TaskSet } from "./loader/task-set.js";
export type {
  Episode,
  Generator,
  InputScaling,
  LabelFormat,
  LabelLayout,
  OutputScaling,
  SettledChoices,
  StandardDeviation,
  TaskChoices,
  TaskSetSize,
} from "./plan/choices.js";
export type { Fixed, Schedule, Share } from "./plan/curriculum.js";
export {
  findLeaks,
  type LeakSide,
  type Leaks,
  type Range,
  type Split,
  type SplitOptions,
  splitTaskSet,
} from "./plan/leaks.js";
export type { Given, TaskAugmentorOptions } from "./plan/options.js";
export { PRESETS, type Preset, type PresetName } from "./plan/presets.js";
export { parseRecipe, type Recipe, type RecipeChoices } from "./plan/recipe.js";
export { standardizeBatch } from "./scaling/standardize-batch.js";
export { gpuMatrix, gpuNormalize, gpuProject, gpuStatistics } from "./steps/gpu-on-demand.js";
export { TargetPermutation, type TargetPermutationOptions } from "./steps/permutation.js";
export { type Matrix, project } from "./steps/project.js";
export { LinearProjection, type LinearProjectionOptions } from "./steps/projection.js";
export type { ArrayName, StoredArray, StoredDtype } from "./store/arrays.js";
export type { CacheOptions } from "./store/cache-options.js";
export type { ItemReader } from "./store/item-reader.js";
export { type OpenStoreOptions, openStore, StoreReader } from "./store/reader.js";
export { generationSeeds } from "./stream/torch-seeds.js";
export { TaskAugmentor } from "./tasks/augmentor.js";
export type { BatchOptions } from "./tasks/batch-options.js";
export { recipeOf } from "./tasks/recipe-of.js";
