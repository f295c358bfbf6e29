import { checkOptions } from "../base/check.js";
import { DatasetError, InvalidOptionError } from "../base/errors.js";
import { type Pixels, ZERO_BYTE } from "./tensor.js";
import { nonFiniteText, type ValueRange } from "./values.js";

/** Options of `Dataset.quantize`. */
export interface QuantizeOptions {
  /** 16 for int16, 8 for uint8 around 128. */
  readonly bits: 16 | 8;
  /**
   * The value of the largest step, in the unit of the examples; larger values are clipped to it. Default: the largest
   * absolute value there is, with which nothing is clipped. Give the one of the training set to a test set.
   */
  readonly max?: number | undefined;
  /** The value of one step, a positive float32, in place of `max`: that of another dataset, `other.scale`. */
  readonly scale?: number | undefined;
}

/** The numbers of a quantization. */
export interface Quantization {
  /** 16 or 8. */
  readonly bits: 16 | 8;
  /** The value of the largest step, as given or found. */
  readonly max: number;
  /** The largest difference between a value and what stands for it; half a step where nothing is clipped. */
  readonly largestError: number;
  /** The root of the mean of the squared differences. */
  readonly rootMeanSquareError: number;
  /** The number of values beyond the largest step. */
  readonly clipped: number;
}

/** The largest step of each number of bits: as many steps below zero as above. */
const LARGEST = { 16: 32767, 8: 127 } as const;

interface Values {
  readonly name: string;
  readonly images: Pixels;
  readonly features: number;
  range(): ValueRange;
}

/** The examples of a float32 dataset in steps. @throws See `Dataset.quantize`. */
export function quantized(dataset: Values, options: QuantizeOptions) {
  checkOptions<QuantizeOptions>(options, { bits: true, max: true, scale: true });
  const { bits, max } = options;
  if (bits !== 16 && bits !== 8) throw new InvalidOptionError("bits", bits, "16 or 8");
  const { name, images } = dataset;
  if (!(images instanceof Float32Array)) {
    throw new DatasetError(name, "is not float32; only float32 examples are quantized");
  }
  if (options.scale !== undefined && max !== undefined) {
    throw new InvalidOptionError("max", max, "undefined beside scale");
  }
  const range = dataset.range();
  if (range.nonFinite > 0) {
    throw new DatasetError(name, `cannot be quantized: ${nonFiniteText(images, range, dataset.features)}`);
  }
  if (options.scale !== undefined) {
    checkStep("scale", options.scale, options.scale);
    return { scale: options.scale, ...inSteps(images, bits, options.scale) };
  }
  const largest = max ?? Math.max(Math.abs(range.minimum), Math.abs(range.maximum));
  if (max === undefined && largest === 0) {
    throw new DatasetError(name, "holds zeros only, so that no step follows from its values; give max");
  }
  const scale = typeof largest === "number" ? Math.fround(largest / LARGEST[bits]) : Number.NaN;
  checkStep("max", largest, scale);
  return { scale, ...inSteps(images, bits, scale, largest) };
}

/** @throws InvalidOptionError for a step that is no normal float32 */
function checkStep(option: string, given: unknown, step: unknown): void {
  const fine = typeof step === "number" && step >= 2 ** -126 && step < Number.POSITIVE_INFINITY;
  if (!fine || Math.fround(step) !== step) {
    throw new InvalidOptionError(option, given, "a positive number whose steps are normal float32");
  }
}

/** Float32 values in steps of a scale. */
function inSteps(images: Float32Array, bits: 16 | 8, scale: number, max = scale * LARGEST[bits]) {
  const largest = LARGEST[bits];
  const zero = bits === 8 ? ZERO_BYTE : 0;
  const steps = bits === 8 ? new Uint8Array(images.length) : new Int16Array(images.length);
  let [largestError, squares, clipped] = [0, 0, 0];
  for (let i = 0; i < images.length; i++) {
    const value = images[i] as number;
    const rounded = nearestEven(value / scale);
    const step = Math.min(largest, Math.max(-largest, rounded));
    if (step !== rounded) clipped++;
    steps[i] = step + zero;
    const error = Math.abs(value - step * scale);
    if (error > largestError) largestError = error;
    squares += error * error;
  }
  const rootMeanSquareError = Math.sqrt(squares / images.length);
  const quantization: Quantization = Object.freeze({ bits, max, largestError, rootMeanSquareError, clipped });
  return { images: steps, quantization };
}

/** The nearest integer, of two the even one. */
function nearestEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  if (rest !== 0.5) return rest < 0.5 ? down : down + 1;
  return down % 2 === 0 ? down : down + 1;
}
