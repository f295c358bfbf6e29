/** Element types of results. `float16` is held as its bits in a `Uint16Array`, the same in every engine. */
export type FloatDtype = "float32" | "float16";
export type TargetDtype = "uint8" | "uint16";

/** A dense, row-major array. */
export interface Tensor<Dtype extends string = string, Data extends ArrayBufferView = ArrayBufferView> {
  readonly dtype: Dtype;
  /** Sizes from the slowest to the fastest dimension; their product is `data.length`. */
  readonly shape: readonly number[];
  readonly data: Data;
}

export type InputTensor = Tensor<FloatDtype, Float32Array | Uint16Array>;
export type TargetTensor = Tensor<TargetDtype, Uint8Array | Uint16Array>;

/** Inputs and targets of consecutive tasks, as typed arrays in this process' memory. They belong to the caller. */
export interface Batch {
  /** The tasks within, first inclusive, last exclusive; `undefined` where samples were drawn from all tasks. */
  readonly tasks: { readonly start: number; readonly stop: number } | undefined;
  /** `[sequences, length, outFeatures + classes]`, or `[n, outFeatures]` where no sequences are drawn. */
  readonly inputs: InputTensor;
  /** The permuted labels, `[sequences, length]` or `[n]`; uint8 up to 256 classes, else uint16. */
  readonly targets: TargetTensor;
}

/** Bytes of one element. */
export function bytesPerElement(dtype: FloatDtype | TargetDtype): number {
  return dtype === "float32" ? 4 : dtype === "uint8" ? 1 : 2;
}
