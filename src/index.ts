export { type BatchOptions, TaskAugmentor } from "./augmentor.js";
export { WebGpuError, type WebGpuReason } from "./backend/webgpu/failure.js";
export type { Fixed, Schedule, Share } from "./curriculum.js";
export * from "./dataset/index.js";
export {
  BackendError,
  DatasetError,
  DisposedError,
  InvalidOptionError,
  OutputError,
  RecipeError,
  StoreError,
  TaskloomError,
} from "./errors.js";
export { gpuMatrix, gpuNormalize, gpuProject, gpuStatistics } from "./gpu-on-demand.js";
export { findLeaks, type LeakSide, type Leaks, type Split, type SplitOptions, splitTaskSet } from "./leaks.js";
export type { BatchIterator } from "./loader/iterator.js";
export { type OpenOptions, openTasks, type TaskSetSource } from "./loader/open.js";
export type { GpuLoaderOptions, LoaderOptions } from "./loader/options.js";
export type { ItemReader } from "./loader/source.js";
export type { LoaderState } from "./loader/state.js";
export type { BatchPlace, LoadedBatch, LoadedGpuBatch, Sequences, TaskSet } from "./loader/task-set.js";
export type { TaskAugmentorOptions } from "./options.js";
export { TargetPermutation, type TargetPermutationOptions } from "./permutation.js";
export {
  type Episode,
  type Generator,
  type InputScaling,
  type LabelFormat,
  type LabelLayout,
  type OutputScaling,
  PRESETS,
  type Preset,
  type PresetName,
  type StandardDeviation,
} from "./presets.js";
export { type Matrix, project } from "./project.js";
export { LinearProjection, type LinearProjectionOptions } from "./projection.js";
export { parseRecipe, type Recipe, recipeOf } from "./recipe.js";
export type { ArrayName, StoredArray, StoredDtype } from "./store/arrays.js";
export { type OpenStoreOptions, openStore, StoreReader } from "./store/reader.js";
export type { ReadableStore } from "./store/source.js";
export type {
  Batch,
  FloatDtype,
  GpuBatch,
  GpuTensor,
  InputTensor,
  TargetDtype,
  TargetTensor,
  Tensor,
} from "./tensor.js";
export { generationSeeds } from "./torch/seeds.js";
