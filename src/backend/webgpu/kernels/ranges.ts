import { InvalidOptionError } from "../../../base/errors.js";
import type { GpuLimits } from "../device/adapter.js";

/** A range of a buffer may begin at multiples of this on every device, in bytes. */
const BINDING_ALIGNMENT = 256;

/** The most bytes of storage that a kernel can have in one buffer; kernels count in u32. */
export function bindingLimit({ maxStorageBufferBindingSize, maxBufferSize }: GpuLimits): number {
  return Math.min(maxStorageBufferBindingSize, maxBufferSize, 2 ** 32 - 4);
}

/**
 * How many rows of a buffer can be bound at a time, such that the row after them starts where a binding may.
 *
 * @param bytes of a row, a multiple of 4
 * @throws InvalidOptionError when no such number of rows fits
 */
export function rowsOfBinding(limits: GpuLimits, bytes: number): number {
  const limit = bindingLimit(limits);
  const step = BINDING_ALIGNMENT / greatestCommonDivisor(bytes, BINDING_ALIGNMENT);
  const rows = Math.floor(limit / (bytes * step)) * step;
  if (rows === 0) throw new InvalidOptionError("bytes of a row", bytes, `at most ${Math.floor(limit / step)} here`);
  return rows;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
