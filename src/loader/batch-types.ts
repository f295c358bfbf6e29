import type { FloatDtype, GpuTensor, Sequences, SmallestDtype, TargetDtype } from "../base/tensor.js";
import type { LoaderState } from "./state.js";

/** The place of a batch in a walk. */
export interface BatchPlace {
  /** The number of the epoch, 0..2^32 - 1. */
  readonly epoch: number;
  /** The number of the batch in its epoch, counted over all shards. */
  readonly batch: number;
  /**
   * The numbers of the sequences in the batch. Sequence n belongs to task
   * `taskOffset + floor(n / samplesPerTask)`.
   */
  readonly indices: Float64Array;
  /** The state after this batch, the same for all shards after the same round, for `batches({ state })`. */
  readonly state: LoaderState;
}

/** A batch as typed arrays, which belong to the caller. */
export interface LoadedBatch<Dtype extends TargetDtype = SmallestDtype> extends Sequences<Dtype>, BatchPlace {}

/** A batch in GPU buffers. They belong to the caller, who destroys them; with `reuse` they belong to the walk. */
export interface LoadedGpuBatch extends BatchPlace {
  /** The device of the buffers. */
  readonly device: GPUDevice;
  /** Like `LoadedBatch.inputs`; rows of float16 values that do not fill a 4-byte word share it with the next row. */
  readonly inputs: GpuTensor<FloatDtype>;
  /** Like `LoadedBatch.targets`, but one u32 each. */
  readonly targets: GpuTensor<"uint32">;
  /** Like `LoadedBatch.labels`, but one u32 each. */
  readonly labels?: GpuTensor<"uint32">;
  /** Destroys the buffers; does nothing with `reuse`, where they are the walk's. */
  destroy(): void;
}
