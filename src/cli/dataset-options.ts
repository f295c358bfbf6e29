import { type Command, InvalidArgumentError, Option } from "commander";
import { InvalidOptionError } from "../base/errors.js";
import type { Classes, DatasetSource, DatasetSplit, DType, ReaderOptions } from "../dataset/index.js";
import { classesOf, positiveNumber } from "./parsers.js";

/** The flags that say what a dataset is and how it is read. */
export interface DatasetFlags {
  dataset?: string;
  split?: DatasetSplit;
  images?: string;
  labels?: string;
  classes?: Classes;
  shape?: number[];
  imageDtype?: Exclude<DType, "int16">;
  scale?: number;
  resize?: [number, number];
  channelsFirst?: boolean;
  variant?: string;
}

/** Adds the flags of a dataset, all but `--dataset` itself. */
export function addDatasetOptions(command: Command): Command {
  return command
    .addOption(new Option("--split <name>", "part of the dataset").choices(["train", "test", "validation"]))
    .option("--images <file|name>", "file of images, with --labels; of --dataset FILE the array or column of images")
    .option("--labels <file|name>", "file of labels; of --dataset FILE the array or column of labels, or its number")
    .option(
      "--classes <n|compact>",
      "number of labels, or only those that occur, renumbered (default: those that are named, or the largest label plus one)",
      classesOf,
    )
    .option("--shape <sizes>", "of one example, of as many values as there are, such as 28,28", sizes)
    .addOption(new Option("--image-dtype <name>", "of the dataset's values").choices(["uint8", "float32"]))
    .option("--scale <x>", "the value of one step of int16 images, or of quantized uint8 ones", positiveNumber)
    .option("--resize <h,w>", "resize images to this height and width", heightAndWidth)
    .option("--channels-first", "arrays of images are [N, channels, height, width]")
    .option("--variant <name>", "one dataset of several in a folder, such as letters of EMNIST");
}

/**
 * The dataset that the flags name.
 *
 * @param given true if `--dataset` was given and is not the default: then --images and --labels are names within it;
 *   `"recipe"` if a recipe names the dataset: then one of them alone is such a name
 */
export function datasetOf(
  flags: DatasetFlags,
  given: boolean | "recipe",
): { source: DatasetSource | undefined; options: ReaderOptions } {
  const { dataset, split, images, labels, classes, shape, imageDtype, scale, resize, channelsFirst, variant } = flags;
  const files = given !== true && (images !== undefined || labels !== undefined);
  const both = images !== undefined && labels !== undefined;
  if (files && !both && given !== "recipe") {
    const [only, missing] = images === undefined ? ["--labels", "--images"] : ["--images", "--labels"];
    throw new InvalidOptionError(
      only,
      images ?? labels,
      `a file with ${missing} FILE beside it, or --dataset FILE that has both`,
    );
  }
  const pair = files && both;
  const options = {
    split,
    classes,
    shape,
    dtype: imageDtype,
    scale,
    resize,
    channelsFirst,
    variant,
    ...(pair ? { name: images } : { images, labels }),
  };
  const chosen = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return { source: pair ? { images, labels } : dataset, options: chosen };
}

function sizes(text: string): number[] {
  if (!/^\d+([,x]\d+)*$/.test(text)) throw new InvalidArgumentError("Give sizes with commas between, such as 28,28.");
  return text.split(/[,x]/).map(Number);
}

function heightAndWidth(text: string): [number, number] {
  const [height, width, ...more] = sizes(text);
  if (height === undefined || more.length > 0) throw new InvalidArgumentError("Give height and width, such as 64,64.");
  return [height, width ?? height];
}
