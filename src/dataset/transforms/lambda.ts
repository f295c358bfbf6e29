import { DatasetError, describe, InvalidOptionError } from "../../base/errors.js";
import { allocate, dtypeOf, type ImageTensor, isShape, kindOf, product, sameShape, shapeText } from "../tensor.js";
import { checkInput } from "./apply.js";
import type { ImageBatch, Transform } from "./transform.js";

/**
 * A function of one example as a transform. It is given a view and must not write to it; what it returns is copied, so it
 * may return the same array every time. All results must have one shape and one dtype.
 *
 * @example
 * const inverted = new Lambda((example) => ({ ...example, data: example.data.map((x) => 255 - x) }));
 */
export class Lambda implements Transform {
  readonly name = "Lambda";
  readonly #map: (example: ImageTensor) => ImageTensor;

  /** @throws {@link InvalidOptionError} for anything but a function. */
  constructor(map: (example: ImageTensor) => ImageTensor) {
    if (typeof map !== "function") throw new InvalidOptionError("map", map, "a function of one example");
    this.#map = map;
  }

  /** @throws {@link DatasetError} if a result does not hold what it says or differs from the first. */
  apply(batch: ImageBatch): ImageBatch {
    checkInput(batch);
    const { shape, dtype, count } = batch;
    const features = product(shape);
    let result: ImageBatch | undefined;
    for (let i = 0; i < count; i++) {
      const example = this.#map({ data: batch.data.subarray(i * features, (i + 1) * features), shape, dtype });
      if (typeof example !== "object" || example === null || !isShape(example.shape)) {
        const allowed = "{ data, shape, dtype }, shape a list of positive integers";
        throw new DatasetError(this.name, `returned ${describe(example)}; allowed: ${allowed}`);
      }
      const size = product(example.shape);
      if (dtypeOf(example.data) !== example.dtype || example.data.length !== size) {
        throw new DatasetError(
          this.name,
          `returned ${example.data?.length} values in ${kindOf(example.data)} as ` +
            `${shapeText(example.shape)} ${example.dtype}, which is ${size} values`,
        );
      }
      result ??= {
        data: allocate(example.dtype, count * size),
        shape: [...example.shape],
        dtype: example.dtype,
        count,
      };
      if (!sameShape(example.shape, result.shape) || example.dtype !== result.dtype) {
        throw new DatasetError(
          this.name,
          `returned ${shapeText(example.shape)} ${example.dtype} after ${shapeText(result.shape)} ${result.dtype}; ` +
            "all examples must be alike",
        );
      }
      result.data.set(example.data, i * size);
    }
    return result ?? batch;
  }
}
