import type { ImageTensor } from "../tensor.js";

/** `count` examples of one shape: `count * product(shape)` values. */
export interface ImageBatch extends ImageTensor {
  /** The number of examples; `shape` is the shape of one. */
  readonly count: number;
}

/**
 * A map from examples to examples, each on its own: an example's result must not depend on its neighbours in the batch.
 * To write one for a single example, use {@link Lambda}.
 */
export interface Transform {
  /** The name of the transform in messages. */
  readonly name: string;
  /** The transformed examples, as many as were given. The input is not written to; the output may share its memory. */
  apply(batch: ImageBatch): ImageBatch;
}
