import { DatasetError, describe, InvalidOptionError } from "../base/errors.js";
import { type ByteScale, checkByteScale } from "./byte-scale.js";
import { type CheckedTargets, type Classes, checkTargets, type Targets } from "./targets.js";
import { checkShape, dtypeOf, kindOf, type Pixels, product, shapeText } from "./tensor.js";

/** The arguments of {@link Dataset.from}. */
export interface DatasetInit {
  /** `N * product(shape)` values, example after example: uint8 or float32. Kept, not copied. */
  readonly images: Pixels;
  /**
   * `N` labels, integers from 0; with `classes: "compact"` any integers. A `Uint16Array` is kept, anything else converted
   * to one.
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
  /** The values that bytes stand for, if these are not `byte / 255`; only for uint8. {@link Center} sets it. */
  readonly byteScale?: ByteScale | undefined;
}

/** The fields that a dataset is made of. */
export interface Checked extends CheckedTargets {
  readonly images: Pixels;
  readonly shape: readonly number[];
  readonly name: string;
  readonly nonFinite: "refuse" | "allow";
  readonly byteScale: ByteScale | undefined;
}

/** The fields of `DatasetInit`. */
const FIELDS = ["images", "targets", "shape", "classes", "name", "nonFinite", "byteScale"];
/** The fields that a copy of a dataset's own has besides, which follow from the others. */
const DERIVED = ["dtype", "length", "features", "originalLabels"];

/** @throws {@link InvalidOptionError} for anything but an object of fields; a dataset, which can be iterated, is one. */
function checkInitObject(init: unknown): asserts init is DatasetInit {
  if (typeof init === "object" && init !== null && !Array.isArray(init)) return;
  throw new InvalidOptionError("dataset", init, "an object");
}

/**
 * The fields of a dataset.
 *
 * @throws {@link InvalidOptionError} if a field is unknown, or `shape`, `classes`, `name` or `nonFinite` is not allowed.
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
  const { images, targets, shape, name = "dataset", nonFinite = "refuse", byteScale } = init;
  if (typeof name !== "string") throw new InvalidOptionError("name", name, "text");
  if (nonFinite !== "refuse" && nonFinite !== "allow") {
    throw new InvalidOptionError("nonFinite", nonFinite, '"refuse" or "allow"');
  }
  checkShape("shape", shape);
  if (!dtypeOf(images)) {
    throw new DatasetError(name, `images are ${kindOf(images)}; allowed: a Uint8Array or a Float32Array`);
  }
  checkByteScale(byteScale, images);
  if (!(Array.isArray(targets) || ArrayBuffer.isView(targets)) || !("length" in targets)) {
    throw new DatasetError(name, `targets are ${describe(targets)}; allowed: a list or typed array of integers`);
  }
  const features = product(shape);
  const count = images.length / features;
  if (!Number.isInteger(count)) {
    throw new DatasetError(
      name,
      `images hold ${images.length} values, not a multiple of the ${features} of one ${shapeText(shape)} example`,
    );
  }
  if (count !== targets.length) {
    throw new DatasetError(name, `there are ${count} images but ${targets.length} targets; give one target each`);
  }
  if (count === 0) throw new DatasetError(name, "there are no examples; at least one is needed");
  return { images, shape, name, nonFinite, byteScale, ...checkTargets(targets, init.classes, name) };
}
