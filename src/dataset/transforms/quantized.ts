import { DatasetError } from "../../base/errors.js";
import type { ImageBatch } from "./transform.js";

/**
 * Refuses quantized examples, for transforms that calculate with pixels.
 *
 * @throws {@link DatasetError} for quantized examples
 */
export function checkUnquantized({ dtype, scale }: ImageBatch, name: string): void {
  if (scale === undefined && dtype !== "int16") return;
  const remedy = 'transform before quantize(), or put new ConvertImageDtype("float32") before it';
  throw new DatasetError(name, `got quantized ${dtype} examples, whose values are steps; ${remedy}`);
}
