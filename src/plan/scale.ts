import { InvalidOptionError } from "../base/errors.js";
import type { FloatDtype } from "../base/tensor.js";
import type { Dataset } from "../dataset/index.js";
import { ZERO_BYTE } from "../dataset/tensor.js";
import { isAlways, isNever, scheduleOf } from "./curriculum.js";
import type { ResolvedOptions } from "./options.js";
import type { Plan } from "./plan.js";
import { resolveStandardDeviation } from "./presets.js";

/** The numbers that turn sums into values. */
export type Scale = Pick<Plan, "grayOffset" | "scale" | "identityScale" | "matrixScale">;

/** The smallest float32 with 24 bits: GPUs may take smaller ones as 0. */
const MIN_NORMAL = 2 ** -126;
/** Values from here on are infinite when they are rounded. */
const INFINITE = { float32: 2 ** 128 - 2 ** 103, float16: 65520 } as const;
/** Values up to here are rounded to 0 in float16. */
const MIN_HALF = 2 ** -25;
/** Deviates are held in units of 1/4096. */
const UNITS = 4096;
/** No deviate is larger: the table of stream v1 ends at 5.42, 24-bit uniforms give 5.77 by Box and Muller. */
const MAX_DEVIATE = 6;

/**
 * The numbers that turn sums into values, for deviates in units of 1/4096, and for an identity matrix. For uint8 and int16
 * the mean is taken off as a whole gray level or step, so that sums stay integers and every backend has the same ones.
 *
 * @throws InvalidOptionError for numbers with which every value is infinite, zero, or without its precision
 */
export function scaleOf(options: ResolvedOptions, dataset: Dataset): Scale {
  const { inputScaling } = options;
  // float32 examples are scaled before they reach a backend, and the bytes of the notebook made: see prepare-examples.ts.
  if (dataset.dtype === "float32") return { grayOffset: 0, ...scalesFor(options, dataset, 1) };
  const zero = dataset.scale !== undefined && dataset.dtype === "uint8" ? ZERO_BYTE : 0;
  if (inputScaling === "unit" || inputScaling === "notebook") {
    return { grayOffset: zero, ...scalesFor(options, dataset, dataset.scale === undefined ? 255 : 1) };
  }
  const { mean, standardDeviation } = inputScaling === "standard" ? dataset.moments() : inputScaling;
  const grayOffset = Math.round(mean / (dataset.scale ?? 1)) + zero;
  // Sums of uint8 examples are made of 16-bit differences.
  if (!(Math.abs(grayOffset) < 2 ** 15)) {
    const unit = dataset.scale === undefined ? "a gray level" : `a mean that is a step, of ${dataset.scale} each,`;
    const allowed = `${unit} from -32767 to 32767 for ${dataset.dtype} examples`;
    throw new InvalidOptionError("inputScaling.mean", mean, allowed);
  }
  return { grayOffset, ...scalesFor(options, dataset, standardDeviation) };
}

/** @param divisor what values are divided by; a step of quantized examples has the value `scale`, others 1 */
function scalesFor(options: ResolvedOptions, dataset: Dataset, divisor: number): Omit<Scale, "grayOffset"> {
  // The deviation does not matter where there is no random matrix; it may be a rule that does not apply then.
  const sigma = isAlways(scheduleOf(options.identity.projection))
    ? 1
    : resolveStandardDeviation(options.standardDeviation, dataset.features);
  const step = dataset.scale ?? 1;
  const identityScale = checkFactor("inputScaling", options.inputScaling, step / divisor);
  if (options.generator === "torch") {
    const matrixScale = checkFactor("standardDeviation", options.standardDeviation, sigma);
    return { scale: identityScale, identityScale, matrixScale };
  }
  const scale = checkFactor("standardDeviation", options.standardDeviation, (sigma * step) / (UNITS * divisor));
  return { scale, identityScale, matrixScale: 1 };
}

/** A factor as a float32. @throws InvalidOptionError where it is infinite, or too small to have all its bits */
export function checkFactor(option: string, given: unknown, factor: number): number {
  const rounded = Math.fround(factor);
  if (rounded >= MIN_NORMAL && rounded < Number.POSITIVE_INFINITY) return rounded;
  const size = rounded < 1 ? "0 or without its precision" : "infinite";
  throw new InvalidOptionError(
    option,
    given,
    `one with which values are finite in float32 and not 0; they are multiplied by ${factor}, which is ${size} there`,
  );
}

/**
 * A bound of the values of a task set: none is larger.
 *
 * @param examples the prepared ones
 */
export function largestValue(plan: Plan, examples: Dataset): number {
  const { minimum, maximum } = examples.range();
  const { grayOffset, identityScale, identityProjection, generator, features } = plan;
  const size = Math.max(Math.abs(minimum - grayOffset), Math.abs(maximum - grayOffset), 0);
  const unprojected = isNever(identityProjection) ? 0 : size * identityScale;
  if (isAlways(identityProjection)) return unprojected;
  const sigma = generator === "torch" ? plan.matrixScale : UNITS;
  return Math.max(unprojected, MAX_DEVIATE * sigma * plan.scale * features * size);
}

/** True if a value of this size is infinite in a type. */
export function isInfinite(size: number, dtype: FloatDtype): boolean {
  return size >= INFINITE[dtype];
}

/** @throws InvalidOptionError where every float16 value is infinite, or 0 */
export function checkHalves(options: ResolvedOptions, plan: Plan, examples: Dataset): void {
  if (plan.dtype !== "float16" || options.outputScaling !== "none" || isAlways(plan.identityProjection)) return;
  // Sums of uint8 and int16 examples are integers.
  const smallest = plan.exampleDtype === "float32" ? 0 : plan.scale;
  const largest = largestValue(plan, examples);
  if (!isInfinite(smallest, "float16") && (largest === 0 || largest > MIN_HALF)) return;
  const size = largest > 1 ? "infinite" : "0";
  throw new InvalidOptionError(
    "standardDeviation",
    options.standardDeviation,
    `one with which values are from 2 ** -24 to 65504; every one would be ${size} in float16`,
  );
}
