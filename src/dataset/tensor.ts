import { describe, InvalidOptionError } from "../base/errors.js";
import { tagOf } from "../base/realm.js";

/**
 * The type of one value: `"uint8"` is 0 to 255, `"int16"` -32768 to 32767 steps of a scale, `"float32"` anything.
 */
export type DType = "uint8" | "int16" | "float32";

/** The values of one or more examples, example after example, each row-major and channel-last. */
export type Pixels = Uint8Array | Int16Array | Float32Array;

/** The uint8 value that stands for 0 in quantized examples. */
export const ZERO_BYTE = 128;

/** One example. */
export interface ImageTensor {
  /** The values, row-major: `product(shape)` of them. */
  readonly data: Pixels;
  /** `[height, width]`, `[height, width, channels]`, `[features]`, ... */
  readonly shape: readonly number[];
  /** The type of one value. */
  readonly dtype: DType;
  /** The value of one step of quantized examples: see `Dataset.scale`. Absent for pixels and float32. */
  readonly scale?: number | undefined;
}

/** The dtype that goes with an array, or `undefined` for an array of another kind. */
export function dtypeOf(data: unknown): DType | undefined {
  if (data instanceof Uint8Array) return "uint8";
  if (data instanceof Int16Array) return "int16";
  if (data instanceof Float32Array) return "float32";
  return undefined;
}

/** A new array of zeros. */
export function allocate(dtype: DType, length: number): Pixels {
  if (dtype === "uint8") return new Uint8Array(length);
  return dtype === "int16" ? new Int16Array(length) : new Float32Array(length);
}

/** The number of values a shape holds. */
export function product(shape: readonly number[]): number {
  return shape.reduce((total, size) => total * size, 1);
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** `28x28`, the way messages write shapes. */
export function shapeText(shape: readonly number[]): string {
  return shape.join("x");
}

/** True if a shape is a list of positive integers. */
export function isShape(shape: unknown): shape is readonly number[] {
  const fine =
    Array.isArray(shape) && shape.length > 0 && shape.every((size) => Number.isSafeInteger(size) && size > 0);
  return fine && Number.isSafeInteger(product(shape as number[]));
}

/** Refuses a shape that is not a list of positive integers. */
export function checkShape(option: string, shape: unknown): asserts shape is readonly number[] {
  if (!isShape(shape)) {
    throw new InvalidOptionError(option, shape, "positive integers, one a dimension, such as [28, 28] or [32, 32, 3]");
  }
}

/** A short account of a value that should have been an array of pixels. */
export function kindOf(data: unknown): string {
  if (Array.isArray(data)) return `a list of ${data.length} ${Array.isArray(data[0]) ? "lists" : "values"}`;
  return ArrayBuffer.isView(data) ? `a ${tagOf(data)}` : describe(data);
}
