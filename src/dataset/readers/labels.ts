import { DatasetError, describe } from "../../base/errors.js";
import type { Targets } from "../targets.js";
import { shapeText } from "../tensor.js";
import { isTexts, type NdArray, type Numbers } from "./nd-array.js";

/** Labels as `Dataset.from` takes them, with the names of the classes where the file has names. */
export interface Labels {
  readonly targets: Targets;
  readonly classNames: readonly string[] | undefined;
}

/**
 * Labels of any type of numbers or texts: `[N]`, `[N, 1]`, or QMNIST's `[N, 8]`, whose first column is the class. Texts
 * become the numbers of their classes, which are in the order of their code points.
 *
 * @throws DatasetError for one-hot labels, for other shapes, and for numbers that are not whole
 */
export function labelsOf(array: NdArray, name: string): Labels {
  const { data, shape, type } = array;
  const [count = 0, columns = 1] = shape;
  const exchanged = "Are images and labels exchanged?";
  if (shape.length === 0)
    throw new DatasetError(name, `holds a single value; labels have one dimension, the count. ${exchanged}`);
  if (isTexts(data)) {
    if (columns !== 1 || shape.length > 2) {
      throw new DatasetError(name, `has shape ${shapeText(shape)}; labels have one dimension, the count`);
    }
    return numbered(data);
  }
  if (shape.length === 1 || (shape.length === 2 && columns === 1))
    return { targets: wholeNumbers(data, name), classNames: undefined };
  const problem = `has shape ${shapeText(shape)}; labels have one dimension, the count`;
  if (shape.length !== 2) throw new DatasetError(name, `${problem}. ${exchanged}`);
  if (isOneHot(data, columns)) {
    throw new DatasetError(name, `${problem}. These are one-hot: save np.argmax(labels, axis=1) instead`);
  }
  if (columns === 8 && type === "int32") {
    const targets = Array.from({ length: count }, (_, i) => Number(data[8 * i]));
    return { targets, classNames: undefined };
  }
  throw new DatasetError(
    name,
    `${problem}. If one column holds the classes, save that; else ${exchanged.toLowerCase()}`,
  );
}

/** Texts as the numbers of their classes. */
export function numbered(texts: readonly string[]): Labels {
  const classNames = [...new Set(texts)].sort(byCodePoints);
  const places = new Map(classNames.map((text, place) => [text, place]));
  return { targets: texts.map((text) => places.get(text) as number), classNames };
}

/** The order of Python's `sorted`: of code points, where that of JavaScript is of UTF-16 units. */
export function byCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  let i = 0;
  while (i < length && a[i] === b[i]) i++;
  if (i === length) return a.length - b.length;
  // A difference in the second half of a pair has the same first half before it.
  if (i > 0 && /[\ud800-\udbff]/.test(a[i - 1] as string)) i--;
  return (a.codePointAt(i) as number) - (b.codePointAt(i) as number);
}

/** @throws DatasetError for numbers that are not whole, or beyond 2^53 */
function wholeNumbers(values: Numbers, name: string): Targets {
  if (!(values instanceof BigInt64Array || values instanceof BigUint64Array)) {
    if (!(values instanceof Float32Array || values instanceof Float64Array)) return values;
    const at = values.findIndex((value) => !Number.isSafeInteger(value));
    if (at < 0) return Array.from(values);
    throw new DatasetError(name, `label ${at} is ${describe(values[at])}; labels must be integers`);
  }
  return Array.from(values as BigInt64Array, (value, i) => {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    throw new DatasetError(name, `label ${i} is ${value}; allowed: integers of up to 53 bits`);
  });
}

/** True if each row has one 1, and zeros. */
function isOneHot(values: Numbers, columns: number): boolean {
  for (let start = 0; start < values.length; start += columns) {
    let ones = 0;
    for (let i = start; i < start + columns; i++) {
      const value = Number(values[i]);
      if (value === 1) ones++;
      else if (value !== 0) return false;
    }
    if (ones !== 1) return false;
  }
  return columns > 1 && values.length > 0;
}
