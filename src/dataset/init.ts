import { DatasetError, describe, InvalidOptionError } from "../base/errors.js";
import { type ByteScale, checkByteScale } from "./byte-scale.js";
import { conversionOf, ownPixels } from "./own-array.js";
import { type CheckedTargets, type Classes, checkTargets, type Targets } from "./targets.js";
import { checkShape, type DType, dtypeOf, kindOf, type Pixels, product, shapeText } from "./tensor.js";

/** The arguments of {@link Dataset.from}. */
export interface DatasetInit {
  /**
   * `N * product(shape)` values, example after example: uint8, int16 or float32. Kept, not copied; a canvas'
   * `Uint8ClampedArray`, and arrays of another realm, are viewed.
   */
  readonly images: Pixels | Uint8ClampedArray;
  /**
   * `N` labels, integers from 0; with `classes: "compact"` any integers. A `Uint16Array` is kept, anything else converted
   * to one, 64-bit integers included.
   */
  readonly targets: Targets;
  /** The shape of one example: `[28, 28]`, `[32, 32, 3]` (height, width, channels) or `[512]`. */
  readonly shape: readonly number[];
  /**
   * The number of classes, 1 to 65536; or `"compact"`, which renumbers the labels that occur, in rising order from 0 on,
   * and keeps their values in `originalLabels`. Default: the largest label plus one, with a notice where a smaller label
   * has no example.
   */
  readonly classes?: Classes | undefined;
  /** The name of the dataset in messages and recipes. Default: `"dataset"`. */
  readonly name?: string | undefined;
  /**
   * `"allow"` takes float32 values that are NaN or infinite, which make results NaN. Default `"refuse"`: they are an error
   * that says how many there are and where the first one is.
   */
  readonly nonFinite?: "refuse" | "allow" | undefined;
  /** The names of the classes, one for each. With `classes: "compact"` those of the labels before they are renumbered. */
  readonly classNames?: readonly string[] | undefined;
  /**
   * The value of one step of quantized examples, a positive float32: int16 values q stand for `q * scale`, uint8 values u
   * for `(u - 128) * scale`. int16 needs one; uint8 without one are pixels; float32 has none. `Dataset.quantize` sets it.
   */
  readonly scale?: number | undefined;
  /** The values that bytes stand for, if these are not `byte / 255`; only for uint8. {@link Center} sets it. */
  readonly byteScale?: ByteScale | undefined;
}

/** The fields that a dataset is made of. */
export interface Checked extends CheckedTargets {
  readonly classNames: readonly string[] | undefined;
  readonly images: Pixels;
  readonly shape: readonly number[];
  readonly name: string;
  readonly nonFinite: "refuse" | "allow";
  readonly scale: number | undefined;
  readonly byteScale: ByteScale | undefined;
}

/** The fields of `DatasetInit`. */
const FIELDS = ["images", "targets", "shape", "classes", "name", "nonFinite", "scale", "byteScale", "classNames"];
/** The fields that a copy of a dataset's own has besides, which follow from the others. */
const DERIVED = ["dtype", "length", "features", "originalLabels", "quantization", "centeredOn"];

/** @throws {@link InvalidOptionError} for anything but an object of fields; a dataset, which can be iterated, is one. */
function checkInitObject(init: unknown): asserts init is DatasetInit {
  if (typeof init === "object" && init !== null && !Array.isArray(init)) return;
  throw new InvalidOptionError("dataset", init, "an object");
}

/**
 * The fields of a dataset.
 *
 * @throws {@link InvalidOptionError} if a field is unknown, or `shape`, `classes`, `name`, `nonFinite` or `scale` is not allowed.
 * @throws {@link DatasetError} if there are no examples, the counts of images and targets disagree, or a target is not
 *   allowed.
 */
export function checkInit(init: DatasetInit): Checked {
  checkInitObject(init);
  for (const field of Object.keys(init)) {
    if (FIELDS.includes(field) || DERIVED.includes(field)) continue;
    throw new InvalidOptionError(
      field,
      init[field as keyof DatasetInit],
      `no field of this name; there are ${FIELDS.join(", ")}`,
    );
  }
  const { targets, shape, name = "dataset", nonFinite = "refuse", scale, byteScale } = init;
  const images = ownPixels(init.images) as Pixels;
  if (typeof name !== "string") throw new InvalidOptionError("name", name, "text");
  if (nonFinite !== "refuse" && nonFinite !== "allow") {
    throw new InvalidOptionError("nonFinite", nonFinite, '"refuse" or "allow"');
  }
  checkShape("shape", shape);
  const dtype = dtypeOf(images);
  if (!dtype) {
    const allowed = `images are ${kindOf(images)}; allowed: a Uint8Array, an Int16Array or a Float32Array`;
    throw new DatasetError(name, `${allowed}${conversionOf(images)}`);
  }
  checkScale(dtype, scale);
  checkByteScale(byteScale, images);
  if (scale !== undefined && byteScale !== undefined) {
    throw new InvalidOptionError("byteScale", byteScale, "undefined for quantized images, which have a scale");
  }
  if (!(Array.isArray(targets) || ArrayBuffer.isView(targets)) || !("length" in targets)) {
    throw new DatasetError(name, `targets are ${describe(targets)}; allowed: a list or typed array of integers`);
  }
  const features = product(shape);
  const count = images.length / features;
  if (!Number.isInteger(count)) {
    throw new DatasetError(
      name,
      `images hold ${images.length} values, not a multiple of the ${features} of one ${shapeText(shape)} example${counted(shape, targets)}`,
    );
  }
  if (count !== targets.length) {
    const problem = `there are ${count} images but ${targets.length} targets; give one target each`;
    throw new DatasetError(name, `${problem}${counted(shape, targets)}`);
  }
  if (count === 0) throw new DatasetError(name, "there are no examples; at least one is needed");
  const checked = checkTargets(targets, init.classes, name);
  return {
    images,
    shape,
    name,
    nonFinite,
    scale,
    byteScale,
    ...checked,
    classNames: checkNames(init.classNames, checked),
  };
}

/** A hint where the shape begins with the number of examples. */
function counted(shape: readonly number[], { length }: Targets): string {
  return shape.length > 1 && shape[0] === length
    ? `; shape is that of one example, without the count: [${shape.slice(1).join(", ")}]`
    : "";
}

/** @throws InvalidOptionError for names that are not one for each class */
export function checkNames(
  names: readonly string[] | undefined,
  { classes, originalLabels }: CheckedTargets,
): readonly string[] | undefined {
  if (names === undefined) return undefined;
  const isList = Array.isArray(names) && names.every((name) => typeof name === "string");
  const kept =
    isList && originalLabels && names.length !== classes ? originalLabels.map((label) => names[label]) : names;
  if (isList && kept.length === classes && !kept.includes(undefined as never)) {
    return Object.freeze([...kept]) as readonly string[];
  }
  throw new InvalidOptionError("classNames", names, `a list of ${classes} names, one for each class`);
}

/** The smallest float32 with 24 bits: GPUs may take smaller ones as 0. */
const MIN_NORMAL = 2 ** -126;

/** @throws {@link InvalidOptionError} for a scale that the type does not have, lacks, or that is no positive float32. */
function checkScale(dtype: DType, scale: unknown): void {
  if (scale === undefined && dtype !== "int16") return;
  if (dtype === "float32") {
    throw new InvalidOptionError("scale", scale, "none for float32 images, which are their values themselves");
  }
  const fine = typeof scale === "number" && Math.fround(scale) === scale && scale >= MIN_NORMAL && scale < Infinity;
  if (fine) return;
  throw new InvalidOptionError(
    "scale",
    scale,
    `a positive number that float32 holds exactly, the value of one step of ${dtype} images; ` +
      "take Math.fround(...) of others",
  );
}
