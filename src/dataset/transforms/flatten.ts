import { product } from "../tensor.js";
import { checkInput } from "./apply.js";
import type { ImageBatch, Transform } from "./transform.js";

/**
 * Any shape becomes `[features]`; nothing is copied. The order of the values stays channel-last: for color images it is
 * not the order of `torch.flatten`, which is channel-first.
 */
export class Flatten implements Transform {
  readonly name = "Flatten";
  readonly keepsByteScale = true;

  apply(batch: ImageBatch): ImageBatch {
    checkInput(batch);
    return { ...batch, shape: [product(batch.shape)] };
  }
}
