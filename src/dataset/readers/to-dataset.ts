import { DatasetError, InvalidOptionError } from "../../base/errors.js";
import { Dataset } from "../dataset.js";
import type { Targets } from "../targets.js";
import { type Pixels, product, sameShape, shapeText } from "../tensor.js";
import { Resize } from "../transforms/resize.js";
import { labelsOf } from "./labels.js";
import { channelsLast, firstRows, isTexts, type NdArray } from "./nd-array.js";
import { pixelsOf, wantedType } from "./pixels.js";
import type { ReaderOptions } from "./reader-options.js";

/** An array with the name of its file, for messages. */
export interface Named extends NdArray {
  readonly name: string;
}

/**
 * Makes a dataset from an array of images and one of labels.
 *
 * @param fallback the name of the dataset, if the options have none
 * @param given facts that the format knows: classes and their names
 * @throws DatasetError when they are no images and labels, or their counts disagree
 */
export function datasetOfArrays(
  images: Named,
  labels: Named,
  fallback: string,
  options: ReaderOptions,
  given: { readonly classes?: number; readonly classNames?: readonly string[] | undefined } = {},
): Dataset {
  const [count = 0, ...one] = images.shape;
  if (one.length === 0) {
    const problem = `has shape ${shapeText(images.shape)}; images need a count and at least one more dimension`;
    throw new DatasetError(images.name, `${problem}. Are images and labels exchanged?`);
  }
  if (isTexts(images.data)) throw new DatasetError(images.name, "holds texts; images are numbers");
  const { targets, classNames } = labelsOf(labels, labels.name);
  const known = isTexts(labels.data) || !given.classNames ? classNames : given.classNames;
  if (count !== targets.length) {
    const problem = `has ${targets.length} labels, but ${images.name} has ${count} images`;
    throw new DatasetError(labels.name, `${problem}; give files of the same split`);
  }
  if (images.shape.includes(0)) {
    throw new DatasetError(images.name, `has shape ${shapeText(images.shape)}; at least one example is needed`);
  }
  const features = product(one);
  const used = Math.min(count, options.limit ?? count);
  // All integers decide whether they fit into 8 bits, the first ones are kept.
  const wanted = wantedType(images.data, options);
  const settings = { name: images.name, features, wanted };
  const floats = images.type.startsWith("float") || images.data instanceof Uint8Array || wanted === "int16";
  let pixels = pixelsOf(floats ? firstRows(images, used) : images.data, images.type, settings).subarray(
    0,
    used * features,
  );
  let shape: readonly number[] = one;
  if (options.channelsFirst) {
    if (one.length !== 3) {
      throw new InvalidOptionError(
        "channelsFirst",
        true,
        `images of [channels, height, width]; these are ${shapeText(one)}`,
      );
    }
    pixels = channelsLast(pixels, one);
    shape = [one[1] as number, one[2] as number, one[0] as number];
  }
  return makeDataset({ pixels, shape, targets, used, classNames: known, classes: given.classes }, fallback, options);
}

/** The parts of a dataset, before the options are applied. */
export interface Parts {
  readonly pixels: Pixels;
  readonly shape: readonly number[];
  /** All labels, also where only the first images were read. */
  readonly targets: Targets;
  /** The number of images. */
  readonly used: number;
  readonly classNames: readonly string[] | undefined;
  readonly classes?: number | undefined;
}

/** Makes the dataset: applies `shape`, `classes`, `nonFinite` and `resize`. */
export function makeDataset(parts: Parts, fallback: string, options: ReaderOptions): Dataset {
  const { pixels: images, targets, used, classNames } = parts;
  const name = options.name ?? fallback;
  const shape = options.shape ?? parts.shape;
  if (product(shape) !== product(parts.shape)) {
    const allowed = `a shape of ${product(parts.shape)} values, as the examples are ${shapeText(parts.shape)}`;
    throw new InvalidOptionError("shape", shape, allowed);
  }
  const classes = options.classes ?? parts.classes ?? classNames?.length;
  const { nonFinite, scaleOfIntegers } = options;
  const scale = options.scale ?? (images instanceof Float32Array ? undefined : scaleOfIntegers);
  const dataset = Dataset.firstOf({ images, targets, shape, classes, classNames, name, nonFinite, scale }, used);
  const { resize } = options;
  return resize && !sameShape(resize, shape.slice(0, 2)) ? dataset.transform(new Resize(resize)) : dataset;
}
