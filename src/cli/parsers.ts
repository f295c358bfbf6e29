import { InvalidArgumentError } from "commander";
import type { Classes } from "../dataset/index.js";

/** A whole number from a flag, in plain decimal digits. Bounds are checked where the value is used. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError("Give a whole number, such as 1024.");
  }
  return value;
}

/** A number of classes, or `compact`. Bounds are checked where the value is used. */
export function classesOf(text: string): Classes {
  return text === "compact" ? text : wholeNumber(text);
}

/** A seed of up to 64 bits, decimal or with 0x. */
export function seedNumber(text: string): bigint {
  if (!/^(\d+|0x[0-9a-f]+)$/i.test(text) || BigInt(text) >= 2n ** 64n) {
    throw new InvalidArgumentError("Give a whole number from 0 to 2^64 - 1, such as 42 or 0xdecade.");
  }
  return BigInt(text);
}

/** A positive number, rounded to float32. */
export function positiveNumber(text: string): number {
  const value = Math.fround(Number(text));
  if (text.trim() === "" || !(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new InvalidArgumentError("Give a positive number, such as 0.001.");
  }
  return value;
}

/** The bits of quantized examples. */
export function bitsOf(text: string): 16 | 8 {
  if (text !== "16" && text !== "8") throw new InvalidArgumentError("Give 16 or 8.");
  return text === "16" ? 16 : 8;
}
