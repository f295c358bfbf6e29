import { DatasetError } from "../../base/errors.js";
import { allocate, shapeText } from "../tensor.js";
import { checkInput } from "./apply.js";
import { imageShape } from "./image-shape.js";
import type { ImageBatch, Transform } from "./transform.js";

// ITU-R BT.601-2 luma as torchvision writes it, in f32. They sum to 0.9999, so white uint8 becomes 254.
const red = Math.fround(0.2989);
const green = Math.fround(0.587);
const blue = Math.fround(0.114);

/**
 * `torchvision.transforms.v2.Grayscale` on tensors: `[H, W, 3]` becomes `[H, W, 1]`; one channel stays as it is.
 * `0.2989 r + 0.587 g + 0.114 b` in f32 with fused multiply-adds, and for uint8 truncated, as torchvision does.
 */
export class Grayscale implements Transform {
  readonly name = "Grayscale";

  /** @throws {@link DatasetError} unless the examples are images of 1 or 3 channels. */
  apply(batch: ImageBatch): ImageBatch {
    checkInput(batch);
    const { height, width, channels } = imageShape(batch.shape, this.name);
    if (channels === 1) return batch;
    if (channels !== 3) {
      throw new DatasetError(this.name, `needs images of 1 or 3 channels, got examples of ${shapeText(batch.shape)}`);
    }
    const source = batch.data;
    const data = allocate(batch.dtype, source.length / 3);
    for (let i = 0, p = 0; i < data.length; i++, p += 3) {
      // f64 holds the product of two f32 exactly; rounding after the sum makes it a fused multiply-add.
      const r = Math.fround((source[p] as number) * red);
      const rg = Math.fround(r + (source[p + 1] as number) * green);
      data[i] = Math.fround(rg + (source[p + 2] as number) * blue);
    }
    return { ...batch, data, shape: [height, width, 1] };
  }
}
