import type { ByteScale } from "../byte-scale.js";
import type { ImageTensor } from "../tensor.js";

/** `count` examples of one shape: `count * product(shape)` values. */
export interface ImageBatch extends ImageTensor {
  /** The number of examples; `shape` is the shape of one. */
  readonly count: number;
  /** The values that bytes stand for, where these are not 0 to 1: see {@link Center}. */
  readonly byteScale?: ByteScale | undefined;
  /** The name of the dataset whose mean image was taken off int16 examples: see {@link Center}. */
  readonly centeredOn?: string | undefined;
}

/**
 * A map from examples to examples, each on its own: an example's result must not depend on its neighbors in the batch.
 * To write one for a single example, use {@link Lambda}.
 */
export interface Transform {
  /** The name of the transform in messages. */
  readonly name: string;
  /**
   * `true` if centered bytes become centered bytes, as means of pixels do; the result has their `byteScale` then. Default
   * `false`: a batch with a `byteScale` is an error.
   */
  readonly keepsByteScale?: boolean;
  /** The transformed examples, as many as were given. The input is not written to; the output may share its memory. */
  apply(batch: ImageBatch): ImageBatch;
}
