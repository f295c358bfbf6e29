import { DatasetError, InvalidOptionError } from "../../base/errors.js";
import type { DType } from "../tensor.js";
import { checkInput } from "./apply.js";
import type { ImageBatch, Transform } from "./transform.js";

const byteAsUnit = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);
const unitAsByte = Math.fround(255 + 1 - 1e-3);

/**
 * `torchvision.transforms.ConvertImageDtype`: uint8 0 to 255 to float32 0 to 1 and back.
 *
 * uint8 to float32 is `x / 255` correctly rounded, as in torchvision's `ToTensor` and v1 `ConvertImageDtype`. (The v2
 * function multiplies by f32(1/255), which for 126 of the 256 bytes is the neighboring float.) float32 to uint8 is
 * `x * 255.999` in f32, truncated.
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

  /** @throws {@link DatasetError} if a value does not fit a byte: torch leaves that result undefined. */
  apply(batch: ImageBatch): ImageBatch {
    checkInput(batch);
    const { data } = batch;
    if (batch.dtype === this.#dtype) return batch;
    return { ...batch, dtype: this.#dtype, data: data instanceof Uint8Array ? toFloats(data) : this.#toBytes(data) };
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

function toFloats(source: Uint8Array): Float32Array {
  const data = new Float32Array(source.length);
  for (let i = 0; i < data.length; i++) data[i] = byteAsUnit[source[i] as number] as number;
  return data;
}
