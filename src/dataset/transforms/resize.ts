import { checkOptions } from "../../base/check.js";
import { InvalidOptionError } from "../../base/errors.js";
import type { Pixels } from "../tensor.js";
import { checkInput } from "./apply.js";
import { imageShape } from "./image-shape.js";
import { type AxisWeights, bilinearWeights, fixedPoint } from "./resize-weights.js";
import type { ImageBatch, Transform } from "./transform.js";

/** Pixels of a side. */
const MAX_SIDE = 2 ** 16;

/** Options of {@link Resize}. */
export interface ResizeOptions {
  /** Default and only choice: `"bilinear"`. */
  readonly interpolation?: "bilinear" | undefined;
  /** Widen the filter when shrinking, so that no pixel is skipped. Default: `true`, as in torchvision. */
  readonly antialias?: boolean | undefined;
}

/** One axis: `outer` runs of `[size, inner]` values become `outer` runs of `[outputs, inner]`. */
interface Axis extends AxisWeights {
  readonly size: number;
  readonly inner: number;
  readonly fixed: Int32Array;
  readonly bits: number;
}

/**
 * `torchvision.transforms.v2.Resize` on tensors. First the width, then the height; an axis that keeps its size is left
 * alone.
 *
 * uint8 follows torchvision on an x86-64 CPU with AVX2 to the bit: weights in f64 (see `resize-weights.ts`), rounded to
 * int16 fixed point; each pass adds one half, shifts and clamps, so the values between the passes are uint8 too.
 * (Elsewhere, CUDA and ARM included, torchvision resizes in float32 and rounds once, which can differ by a grey level.)
 * float32 is computed in f64 throughout and rounded once: torch's result up to torch's own rounding. (Where torch 2.15
 * resizes floats, or more than four channels, to a width of 1 and changes the height too, its result is far off what its
 * own filter says; this one is not.)
 *
 * @example
 * dataset.transform(new Resize(14)); // the shorter side becomes 14, the ratio of the sides is kept
 * dataset.transform(new Resize([20, 24])); // exactly height 20, width 24
 */
export class Resize implements Transform {
  readonly name = "Resize";
  readonly keepsByteScale = true;
  readonly #size: number | readonly [number, number];
  readonly #antialias: boolean;
  #plan: { readonly key: string; readonly output: number[]; readonly axes: readonly Axis[] } | undefined;

  /**
   * @param size - pixels: the new shorter side, or `[height, width]`. Positive integers.
   * @throws {@link InvalidOptionError} otherwise.
   */
  constructor(size: number | readonly [number, number], options: ResizeOptions = {}) {
    checkOptions<ResizeOptions>(options, { interpolation: true, antialias: true });
    const { interpolation = "bilinear", antialias = true } = options;
    if (typeof antialias !== "boolean") throw new InvalidOptionError("antialias", antialias, "true or false");
    const sides: readonly number[] = typeof size === "number" ? [size, size] : size;
    if (
      !Array.isArray(sides) ||
      sides.length !== 2 ||
      !sides.every((side) => Number.isInteger(side) && side > 0 && side <= MAX_SIDE)
    ) {
      throw new InvalidOptionError(
        "size",
        size,
        `an integer from 1 to ${MAX_SIDE} (the shorter side), or [height, width] of these`,
      );
    }
    if (interpolation !== "bilinear") throw new InvalidOptionError("interpolation", interpolation, '"bilinear"');
    this.#size = size;
    this.#antialias = antialias;
  }

  /** @throws {@link DatasetError} if the examples are not images. */
  apply(batch: ImageBatch): ImageBatch {
    checkInput(batch);
    const { output, axes } = this.#prepare(batch.shape);
    let data: Pixels | Float64Array = batch.data;
    for (const axis of axes) data = data instanceof Uint8Array ? resampleBytes(data, axis) : resampleFloats(data, axis);
    return { ...batch, shape: output, data: data instanceof Float64Array ? new Float32Array(data) : data };
  }

  /** The weights for one shape, kept for the next batch. */
  #prepare(shape: readonly number[]): { output: number[]; axes: readonly Axis[] } {
    const key = shape.join();
    if (this.#plan?.key !== key) {
      const { height, width, channels } = imageShape(shape, this.name);
      const [newHeight, newWidth] = this.#outputSize(height, width);
      const axes: Axis[] = [];
      if (newWidth !== width) axes.push(makeAxis(width, newWidth, channels, this.#antialias));
      if (newHeight !== height) axes.push(makeAxis(height, newHeight, newWidth * channels, this.#antialias));
      this.#plan = { key, output: [newHeight, newWidth, ...shape.slice(2)], axes };
    }
    return this.#plan;
  }

  #outputSize(height: number, width: number): readonly [number, number] {
    if (typeof this.#size !== "number") return this.#size;
    // The longer side is truncated, as torchvision does; it cannot fall below the shorter one.
    if (width <= height) return [Math.trunc((this.#size * height) / width), this.#size];
    return [this.#size, Math.trunc((this.#size * width) / height)];
  }
}

function makeAxis(size: number, outputs: number, inner: number, antialias: boolean): Axis {
  const axis = bilinearWeights(size, outputs, antialias);
  const { weights: fixed, bits } = fixedPoint(axis);
  return { ...axis, size, inner, fixed, bits };
}

function resampleBytes(source: Uint8Array, axis: Axis): Uint8Array {
  const { size, inner, outputs, taps, first, count, fixed, bits } = axis;
  const outer = source.length / (size * inner);
  const result = new Uint8Array(outer * outputs * inner);
  const half = 1 << (bits - 1);
  let to = 0;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < outputs; i++) {
      const from = (o * size + (first[i] as number)) * inner;
      const length = count[i] as number;
      const weight = i * taps;
      for (let k = 0; k < inner; k++) {
        let sum = half;
        for (let j = 0; j < length; j++) {
          sum += (fixed[weight + j] as number) * (source[from + j * inner + k] as number);
        }
        result[to++] = Math.min(sum >> bits, 255);
      }
    }
  }
  return result;
}

function resampleFloats(source: Float32Array | Float64Array, axis: Axis): Float64Array {
  const { size, inner, outputs, taps, first, count, weights } = axis;
  const outer = source.length / (size * inner);
  const result = new Float64Array(outer * outputs * inner);
  let to = 0;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < outputs; i++) {
      const from = (o * size + (first[i] as number)) * inner;
      const length = count[i] as number;
      const weight = i * taps;
      for (let k = 0; k < inner; k++) {
        let sum = 0;
        for (let j = 0; j < length; j++) {
          sum += (weights[weight + j] as number) * (source[from + j * inner + k] as number);
        }
        result[to++] = sum;
      }
    }
  }
  return result;
}
