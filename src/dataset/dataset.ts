import { DatasetError, InvalidOptionError } from "../base/errors.js";
import { sha256 } from "../base/sha256.js";
import type { ByteScale } from "./byte-scale.js";
import { littleEndianBytes } from "./endian.js";
import { type Checked, checkInit, checkNames, type DatasetInit } from "./init.js";
import { type Moments, momentsOf } from "./moments.js";
import { type Quantization, type QuantizeOptions, quantized } from "./quantize.js";
import { checkTargets } from "./targets.js";
import { type DType, dtypeOf, type Pixels, product } from "./tensor.js";
import { applyToAll } from "./transforms/apply.js";
import type { Transform } from "./transforms/transform.js";
import { areFinite, nonFiniteText, rangeOf, type ValueRange } from "./values.js";

/** One example of a {@link Dataset}. */
export interface Example {
  /** `features` values: a view into the dataset, not a copy. */
  readonly image: Pixels;
  /** The label, below `classes`. */
  readonly target: number;
}

/**
 * Examples of one shape with their labels, all in memory: what every task is woven from.
 *
 * A dataset is immutable, and its arrays are **not copied**, neither from the caller nor to one. Do not write into them:
 * that changes the dataset, while {@link digest} and {@link moments} remember the earlier values. The arrays may live in a
 * `SharedArrayBuffer`.
 *
 * @example
 * const dataset = Dataset.from({ images: new Uint8Array(2 * 784), targets: [3, 7], shape: [28, 28], classes: 10 });
 * for (const { image, target } of dataset) console.log(target, image.length);
 */
export class Dataset implements Iterable<Example> {
  /** The name of the dataset in messages and recipes. */
  readonly name: string;
  /** All values, `length * features` of them, example after example, channel-last. */
  readonly images: Pixels;
  /** All labels, `length` of them, each below `classes`. */
  readonly targets: Uint16Array;
  /** The shape of one example. */
  readonly shape: readonly number[];
  /** The number of classes, 1 to 65536. */
  readonly classes: number;
  /** The label that each class had before `classes: "compact"` renumbered them, rising; undefined where they were not. */
  readonly originalLabels: readonly number[] | undefined;
  /** The name of each class, where they have names. They are no part of the digest. */
  readonly classNames: readonly string[] | undefined;
  /** `"refuse"` if values that are NaN or infinite were refused. */
  readonly nonFinite: "refuse" | "allow";
  /** The values that bytes stand for, where these are not 0 to 1: see {@link Center}. The digest does not have it. */
  readonly byteScale: ByteScale | undefined;
  /** The name of the dataset whose mean image {@link Center} took off; undefined where it did not. */
  readonly centeredOn: string | undefined;
  /** `"uint8"`, `"int16"` or `"float32"`. */
  readonly dtype: DType;
  /**
   * The value of one step of quantized examples, a positive float32: int16 values q stand for `q * scale`, uint8 values u
   * for `(u - 128) * scale`. Undefined for uint8 pixels and for float32.
   */
  readonly scale: number | undefined;
  /** The result of {@link quantize} in numbers; undefined for datasets that it did not make. */
  readonly quantization: Quantization | undefined;
  /** The number of examples, at least 1. */
  readonly length: number;
  /** The number of values of one example, the product of `shape`. */
  readonly features: number;

  #digest: Promise<string> | undefined;
  #moments: Moments | undefined;
  #range: ValueRange | undefined;

  private constructor(
    checked: Checked & { readonly quantization?: Quantization | undefined; readonly centeredOn?: string | undefined },
  ) {
    this.name = checked.name;
    this.images = checked.images;
    this.targets = checked.targets;
    this.shape = Object.freeze([...checked.shape]);
    this.classes = checked.classes;
    this.originalLabels = checked.originalLabels;
    this.classNames = checked.classNames;
    this.nonFinite = checked.nonFinite;
    this.byteScale = checked.byteScale;
    this.dtype = dtypeOf(checked.images) as DType;
    this.scale = checked.scale;
    this.centeredOn = checked.byteScale?.centeredOn ?? checked.centeredOn;
    this.quantization = checked.quantization;
    this.length = checked.targets.length;
    this.features = product(checked.shape);
    Object.freeze(this);
  }

  /**
   * A dataset from arrays, which it keeps.
   *
   * @throws {@link InvalidOptionError} if a field is unknown, or `shape`, `classes`, `name`, `nonFinite` or `scale` is not allowed.
   * @throws {@link DatasetError} if there are no examples, the counts of images and targets disagree, a target is not
   *   an integer from 0 to `classes - 1`, or a value is NaN or infinite.
   */
  static from(init: DatasetInit): Dataset {
    return new Dataset(checkInit(init)).#checked("");
  }

  /**
   * The first examples of a dataset whose labels are all given: the number of classes, and their numbering, are those of all
   * labels.
   *
   * @internal
   */
  static firstOf(init: DatasetInit, count: number): Dataset {
    const all = checkTargets(init.targets, init.classes, init.name ?? "dataset");
    const classNames = checkNames(init.classNames, all);
    const targets = all.targets.subarray(0, count);
    const checked = checkInit({ ...init, targets, classes: all.classes, classNames });
    return new Dataset({ ...checked, originalLabels: all.originalLabels }).#checked("");
  }

  /** This dataset. @throws {@link DatasetError} for values that are NaN or infinite, unless they are allowed */
  #checked(after: string): this {
    if (this.nonFinite === "allow" || !(this.images instanceof Float32Array)) return this;
    if (areFinite(this.images)) return this;
    throw new DatasetError(
      this.name,
      `${after}${nonFiniteText(this.images, this.range(), this.features)}; ` +
        'replace these values, drop these examples, or give nonFinite: "allow"',
    );
  }

  /** The range of the values, computed once; for uint8 and int16 that of the type, in steps. @internal */
  range(): ValueRange {
    this.#range ??= rangeOf(this.images);
    return this.#range;
  }

  /**
   * One example, as a view. Negative indices count from the end.
   *
   * @param index - an integer from `-length` to `length - 1`.
   * @throws {@link InvalidOptionError} outside of that.
   */
  at(index: number): Example {
    if (!Number.isInteger(index)) this.#refuse(index);
    const i = index < 0 ? index + this.length : index;
    const target = this.targets[i];
    if (target === undefined) return this.#refuse(index);
    return { image: this.images.subarray(i * this.features, (i + 1) * this.features), target };
  }

  #refuse(index: unknown): never {
    throw new InvalidOptionError("index", index, `integers from ${-this.length} to ${this.length - 1}`);
  }

  /** All examples in order, as views. */
  *[Symbol.iterator](): IterableIterator<Example> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }

  /**
   * The examples from `start` up to, not including, `stop`: a view of the same memory with the same name and number of
   * classes. The bounds mean what they mean to `Array.prototype.slice`.
   *
   * @throws {@link DatasetError} if no example is left.
   */
  slice(start = 0, stop: number = this.length): Dataset {
    for (const [name, bound] of [["start", start] as const, ["stop", stop] as const]) {
      if (typeof bound !== "number" || Number.isNaN(bound)) throw new InvalidOptionError(name, bound, "a number");
    }
    const targets = this.targets.subarray(start, stop);
    if (targets.length === 0) {
      throw new DatasetError(this.name, `slice(${start}, ${stop}) of ${this.length} examples leaves none`);
    }
    const first = (targets.byteOffset - this.targets.byteOffset) / targets.BYTES_PER_ELEMENT;
    const images = this.images.subarray(first * this.features, (first + targets.length) * this.features);
    return new Dataset({ ...this, images, targets });
  }

  /**
   * The first `count` examples, as a view.
   *
   * @param count - an integer from 1 to `length`.
   * @throws {@link InvalidOptionError} outside of that.
   */
  head(count: number): Dataset {
    if (!(Number.isInteger(count) && count >= 1 && count <= this.length)) {
      throw new InvalidOptionError("count", count, `integers from 1 to ${this.length}, the number of examples`);
    }
    return this.slice(0, count);
  }

  /**
   * The identity of the examples, whatever their name: 64 lower-case hex digits, computed once.
   *
   * It is the SHA-256 of this JSON text in UTF-8, keys in this order and no spaces (here N examples of 28x28 and K
   * classes):
   *
   *     {"classes":K,"dtype":"uint8","images":"<hex>","shape":[N,28,28],"targets":"<hex>"}
   *
   * where `images` is the SHA-256 of the image values (uint8, or little-endian int16 or float32) and `targets` the SHA-256
   * of the labels as little-endian uint16. Quantized examples have `"scale":"<8 hex digits>"` after `images`: the bits of
   * the float32.
   *
   * @throws {@link DatasetError} in a browser page that is neither on https: nor on localhost, as it has no hash function.
   */
  digest(): Promise<string> {
    this.#digest ??= this.#computeDigest().catch((error: unknown) => {
      this.#digest = undefined;
      throw error;
    });
    return this.#digest;
  }

  async #computeDigest(): Promise<string> {
    const [images, targets] = await Promise.all([
      sha256(littleEndianBytes(this.images), this.name),
      sha256(littleEndianBytes(this.targets), this.name),
    ]);
    const shape = [this.length, ...this.shape];
    const scale = this.scale === undefined ? {} : { scale: bitsOf(this.scale) };
    const text = JSON.stringify({ classes: this.classes, dtype: this.dtype, images, ...scale, shape, targets });
    return sha256(new TextEncoder().encode(text), this.name);
  }

  /**
   * Mean and population deviation over all values of all examples, in the unit of the values (0 to 255 for uint8 pixels,
   * that of `scale` for quantized ones), computed once. For uint8 and int16 the sums are exact integers, so the result has
   * the same bits on every machine: `sum / n` and `sqrt(n * sumOfSquares - sum^2) / n`, each times `scale` where there is
   * one. For float32 it is two passes in f64.
   */
  moments(): Moments {
    this.#moments ??= Object.freeze(momentsOf(this.images, this.scale));
    return this.#moments;
  }

  /**
   * A new dataset with every example transformed; labels, classes and name stay. It works through the examples in small
   * batches, so that a chain of transforms holds no second copy of the whole.
   *
   * @throws {@link DatasetError} if the transform does not fit these examples, or makes values that are NaN or infinite.
   * @example
   * const small = dataset.transform(new Compose([new Resize(14), new ConvertImageDtype("float32"), new Flatten()]));
   */
  transform(transform: Transform): Dataset {
    const { data, shape, scale, byteScale, centeredOn } = applyToAll(transform, this);
    const kept = scale === this.scale ? this : { ...this, quantization: undefined };
    return new Dataset({ ...kept, images: data, shape, scale, byteScale, centeredOn }).#checked(
      `after ${transform.name} `,
    );
  }

  /**
   * A float32 dataset in integers, for which results have the same bits on every backend: `value / scale` rounded to the
   * nearest integer, ties to even, at most 32767 (16 bits) or 127 (8 bits) either way. The scale is `f32(max / 32767)` or
   * `f32(max / 127)`. With 16 bits the values are int16, with 8 bits uint8 around 128: 128 stands for 0. Labels, classes
   * and name stay; `quantization` has the error that it makes.
   *
   * @throws {@link DatasetError} if the dataset is not float32, holds NaN or infinity, or only zeros and `max` is not given.
   * @throws {@link InvalidOptionError} for an option that is unknown or out of bounds.
   * @example
   * const features = Dataset.from({ images: new Float32Array(1000 * 512), targets, shape: [512] }).quantize({ bits: 16 });
   * console.log(features.scale, features.quantization.largestError);
   */
  quantize(options: QuantizeOptions): Dataset {
    const { images, scale, quantization } = quantized(this, options);
    return new Dataset({ ...this, images, scale, quantization });
  }
}

/** The bits of a float32 as eight hex digits. */
function bitsOf(value: number): string {
  return new Uint32Array(Float32Array.of(value).buffer)[0]?.toString(16).padStart(8, "0") as string;
}
