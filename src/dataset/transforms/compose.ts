import { InvalidOptionError } from "../../base/errors.js";
import { applyOne, checkInput, checkTransform } from "./apply.js";
import type { ImageBatch, Transform } from "./transform.js";

/** Transforms one after the other, the first one first. */
export class Compose implements Transform {
  readonly name = "Compose";
  readonly keepsByteScale = true;
  /** The transforms, in the order in which they are applied. */
  readonly transforms: readonly Transform[];

  /** @throws {@link InvalidOptionError} for anything but a list of transforms. */
  constructor(transforms: readonly Transform[]) {
    if (!Array.isArray(transforms)) throw new InvalidOptionError("transforms", transforms, "a list of transforms");
    transforms.forEach((transform, i) => {
      checkTransform(`transforms[${i}]`, transform);
    });
    this.transforms = Object.freeze([...transforms]);
  }

  apply(batch: ImageBatch): ImageBatch {
    checkInput(batch);
    let result = batch;
    for (const transform of this.transforms) {
      result = applyOne(transform, result);
    }
    return result;
  }
}
