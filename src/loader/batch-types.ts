import type { FloatDtype, GpuTensor, Sequences } from "../base/tensor.js";
import type { LoaderState } from "./state.js";

/** Which batch of a walk it is. */
export interface BatchPlace {
  readonly epoch: number;
  /** Its number within the epoch, counted over all shards. */
  readonly batch: number;
  /**
   * Which sequences of the set are in it, by their numbers. Sequence n belongs to task
   * `taskOffset + floor(n / samplesPerTask)`.
   */
  readonly indices: Float64Array;
  /** Where the iteration stands after this batch, for `batches({ state })`. */
  readonly state: LoaderState;
}

/** A batch as typed arrays. They belong to the caller. */
export interface LoadedBatch extends Sequences, BatchPlace {}

/** A batch in GPU buffers, which belong to the caller, who destroys them, but with `reuse`. */
export interface LoadedGpuBatch extends BatchPlace {
  readonly device: GPUDevice;
  /** As `LoadedBatch.inputs`; rows of float16 values that do not fill a 4-byte word share it with the next row. */
  readonly inputs: GpuTensor<FloatDtype>;
  /** As `LoadedBatch.targets`, but one u32 each. */
  readonly targets: GpuTensor<"uint32">;
  /** As `LoadedBatch.labels`, one u32 each. */
  readonly labels?: GpuTensor<"uint32">;
  /** Destroys the buffers; does nothing with `reuse`, where they are the walk's. */
  destroy(): void;
}
