import { checkOptions, checkText } from "../../base/check.js";
import { checkDataset } from "../../dataset/check-dataset.js";
import type { Dataset } from "../../dataset/index.js";
import { Canvas, type Color, LETTER } from "./canvas.js";
import { drawExample, imageSize, zeroOf } from "./draw-example.js";
import { writePicture } from "./write-picture.js";

/** The result of `inspectDataset`. */
export interface DatasetReport {
  /** The name of the dataset. */
  readonly name: string;
  /** The number of examples, then the shape of one. */
  readonly shape: readonly number[];
  /** The type of one value. */
  readonly dtype: Dataset["dtype"];
  /** The number of classes. */
  readonly classes: number;
  /** The name of each class, where they have names. */
  readonly classNames?: readonly string[];
  /** The label that each class had before `classes: "compact"` renumbered them. */
  readonly originalLabels?: readonly number[];
  /** The number of examples of each class. */
  readonly counts: readonly number[];
  /** The smallest value; like the mean, times `scale` where values are steps of it. */
  readonly minimum: number;
  /** The largest value. */
  readonly maximum: number;
  /** The mean of all values. */
  readonly mean: number;
  /** The population deviation of all values. */
  readonly standardDeviation: number;
  /** The digest that recipes name. */
  readonly digest: string;
  /** The path of the picture, if one was drawn. */
  readonly picture?: string;
}

/** Classes and examples of each that a picture shows, at most. */
const [ROWS, COLUMNS] = [20, 12];
/** Pixels of a side that small examples are enlarged to, about. */
const SIDE = 56;
const [GAP, MARGIN] = [4, 12];
const INK: Color = [40, 40, 40];

/**
 * Reports on a dataset: its shape, classes, counts, range and digest.
 *
 * @param options `picture` is the path of a PNG to draw: the first examples of each class
 * @throws OutputError when the picture cannot be written
 * @example
 * ```ts
 * const { counts } = await inspectDataset(await openDataset("data.npz"), { picture: "data.png" });
 * ```
 */
export async function inspectDataset(dataset: Dataset, options: { picture?: string } = {}): Promise<DatasetReport> {
  checkDataset(dataset);
  checkOptions<{ picture?: string }>(options, { picture: true });
  const { picture } = options;
  if (picture !== undefined) checkText("picture", picture, "the path of a PNG");
  const { name, dtype, classes, classNames, originalLabels, images, targets } = dataset;
  const counts = new Array<number>(classes).fill(0);
  for (const target of targets) counts[target] = (counts[target] as number) + 1;
  let [minimum, maximum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < images.length; i++) {
    const value = images[i] as number;
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  }
  if (picture !== undefined) await writePicture(picture, await draw(dataset, maximum));
  const inValues = (step: number) => (step - zeroOf(dataset)) * (dataset.scale ?? 1);
  return {
    name,
    shape: [dataset.length, ...dataset.shape],
    dtype,
    classes,
    ...(classNames ? { classNames } : {}),
    ...(originalLabels ? { originalLabels } : {}),
    counts,
    minimum: inValues(minimum),
    maximum: inValues(maximum),
    ...dataset.moments(),
    digest: await dataset.digest(),
    ...(picture === undefined ? {} : { picture }),
  };
}

/** Draws the first examples of the first classes, a class in each row. */
async function draw(dataset: Dataset, maximum: number): Promise<Uint8Array> {
  const rows: { target: number; examples: number[] }[] = [];
  const byTarget = new Map<number, number[]>();
  dataset.targets.forEach((target, i) => {
    const examples = byTarget.get(target);
    if (!examples) byTarget.set(target, [i]);
    else if (examples.length < COLUMNS) examples.push(i);
  });
  for (const target of [...byTarget.keys()].sort((a, b) => a - b).slice(0, ROWS)) {
    rows.push({ target, examples: byTarget.get(target) as number[] });
  }
  const { width, height } = imageSize(dataset.shape);
  const zoom = Math.max(1, Math.round(SIDE / Math.max(width, height)));
  const cell = { width: width * zoom + GAP, height: Math.max(height * zoom, LETTER.height) + GAP };
  const titleOf = (target: number) =>
    dataset.classNames?.[target] ?? String(dataset.originalLabels?.[target] ?? target);
  const titles = rows.map(({ target }) => titleOf(target).slice(0, 24));
  const titleWidth = Math.max(...titles.map((title) => title.length)) * LETTER.width + GAP;
  const columns = Math.max(...rows.map(({ examples }) => examples.length));
  const canvas = new Canvas(
    2 * MARGIN + titleWidth + columns * cell.width,
    2 * MARGIN + rows.length * cell.height,
    [255, 255, 255],
  );
  // Values that use a part of the range are shown with full contrast.
  const low = zeroOf(dataset);
  const high = maximum > low ? maximum : low + 1;
  for (const [row, { examples }] of rows.entries()) {
    const top = MARGIN + row * cell.height;
    canvas.text(MARGIN, top + (cell.height - GAP - LETTER.height) / 2, titles[row] as string, INK);
    for (const [column, index] of examples.entries()) {
      drawExample(canvas, dataset, index, { left: MARGIN + titleWidth + column * cell.width, top, zoom, high });
    }
  }
  return canvas.encode();
}
