import { colors, mix, type Rgb } from "../page/theme.js";

/** The size of a picture in values. */
export interface Size {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** Height and width of examples that are images, [height, width] or [height, width, channels]; a square for others. */
export function imageSize(shape: readonly number[]): Size {
  const [height = 1, width = 1, channels = 1] = shape;
  if (shape.length === 2 || (shape.length === 3 && channels <= 4)) return { height, width, channels };
  return squareFor(shape.reduce((a, b) => a * b, 1));
}

/** The smallest square that holds so many values. */
export function squareFor(values: number): Size {
  const width = Math.ceil(Math.sqrt(values));
  return { width, height: Math.ceil(values / width), channels: 1 };
}

/** Draws an image of values from 0 to `high`: ink on paper, or red, green and blue. */
export function drawImage(canvas: HTMLCanvasElement, values: Float32Array, size: Size, high: number): void {
  const { zero, picture } = colors("zero", "picture");
  draw(canvas, size, (i) => {
    const at = i * size.channels;
    const share = (channel: number) => clamp((values[at + channel] ?? 0) / high);
    if (size.channels >= 3) return [255 * share(0), 255 * share(1), 255 * share(2)];
    return mix(zero, picture, share(0));
  });
}

/** Draws signed values: one color below zero, one above, full at `full`. */
export function drawSigned(canvas: HTMLCanvasElement, values: Float32Array, size: Size, full: number): void {
  const color = signedColor(full);
  draw(canvas, size, (i) => color(values[i] ?? 0));
}

/** The color of a signed value. */
export function signedColor(full: number): (value: number) => Rgb {
  const { zero, negative, positive } = colors("zero", "negative", "positive");
  return (value) => mix(zero, value < 0 ? negative : positive, clamp(Math.abs(value) / full));
}

/** The value at which a picture has its full color: 2.5 times the root mean square. */
export function fullOf(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return 2.5 * Math.sqrt(sum / Math.max(1, values.length)) || 1;
}

function draw(canvas: HTMLCanvasElement, { width, height }: Size, color: (i: number) => Rgb): void {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) image.data.set([...color(i), 255], 4 * i);
  context.putImageData(image, 0, 0);
}

function clamp(share: number): number {
  return Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0;
}
