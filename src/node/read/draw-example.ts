import type { Dataset } from "../../dataset/index.js";
import { ZERO_BYTE } from "../../dataset/tensor.js";
import type { Canvas, Color } from "./canvas.js";

/** Height and width of examples that are images, [height, width] or [height, width, channels]; a square for others. */
export function imageSize(shape: readonly number[]): { width: number; height: number } {
  const [height, width, channels] = shape;
  if (
    height !== undefined &&
    width !== undefined &&
    (shape.length === 2 || (shape.length === 3 && (channels as number) <= 4))
  ) {
    return { height, width };
  }
  return squareFor(shape.reduce((a, b) => a * b, 1));
}

/** A square with room for some values. */
export function squareFor(values: number): { width: number; height: number } {
  const width = Math.ceil(Math.sqrt(values));
  return { width, height: Math.ceil(values / width) };
}

/** The value of an array that stands for 0, which is drawn white. */
export function zeroOf({ dtype, scale }: Dataset): number {
  return dtype === "uint8" && scale !== undefined ? ZERO_BYTE : 0;
}

/** Draws an example: grey levels from white to black, or colors; `high` is the value of full ink. */
export function drawExample(
  canvas: Canvas,
  dataset: Dataset,
  index: number,
  { left, top, zoom, high }: { left: number; top: number; zoom: number; high: number },
): void {
  const { image } = dataset.at(index);
  const { width, height } = imageSize(dataset.shape);
  const channels = Math.max(1, Math.floor(image.length / (width * height)));
  const low = zeroOf(dataset);
  for (let i = 0; i < width * height; i++) {
    const value = (channel: number) =>
      255 -
      Math.min(255, Math.max(0, Math.round((((image[i * channels + channel] ?? low) - low) / (high - low)) * 255)));
    const color: Color =
      channels >= 3 ? [255 - value(0), 255 - value(1), 255 - value(2)] : [value(0), value(0), value(0)];
    canvas.fill(left + (i % width) * zoom, top + Math.floor(i / width) * zoom, zoom, zoom, color);
  }
}
