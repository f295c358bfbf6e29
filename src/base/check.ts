import { InvalidOptionError } from "./errors.js";

/** An integer argument that is no option: a task index, a bound of a range. */
export function checkInteger(name: string, value: unknown, low: number, high: number): asserts value is number {
  if (!Number.isSafeInteger(value) || (value as number) < low || (value as number) > high) {
    throw new InvalidOptionError(name, value, `an integer from ${low} to ${high}`);
  }
}
