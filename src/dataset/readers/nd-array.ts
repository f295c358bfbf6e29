import { product } from "../tensor.js";

/** Numbers as files have them. */
export type Numbers =
  | Uint8Array | Uint16Array | Uint32Array | BigUint64Array
  | Int8Array | Int16Array | Int32Array | BigInt64Array
  | Float32Array | Float64Array; // biome-ignore format: a table

/** An array as a file has it. */
export interface NdArray {
  /** The values, row-major: `product(shape)` of them, fewer where only the first rows were read. */
  readonly data: Numbers | readonly string[];
  /** The size of each dimension; of a dataset the first is the number of examples. */
  readonly shape: readonly number[];
  /** The type of the elements, as NumPy calls it: `"int64"`. */
  readonly type: string;
}

/** Texts of an array are labels only. */
export function isTexts(data: NdArray["data"]): data is readonly string[] {
  return Array.isArray(data);
}

/** The first rows of an array, as a view. */
export function firstRows(array: NdArray, count: number): Numbers {
  const row = product(array.shape.slice(1));
  return (array.data as Numbers).subarray(0, count * row);
}

/**
 * Turns an array whose first dimension changes fastest (Fortran order) into one whose last does.
 *
 * @param shape the shape, which stays
 */
export function rowMajor<T extends Numbers>(data: T, shape: readonly number[]): T {
  const result = data.slice() as T;
  // The step in the source for each dimension, and the index along it.
  const steps: number[] = [];
  for (let axis = 0, step = 1; axis < shape.length; axis++) {
    steps.push(step);
    step *= shape[axis] as number;
  }
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = data[from] as never;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += steps[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      from -= (steps[axis] as number) * (shape[axis] as number);
      index[axis] = 0;
    }
  }
  return result;
}

/** Moves the channels of images `[channels, height, width]` behind the pixels: `[height, width, channels]`. */
export function channelsLast<T extends Numbers>(data: T, [channels, height, width]: readonly number[]): T {
  const pixels = (height as number) * (width as number);
  const size = pixels * (channels as number);
  const result = data.slice() as T;
  for (let start = 0; start < data.length; start += size) {
    for (let channel = 0; channel < (channels as number); channel++) {
      const plane = start + channel * pixels;
      for (let i = 0; i < pixels; i++) result[start + i * (channels as number) + channel] = data[plane + i] as never;
    }
  }
  return result;
}
