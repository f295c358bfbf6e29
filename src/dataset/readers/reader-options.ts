import { checkInteger, checkOptions, type Names } from "../../base/check.js";
import { describe, InvalidOptionError } from "../../base/errors.js";
import type { ReadOptions } from "../../files/bytes.js";
import { checkPauses } from "../../files/retry.js";
import type { Classes } from "../targets.js";
import { checkShape, type DType } from "../tensor.js";
import { Resize } from "../transforms/resize.js";

/** The parts of a dataset. */
export const SPLITS: readonly DatasetSplit[] = ["train", "test", "validation"];
/** A part of a dataset: what to learn from, what to test on, or what to choose settings with. */
export type DatasetSplit = "train" | "test" | "validation";

/** Options of the readers, each of which takes those that its format has a use for. */
export interface ReaderOptions extends ReadOptions {
  /** The part that is read, of data that comes in parts. Default: `"train"`. Data in one part is read as it is. */
  readonly split?: DatasetSplit | undefined;
  /**
   * The number of classes, 1 to 65536, or `"compact"`: see `DatasetInit`. Default: those that the format names (folders,
   * label texts, Hugging Face's ClassLabel, CIFAR), else the largest label plus one.
   */
  readonly classes?: Classes | undefined;
  /** Read the first examples only, at most this many. Default: all. */
  readonly limit?: number | undefined;
  /** The name of the dataset in messages and recipes. Default: that of the file or folder. */
  readonly name?: string | undefined;
  /** `"allow"` takes float32 values that are NaN or infinite. Default `"refuse"`. */
  readonly nonFinite?: "refuse" | "allow" | undefined;
  /** The array or column that holds the images: a name of an .npz archive, or of a Parquet column. */
  readonly images?: string | undefined;
  /**
   * The array or column that holds the labels: a name; of tables also a number, counted from 0, or from the end if it is
   * negative; of CIFAR-100 `"fine"` (default) or `"coarse"`.
   */
  readonly labels?: string | number | undefined;
  /** The shape of one example, of as many values as the data has: `[28, 28]` for rows of 784. */
  readonly shape?: readonly number[] | undefined;
  /** The type of the values. Default: see docs/your-data.md. To become uint8, all must be whole numbers from 0 to 255. */
  readonly dtype?: Exclude<DType, "int16"> | undefined;
  /** The value of one step, for int16 images and for uint8 ones that are quantized: see `DatasetInit`. */
  readonly scale?: number | undefined;
  /** Like `scale`, but left out for float32 images. @internal */
  readonly scaleOfIntegers?: number | undefined;
  /** Resize images to `[height, width]`, as the transform `Resize` does. Images of several sizes need it. */
  readonly resize?: readonly [number, number] | undefined;
  /** True if arrays have their channels first, `[N, channels, height, width]`, as PyTorch's have. Default false. */
  readonly channelsFirst?: boolean | undefined;
  /** One dataset of several in a folder, such as `"letters"` among the files of EMNIST. */
  readonly variant?: string | undefined;
}

const NAMES: Names<Required<ReaderOptions>> = {
  ...{ split: true, classes: true, limit: true, name: true, nonFinite: true, images: true, labels: true, shape: true },
  ...{
    dtype: true,
    scale: true,
    scaleOfIntegers: true,
    resize: true,
    channelsFirst: true,
    variant: true,
    signal: true,
    retryPauses: true,
  },
};

/** @throws InvalidOptionError for an option that is not allowed */
export function checkReaderOptions(options: ReaderOptions): void {
  checkOptions<ReaderOptions>(options, NAMES);
  const { split, limit, name, shape, dtype, resize, channelsFirst, variant, images, labels } = options;
  if (split !== undefined && !SPLITS.includes(split)) {
    throw new InvalidOptionError("split", split, SPLITS.map(describe).join(", "));
  }
  if (limit !== undefined) checkInteger("limit", limit, 1, 2 ** 32);
  for (const [option, value] of Object.entries({ name, variant, images })) {
    if (value !== undefined && typeof value !== "string") throw new InvalidOptionError(option, value, "text");
  }
  if (labels !== undefined && typeof labels !== "string" && !Number.isSafeInteger(labels)) {
    throw new InvalidOptionError("labels", labels, "a name, or the number of a column");
  }
  if (shape !== undefined) checkShape("shape", shape);
  if (dtype !== undefined && dtype !== "uint8" && dtype !== "float32") {
    throw new InvalidOptionError("dtype", dtype, '"uint8" or "float32"');
  }
  if (channelsFirst !== undefined && typeof channelsFirst !== "boolean") {
    throw new InvalidOptionError("channelsFirst", channelsFirst, "true or false");
  }
  if (resize !== undefined) {
    if (!Array.isArray(resize)) throw new InvalidOptionError("resize", resize, "[height, width]");
    new Resize(resize);
  }
  checkPauses(options.retryPauses);
}
