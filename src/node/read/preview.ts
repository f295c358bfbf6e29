import { join } from "node:path";
import { Engine } from "../../backend/wasm/engine.js";
import { checkOptions, checkText } from "../../base/check.js";
import { InvalidOptionError } from "../../base/errors.js";
import { float16ToFloat32 } from "../../base/float16.js";
import { bytesPerElement } from "../../base/tensor.js";
import type { Dataset, DatasetSource, ReaderOptions } from "../../dataset/index.js";
import { filesAt } from "../../files/places.js";
import { isS3 } from "../../files/s3/place.js";
import { selection } from "../../plan/prepare-examples.js";
import { optionsOf } from "../../plan/recipe.js";
import type { StoredArray } from "../../store/arrays.js";
import { openSet } from "../../store/open-set.js";
import { readBytesOf } from "../../store/rows.js";
import type { StoredSet } from "../../store/stored-set.js";
import { TaskAugmentor } from "../../tasks/augmentor.js";
import { openDatasetOf } from "../dataset/open-dataset.js";
import { Canvas, type Color, LETTER } from "./canvas.js";
import { drawExample, imageSize, squareFor, zeroOf } from "./draw-example.js";
import { GENERATED } from "./verification.js";
import { writePicture } from "./write-picture.js";

/** Options of `preview`. */
export interface PreviewOptions {
  /** The number of tasks to draw. Default 4; fewer where there are fewer. */
  tasks?: number;
  /** The number of examples of each task. Default 10. */
  examples?: number;
  /** The place of the dataset, if it is not where the recipe says, or the dataset itself. */
  dataset?: DatasetSource | Dataset;
  /** The way in which the dataset is read, if it is not read by default: its split, its columns, ... */
  datasetOptions?: ReaderOptions;
  /** The picture. Default: `preview.png` in the folder. */
  out?: string;
  /** Ends the drawing. */
  signal?: AbortSignal;
}

/** The picture's name in the folder. */
export const PREVIEW_FILE = "preview.png";

/** Pixels of a picture, at most: 256 MiB of memory. */
const MOST_PIXELS = 2 ** 26;

const BACKGROUND: Color = [255, 255, 255];
const INK: Color = [40, 40, 40];
const FAINT: Color = [150, 150, 150];
const ZOOM = 2;
const GAP = 6;
const MARGIN = 16;

/**
 * Draws a generated folder as a PNG: for a few tasks the original examples, below them their projections as the file has
 * them (blue negative, red positive, white zero), and beside them the task's label map.
 *
 * @returns the path of the picture
 * @throws StoreError when the folder is damaged, RecipeError when the dataset is another one, OutputError when the
 *   picture cannot be written
 */
export async function preview(path: string, options: PreviewOptions = {}): Promise<string> {
  checkText("path", path, GENERATED);
  checkOptions<PreviewOptions>(options, {
    ...{ tasks: true, examples: true, dataset: true, datasetOptions: true, out: true, signal: true },
  });
  const { signal } = options;
  if (options.out === undefined && isS3(path)) {
    throw new InvalidOptionError("out", undefined, `the path of a picture on this machine, as ${path} is none`);
  }
  const set = await openSet(filesAt(path, {}), signal);
  const dataset = await openDatasetOf(set.recipe, options.dataset, signal, options.datasetOptions);
  const png = await draw(set, dataset, options.tasks ?? 4, options.examples ?? 10, signal);
  const out = options.out ?? join(path, PREVIEW_FILE);
  await writePicture(out, png);
  return out;
}

async function draw(
  set: StoredSet,
  dataset: Dataset,
  tasks: number,
  examples: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const inputs = set.arrays[0] as StoredArray;
  using augmentor = new TaskAugmentor(optionsOf(set.recipe));
  const { plan, examples: prepared } = augmentor.planned(dataset);
  const kernel = await Engine.create(plan, prepared);
  const numbers = selection(augmentor.options, dataset);
  // One item a task where items are sequences; else the first examples of each task.
  const shown = Math.min(examples, plan.mode === "sequence" ? plan.length : Math.max(1, plan.itemsPerTask || 1));
  const rows = Math.min(tasks, plan.mode === "samples" ? plan.itemCount : plan.taskCount);

  const original = imageSize(dataset.shape);
  const projected = plan.outFeatures === original.width * original.height ? original : squareFor(plan.outFeatures);
  const cell = {
    width: Math.max(original.width, projected.width) * ZOOM + GAP,
    height: (original.height + projected.height) * ZOOM + 2 * GAP,
  };
  const labels = Math.min(plan.classes, 16);
  const map = { width: (labels + 1) * 3 * LETTER.width, height: 5 * LETTER.height };
  const height = Math.max(cell.height, map.height) + LETTER.height + GAP;
  const size = { width: 4 * MARGIN + shown * cell.width + map.width, height: 2 * MARGIN + rows * height };
  if (size.width * size.height > MOST_PIXELS) {
    const picture = `${size.width} x ${size.height} pixels`;
    throw new InvalidOptionError(
      "tasks",
      tasks,
      `fewer tasks or examples: the picture would have ${picture}, of ${MOST_PIXELS}`,
    );
  }
  const canvas = new Canvas(size.width, size.height, BACKGROUND);
  const valueBytes = bytesPerElement(inputs.dtype);
  const rowBytes = (inputs.itemShape.at(-1) as number) * valueBytes;

  for (let row = 0; row < rows; row++) {
    const top = MARGIN + row * height;
    const firstItem = plan.mode === "samples" ? row : row * plan.itemsPerTask;
    const { task } = kernel.examplesOf(firstItem);
    canvas.text(MARGIN, top, `task ${task}`, INK);
    for (let column = 0; column < shown; column++) {
      const item = plan.mode === "sequence" ? firstItem : firstItem + column;
      const drawn = kernel.examplesOf(item).indices[plan.mode === "sequence" ? column : 0] as number;
      const index = numbers?.[drawn] ?? drawn;
      const left = MARGIN + column * cell.width;
      const pixels = dataset.dtype === "uint8" && dataset.scale === undefined;
      const least = dataset.dtype === "float32" ? Number.MIN_VALUE : zeroOf(dataset) + 1;
      const high = pixels ? 255 : Math.max(...dataset.at(index).image, least);
      drawExample(canvas, dataset, index, { left, top: top + LETTER.height, zoom: ZOOM, high });
      const position = plan.mode === "sequence" ? item * plan.length + column : item;
      const bytes = await readBytesOf(set, inputs, position * rowBytes, plan.outFeatures * valueBytes, signal);
      const values =
        plan.dtype === "float16" ? float16ToFloat32(new Uint16Array(bytes.buffer)) : new Float32Array(bytes.buffer);
      drawProjection(canvas, values, projected.width, left, top + LETTER.height + original.height * ZOOM + GAP);
    }
    const permutation = await augmentor.targetPermutation(task, dataset).permutation();
    drawLabelMap(
      canvas,
      permutation.subarray(0, labels),
      MARGIN + shown * cell.width + 2 * MARGIN,
      top + LETTER.height,
    );
  }
  return canvas.encode();
}

/** Blue to white to red, full color at 2.5 times the root mean square. */
function drawProjection(canvas: Canvas, values: Float32Array, width: number, left: number, top: number): void {
  const scale = 2.5 * Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length) || 1;
  values.forEach((value, i) => {
    const strength = Math.min(1, Math.abs(value) / scale);
    const fade = Math.round(255 * (1 - strength));
    const color: Color =
      value < 0 ? [fade, Math.round(255 - 175 * strength), 255] : [255, Math.round(255 - 195 * strength), fade];
    canvas.fill(left + (i % width) * ZOOM, top + Math.floor(i / width) * ZOOM, ZOOM, ZOOM, color);
  });
}

/** Two lines: each label, and below it what it becomes. */
function drawLabelMap(canvas: Canvas, permutation: Uint16Array, left: number, top: number): void {
  const step = 3 * LETTER.width;
  canvas.text(left, top, "label", FAINT);
  permutation.forEach((_, label) => {
    canvas.text(left + label * step, top + 1.5 * LETTER.height, String(label), FAINT);
  });
  canvas.text(left, top + 3 * LETTER.height, "in this task", FAINT);
  permutation.forEach((target, label) => {
    canvas.text(left + label * step, top + 4.5 * LETTER.height, String(target), INK);
  });
}
