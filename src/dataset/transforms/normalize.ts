import { checkOptions } from "../../base/check.js";
import { DatasetError, InvalidOptionError } from "../../base/errors.js";
import { shapeText } from "../tensor.js";
import { checkInput } from "./apply.js";
import type { ImageBatch, Transform } from "./transform.js";

/** Options of {@link Normalize}: one number for all channels, or one a channel. */
export interface NormalizeOptions {
  /** The mean in the unit of the values: 0.1307 for MNIST read as 0 to 1. */
  readonly mean: number | readonly number[];
  /** The deviation in the unit of the values, never 0. */
  readonly std: number | readonly number[];
}

/**
 * `torchvision.transforms.v2.Normalize`: `(x - mean) / std` for each channel, each step rounded to f32. Channels are the
 * last dimension of `[H, W, C]`; examples of one or two dimensions have one.
 *
 * @example
 * dataset.transform(new Compose([new ConvertImageDtype("float32"), new Normalize({ mean: 0.1307, std: 0.3081 })]));
 */
export class Normalize implements Transform {
  readonly name = "Normalize";
  readonly #mean: Float32Array;
  readonly #std: Float32Array;

  /** @throws {@link InvalidOptionError} if a number is not finite, a deviation is 0, or the two differ in length. */
  constructor(options: NormalizeOptions) {
    checkOptions<NormalizeOptions>(options, { mean: true, std: true });
    this.#mean = numbers("mean", options.mean);
    this.#std = numbers("std", options.std);
    if (this.#std.includes(0)) throw new InvalidOptionError("std", options.std, "numbers that are not 0 in float32");
    if (this.#mean.length !== this.#std.length) {
      throw new InvalidOptionError("std", options.std, `as many numbers as mean has: ${this.#mean.length}`);
    }
  }

  /** @throws {@link DatasetError} if the examples are not float32 or do not have as many channels as `mean`. */
  apply(batch: ImageBatch): ImageBatch {
    checkInput(batch);
    const source = batch.data;
    if (!(source instanceof Float32Array)) {
      throw new DatasetError(
        this.name,
        `needs float32 examples, got ${batch.dtype}; put new ConvertImageDtype("float32") before it`,
      );
    }
    const given = this.#mean.length;
    const channels = batch.shape.length >= 3 ? (batch.shape.at(-1) as number) : 1;
    if (given !== 1 && given !== channels) {
      throw new DatasetError(
        this.name,
        `has ${given} means, but examples of ${shapeText(batch.shape)} have ${channels} channels; give 1 or ${channels}`,
      );
    }
    const data = new Float32Array(source.length);
    for (let channel = 0; channel < given; channel++) {
      const mean = this.#mean[channel] as number;
      const std = this.#std[channel] as number;
      for (let i = channel; i < data.length; i += given) data[i] = Math.fround((source[i] as number) - mean) / std;
    }
    return { ...batch, data };
  }
}

function numbers(option: string, given: number | readonly number[]): Float32Array {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const fine = list.length > 0 && list.every((x) => typeof x === "number" && Number.isFinite(Math.fround(x)));
  if (!fine) throw new InvalidOptionError(option, given, "a number that is finite in float32, or one for each channel");
  return Float32Array.from(list as readonly number[]);
}
