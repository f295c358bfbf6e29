import { InvalidOptionError } from "../../../base/errors.js";
import type { GpuLimits } from "../device/adapter.js";

/** Alignment of bindings that every device accepts, in bytes. */
const BINDING_ALIGNMENT = 256;

/** Returns the most bytes of one binding. Kernels count bytes in u32. */
export function bindingLimit({ maxStorageBufferBindingSize, maxBufferSize }: GpuLimits): number {
  return Math.min(maxStorageBufferBindingSize, maxBufferSize, 2 ** 32 - 4);
}

/**
 * Returns the most rows of a binding such that the next row begins at an aligned offset.
 *
 * @param bytes bytes of a row, a multiple of 4
 * @throws InvalidOptionError if no such number of rows fits
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
