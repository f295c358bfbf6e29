import { DatasetError, InvalidOptionError } from "../../base/errors.js";
import { type DType, type Pixels, ZERO_BYTE } from "../tensor.js";
import { checkInput } from "./apply.js";
import { checkUnquantized } from "./quantized.js";
import type { ImageBatch, Transform } from "./transform.js";

const byteAsUnit = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);
const unitAsByte = Math.fround(255 + 1 - 1e-3);

/**
 * `torchvision.transforms.ConvertImageDtype`: uint8 0 to 255 to float32 0 to 1 and back.
 *
 * uint8 to float32 is `x / 255` correctly rounded, as in torchvision's `ToTensor` and v1 `ConvertImageDtype`. (The v2
 * function multiplies by f32(1/255), which for 126 of the 256 bytes is the neighboring float.) float32 to uint8 is
 * `x * 255.999` in f32, truncated.
 *
 * Quantized examples become the float32 values that they stand for.
 */
export class ConvertImageDtype implements Transform {
  readonly name = "ConvertImageDtype";
  readonly #dtype: DType;

  /** @throws {@link InvalidOptionError} unless `dtype` is `"uint8"` or `"float32"`. */
  constructor(dtype: DType) {
    if (dtype !== "uint8" && dtype !== "float32") {
      throw new InvalidOptionError("dtype", dtype, '"uint8" or "float32"');
    }
    this.#dtype = dtype;
  }

  /**
   * @throws {@link DatasetError} if a value does not fit a byte, where torch leaves the result undefined, or the examples
   *   are quantized and the target is uint8.
   */
  apply(batch: ImageBatch): ImageBatch {
    checkInput(batch);
    const { data, scale, ...same } = batch;
    if (this.#dtype === "float32" && scale !== undefined) {
      return { ...same, dtype: "float32", data: fromSteps(data, scale) };
    }
    if (batch.dtype === this.#dtype) return batch;
    checkUnquantized(batch, this.name);
    const converted = data instanceof Float32Array ? this.#toBytes(data) : toFloats(data);
    return { ...same, dtype: this.#dtype, data: converted };
  }

  #toBytes(source: Float32Array): Uint8Array {
    const data = new Uint8Array(source.length);
    for (let i = 0; i < data.length; i++) {
      const scaled = Math.fround((source[i] as number) * unitAsByte);
      if (!(scaled > -1 && scaled < 256)) {
        throw new DatasetError(this.name, `got the value ${source[i]}; converting to uint8 needs values from 0 to 1`);
      }
      data[i] = scaled;
    }
    return data;
  }
}

/** The values that steps of quantized examples stand for. */
function fromSteps(steps: Pixels, scale: number): Float32Array {
  const zero = steps instanceof Uint8Array ? ZERO_BYTE : 0;
  const data = new Float32Array(steps.length);
  for (let i = 0; i < data.length; i++) data[i] = ((steps[i] as number) - zero) * scale;
  return data;
}

function toFloats(source: Pixels): Float32Array {
  const data = new Float32Array(source.length);
  for (let i = 0; i < data.length; i++) data[i] = byteAsUnit[source[i] as number] as number;
  return data;
}
