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

/** The names of an interface of options, all of them: a new option without its name here does not compile. */
export type Names<Options> = Readonly<Record<keyof Options, true>>;

/**
 * The options of a call.
 *
 * @throws InvalidOptionError for options that are no object, for a name that is none of them, and for a signal that is none
 */
export function checkOptions<Options extends object>(
  options: unknown,
  names: Names<Required<Options>>,
): asserts options is Options {
  checkObject("options", options);
  for (const [name, value] of Object.entries(options)) {
    if (Object.hasOwn(names, name)) continue;
    const known = Object.keys(names).join(", ");
    throw new InvalidOptionError(name, value, `no option of this name; there are ${known}`);
  }
  if ("signal" in names && "signal" in options) checkSignal(options.signal);
}

/** @throws InvalidOptionError for anything but an AbortSignal or `undefined` */
export function checkSignal(signal: unknown): asserts signal is AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw new InvalidOptionError("signal", signal, "an AbortSignal");
}

/** A path, or the name of something, among the arguments of a call. @throws InvalidOptionError for anything but text */
export function checkText(name: string, value: unknown, allowed: string): asserts value is string {
  if (typeof value !== "string" || value === "") throw new InvalidOptionError(name, value, allowed);
}

/**
 * The signal of a call that has no other option.
 *
 * @throws InvalidOptionError as `checkOptions`
 */
export function signalOf(options: { readonly signal?: AbortSignal | undefined }): AbortSignal | undefined {
  checkOptions<{ signal?: AbortSignal }>(options, { signal: true });
  return options.signal;
}
