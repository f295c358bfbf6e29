/** Element types of results. `float16` is held as its bits in a `Uint16Array`, the same in every engine. */
export type FloatDtype = "float32" | "float16";
/** Element types of targets and labels, by NumPy's names. */
export type TargetDtype = "uint8" | "uint16" | "int32" | "int64";
/** Element types where no `targetDtype` is asked for: uint8 up to 256 values, else uint16. */
export type SmallestDtype = "uint8" | "uint16";

/** The typed array of each element type of targets and labels. */
export interface TargetArrays {
  /** One byte each. */
  readonly uint8: Uint8Array;
  /** Two bytes each. */
  readonly uint16: Uint16Array;
  /** Four bytes each. */
  readonly int32: Int32Array;
  /** Eight bytes each, read as bigints. */
  readonly int64: BigInt64Array;
}

/** A dense, row-major array. */
export interface Tensor<Dtype extends string = string, Data extends ArrayBufferView = ArrayBufferView> {
  /** The type of one element. */
  readonly dtype: Dtype;
  /** Sizes from the slowest to the fastest dimension; their product is `data.length`. */
  readonly shape: readonly number[];
  /** The elements, row-major: as many as the product of `shape`. */
  readonly data: Data;
}

/** Inputs as a typed array. float16 values are held as their bits in a `Uint16Array`. */
export type InputTensor = Tensor<FloatDtype, Float32Array | Uint16Array>;
/** Targets or labels as a typed array. */
export type TargetTensor<Dtype extends TargetDtype = SmallestDtype> = Tensor<Dtype, TargetArrays[Dtype]>;

/** Inputs and targets of consecutive tasks, as typed arrays in this process' memory. They belong to the caller. */
export interface Batch<Dtype extends TargetDtype = SmallestDtype> {
  /** The tasks within, first inclusive, last exclusive; `undefined` where samples were drawn from all tasks. */
  readonly tasks:
    | {
        /** The first task, inclusive. */
        readonly start: number;
        /** The last task, exclusive. */
        readonly stop: number;
      }
    | undefined;
  /**
   * `[sequences, length, outFeatures + cells]`, the cells being those of the one-hots, one for each class and special
   * token, or none; `[n, outFeatures]` where no sequences are drawn.
   */
  readonly inputs: InputTensor;
  /** The permuted labels, `[sequences, length]` or `[n]`, of the `targetDtype`; else uint8 up to 256 values, else uint16. */
  readonly targets: TargetTensor<Dtype>;
  /**
   * The label that each position is given, if `labelFormat` is `"integer"`: `[sequences, length]`; classes + specialTokens
   * where none is. They have the `targetDtype`; else uint8 up to 255 such, else uint16.
   */
  readonly labels?: TargetTensor<Dtype>;
}

/**
 * A dense, row-major array in a GPU buffer, ready to be bound: `{ buffer, offset, size }` is a binding. The buffer holds
 * this array and nothing else, so a library that takes a GPUBuffer alone sees exactly the values.
 *
 * @example
 * ```ts
 * const { buffer, shape } = batch.inputs;
 * const x = tf.tensor({ buffer, zeroCopy: true }, [...shape], "float32"); // TensorFlow.js on batch.device
 * ```
 */
export interface GpuTensor<Dtype extends string = string> {
  /** The type of one element. */
  readonly dtype: Dtype;
  /** Sizes from the slowest to the fastest dimension. */
  readonly shape: readonly number[];
  /** Its usage is STORAGE | COPY_SRC | COPY_DST. Its size is `size`, rounded up to a multiple of 4. */
  readonly buffer: GPUBuffer;
  /** The byte at which the values begin, always 0. */
  readonly offset: number;
  /** The bytes that the values take. */
  readonly size: number;
}

/**
 * Inputs and targets of consecutive tasks on a GPU. The buffers belong to the caller, who destroys them; with `reuse` they
 * belong to the walk. Commands that use a batch must be submitted before it is destroyed, and with `reuse` before the next
 * batch is asked for.
 */
export interface GpuBatch {
  /** The tasks within, first inclusive, last exclusive. */
  readonly tasks: {
    /** The first task, inclusive. */
    readonly start: number;
    /** The last task, exclusive. */
    readonly stop: number;
  };
  /** The device of the buffers. */
  readonly device: GPUDevice;
  /** Like `Batch.inputs`; rows of float16 values that do not fill a 4-byte word share it with the next row. */
  readonly inputs: GpuTensor<FloatDtype>;
  /** Like `Batch.targets`, but one u32 each, which is what a shader reads. */
  readonly targets: GpuTensor<"uint32">;
  /** Like `Batch.labels`, but one u32 each. */
  readonly labels?: GpuTensor<"uint32">;
  /** Destroys the buffers; does nothing with `reuse`, where they are the walk's. */
  destroy(): void;
}

const ELEMENT_BYTES = { float32: 4, float16: 2, uint8: 1, uint16: 2, int32: 4, int64: 8 } as const;

/** Bytes of one element. */
export function bytesPerElement(dtype: FloatDtype | TargetDtype): number {
  return ELEMENT_BYTES[dtype];
}

/** Sequences as typed arrays, the caller's own. */
export interface Sequences<Dtype extends TargetDtype = SmallestDtype> {
  /** `[n, length, outFeatures + cells]`, of one sequence `[length, ...]`; without sequences `[n, outFeatures]`. */
  readonly inputs: InputTensor;
  /** `[n, length]`, of one sequence `[length]`; without sequences `[n]`. The type is that of `Batch.targets`. */
  readonly targets: TargetTensor<Dtype>;
  /** The labels that positions are given, where they are integers: as `Batch.labels`. */
  readonly labels?: TargetTensor<Dtype>;
}
