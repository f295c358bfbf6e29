import { InvalidOptionError } from "./errors.js";

/**
 * An integer argument that is no option: a task index, a bound of a range.
 *
 * @throws InvalidOptionError for anything but an integer from `low` to `high`
 */
export function checkInteger(name: string, value: unknown, low: number, high: number): asserts value is number {
  if (!Number.isSafeInteger(value) || (value as number) < low || (value as number) > high) {
    throw new InvalidOptionError(name, value, `an integer from ${low} to ${high}`);
  }
}

/**
 * An object of options. A list or a map is none: its values would be ignored.
 *
 * @throws InvalidOptionError for anything else
 */
export function checkObject(name: string, value: unknown): asserts value is object {
  const fine = typeof value === "object" && value !== null && !(Symbol.iterator in value) && !(value instanceof Date);
  if (!fine) throw new InvalidOptionError(name, value, "an object");
}

/**
 * The signal of a call's options.
 *
 * @throws InvalidOptionError for options that are no object, and for a signal that is none
 */
export function signalOf(options: { readonly signal?: AbortSignal | undefined }): AbortSignal | undefined {
  checkObject("options", options);
  const { signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new InvalidOptionError("signal", signal, "an AbortSignal");
  }
  return signal;
}
