import { InvalidOptionError } from "../base/errors.js";
import type { Pixels } from "./tensor.js";

/** The values that bytes stand for: `(byte - mean) / standardDeviation`, instead of `byte / 255`. {@link Center} makes such bytes. */
export interface ByteScale {
  /** The byte that stands for 0. */
  readonly mean: number;
  /** The distance in bytes of the values 0 and 1, above 0. */
  readonly standardDeviation: number;
  /** The name of the dataset whose mean image was taken off, where it is known. */
  readonly centeredOn?: string | undefined;
}

/**
 * The scale of a dataset's bytes among the arguments of a call.
 *
 * @throws InvalidOptionError for anything else, and for float32 values
 */
export function checkByteScale(value: unknown, images: Pixels): asserts value is ByteScale | undefined {
  if (value === undefined) return;
  const { mean, standardDeviation, centeredOn } = (value ?? {}) as Partial<ByteScale>;
  const named = centeredOn === undefined || typeof centeredOn === "string";
  if (!(Number.isFinite(mean) && Number.isFinite(standardDeviation) && Number(standardDeviation) > 0 && named)) {
    throw new InvalidOptionError("byteScale", value, "{ mean, standardDeviation, centeredOn? }, the deviation above 0");
  }
  if (!(images instanceof Uint8Array)) {
    throw new InvalidOptionError("byteScale", value, "undefined for float32 images, which are the values themselves");
  }
}
