import { checkOptions } from "../../base/check.js";
import { DatasetError, InvalidOptionError } from "../../base/errors.js";
import type { ByteScale } from "../byte-scale.js";
import { checkDataset } from "../check-dataset.js";
import type { Dataset } from "../dataset.js";
import { product, shapeText } from "../tensor.js";
import { checkInput } from "./apply.js";
import { checkUnquantized } from "./quantized.js";
import type { ImageBatch, Transform } from "./transform.js";

/** Options of {@link Center}. */
export interface CenterOptions {
  /**
   * The mean image: one finite number for each value of an example, in the order and unit of the values, or one number for
   * all of them. For uint8 from 0 to 255.
   */
  readonly mean: number | ArrayLike<number>;
  /**
   * The name of the dataset whose mean image it is. Recipes have it, so that commands that find a dataset by name center it
   * again.
   */
  readonly name?: string | undefined;
  /** The type that uint8 examples become: bytes around 128 (default), or int16 in steps of 1/128 gray level. */
  readonly dtype?: "uint8" | "int16" | undefined;
}

/** The byte that stands for 0, and the distance of 1: differences of two bytes, in units of 255, halved. */
const SCALE = { mean: 128, standardDeviation: 127.5 } as const;

/** The steps of a gray level in int16, and the value of one: differences are in units of 255. */
const STEPS = 128;
const STEP = Math.fround(1 / (STEPS * 255));

/**
 * Takes a mean image off each example. What all examples have in common tells nothing about a label, but is most of the
 * inner product of two of them: models that learn in context learn much sooner without it.
 *
 * uint8 stays uint8, around 128: `128 + (x - mean) / 2` in float64, rounded to the nearest integer, halves to the even one,
 * and clamped to 255. The dataset remembers that such a byte b stands for `(b - 128) / 127.5`, so that `inputScaling: "unit"`
 * reads the differences in the same unit as plain pixels; recipes have these two numbers. With `dtype: "int16"` uint8 becomes
 * `128 * (x - mean)`, rounded in the same way, with the scale f32(1 / 32640): the same unit in 256 times as fine steps, of
 * which none is clamped. float32 becomes `x - mean`, rounded to float32.
 *
 * Transforms that look at values come before it; `Flatten` and `Resize` may also come after it. Examples that a model is
 * tested on take the mean image of those that it was trained on.
 *
 * @example
 * const center = Center.of(train);
 * const [a, b] = [train.transform(center), test.transform(center)];
 */
export class Center implements Transform {
  readonly name = "Center";
  /** The mean image, or one number for all values. */
  readonly mean: Float64Array;
  readonly #scale: ByteScale;
  readonly #dtype: "uint8" | "int16";
  readonly #centeredOn: string | undefined;
  #clamped = 0;

  /** @throws {@link InvalidOptionError} for anything but finite numbers. */
  constructor(options: CenterOptions) {
    checkOptions<CenterOptions>(options, { mean: true, name: true, dtype: true });
    const { mean, name, dtype = "uint8" } = options;
    if (dtype !== "uint8" && dtype !== "int16") throw new InvalidOptionError("dtype", dtype, '"uint8" or "int16"');
    if (name !== undefined && typeof name !== "string") throw new InvalidOptionError("name", name, "text");
    this.mean = numbersOf(mean);
    this.#dtype = dtype;
    this.#centeredOn = name;
    this.#scale = name === undefined ? SCALE : Object.freeze({ ...SCALE, centeredOn: name });
  }

  /**
   * The transform that takes off the mean image of a dataset. For uint8 each mean is the exact sum divided by the number of
   * examples, rounded to float64; for float32 the sum is one of float64 in the order of the examples.
   *
   * @param options the `dtype` of {@link CenterOptions}
   * @throws {@link InvalidOptionError} for anything but a dataset.
   * @throws {@link DatasetError} for one that is quantized or centered.
   */
  static of(dataset: Dataset, options: Pick<CenterOptions, "dtype"> = {}): Center {
    checkDataset(dataset);
    checkOptions<Pick<CenterOptions, "dtype">>(options, { dtype: true });
    const { images, length, features, name, byteScale, scale } = dataset;
    if (scale !== undefined) {
      throw new DatasetError(name, "is quantized: its values are steps; take the mean image off before quantize()");
    }
    if (byteScale) throw new DatasetError(name, "is centered already; take the mean image of plain values");
    const mean = new Float64Array(features);
    for (let i = 0; i < length; i++) {
      for (let j = 0; j < features; j++) mean[j] = (mean[j] as number) + (images[i * features + j] as number);
    }
    for (let j = 0; j < features; j++) mean[j] = (mean[j] as number) / length;
    return new Center({ mean, name, dtype: options.dtype });
  }

  /** The number of bytes so far that were clamped: they are half a gray level off. Means of the same data make none. */
  get clamped(): number {
    return this.#clamped;
  }

  /** @throws {@link DatasetError} if an example has another number of values than the mean image. */
  apply(batch: ImageBatch): ImageBatch {
    checkInput(batch);
    checkUnquantized(batch, this.name);
    const features = product(batch.shape);
    const { mean } = this;
    if (mean.length !== 1 && mean.length !== features) {
      const problem = `has a mean image of ${mean.length} values; examples of ${shapeText(batch.shape)} have ${features}`;
      throw new DatasetError(this.name, `${problem}; take the mean of examples of this shape`);
    }
    const { data } = batch;
    if (data instanceof Uint8Array) {
      this.#checkMean();
      if (this.#dtype === "uint8") return { ...batch, data: this.#bytes(data), byteScale: this.#scale };
      const steps = { data: this.#steps(data), dtype: "int16", scale: STEP, centeredOn: this.#centeredOn } as const;
      return { ...batch, ...steps };
    }
    if (this.#dtype === "int16") {
      throw new DatasetError(
        this.name,
        "got float32 examples; center them as float32, and then quantize({ bits: 16 })",
      );
    }
    const result = new Float32Array(data.length);
    const step = mean.length === 1 ? 0 : 1;
    for (let i = 0; i < data.length; ) {
      for (let j = 0; j < features; j++, i++) result[i] = (data[i] as number) - (mean[j * step] as number);
    }
    return { ...batch, data: result, centeredOn: this.#centeredOn };
  }

  #checkMean(): void {
    const wrong = this.mean.find((value) => value < 0 || value > 255);
    if (wrong !== undefined)
      throw new DatasetError(this.name, `has the mean ${wrong}; those of uint8 are from 0 to 255`);
  }

  #steps(data: Uint8Array): Int16Array {
    const { mean } = this;
    const result = new Int16Array(data.length);
    for (let i = 0, j = 0; i < data.length; i++) {
      // Moved above zero, for the rounding.
      result[i] = roundToEven(2 ** 16 + STEPS * ((data[i] as number) - (mean[j] as number))) - 2 ** 16;
      if (++j === mean.length) j = 0;
    }
    return result;
  }

  #bytes(data: Uint8Array): Uint8Array {
    const { mean } = this;
    const result = new Uint8Array(data.length);
    const features = mean.length;
    for (let i = 0, j = 0; i < data.length; i++) {
      const value = roundToEven(128 + ((data[i] as number) - (mean[j] as number)) / 2);
      if (value > 255) this.#clamped++;
      result[i] = Math.min(value, 255);
      if (++j === features) j = 0;
    }
    return result;
  }
}

/** The nearest integer of a number from 0 on; of two as near, the even one. */
function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

/** @throws {@link InvalidOptionError} for anything but finite numbers. */
function numbersOf(mean: unknown): Float64Array {
  const list = Array.isArray(mean) || (ArrayBuffer.isView(mean) && !(mean instanceof DataView));
  const values = typeof mean === "number" ? [mean] : list ? Array.from(mean as ArrayLike<number>) : [];
  if (values.length > 0 && values.every((value) => Number.isFinite(value))) return Float64Array.from(values);
  throw new InvalidOptionError("mean", mean, "a finite number, or a list of one for each value of an example");
}
