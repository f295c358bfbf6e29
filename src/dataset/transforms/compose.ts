import { checkBatch } from "./apply.js";
import type { ImageBatch, Transform } from "./transform.js";

/** Transforms one after the other, the first one first. */
export class Compose implements Transform {
  readonly name = "Compose";
  readonly transforms: readonly Transform[];

  constructor(transforms: readonly Transform[]) {
    this.transforms = Object.freeze([...transforms]);
  }

  apply(batch: ImageBatch): ImageBatch {
    let result = batch;
    for (const transform of this.transforms) {
      result = transform.apply(result);
      checkBatch(transform, result, batch.count);
    }
    return result;
  }
}
