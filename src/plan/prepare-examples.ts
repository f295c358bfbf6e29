import { InvalidOptionError } from "../base/errors.js";
import { Dataset } from "../dataset/index.js";
import { nonFiniteText } from "../dataset/values.js";
import type { InputScaling } from "./choices.js";
import type { ResolvedOptions } from "./options.js";

type Numbers = { readonly mean: number; readonly standardDeviation: number };

/** The examples of a task set, before anything is drawn. */
export interface Prepared {
  /** The examples as backends take them. */
  readonly examples: Dataset;
  /** The scaling that is left for the product; none (`"unit"`) for float32. */
  readonly inputScaling: "unit" | Numbers;
}

/**
 * The examples that sequences are drawn out of, with their labels in the task set, as backends take them. uint8 examples
 * stay bytes, a backend subtracts from them itself. For the torch generator, whose product is one of float32, they
 * are scaled here, as float32 ones are: `f32((x - mean) / deviation)`, so that no precision is lost in sums.
 *
 * @throws InvalidOptionError for a selection without examples, a deviation of 0, or a scaling that is for bytes only
 */
export function prepareExamples(options: ResolvedOptions, dataset: Dataset): Prepared {
  checkUnit(options, dataset);
  const scaling = resolveScaling(options.inputScaling, dataset);
  const chosen = selected(options, dataset);
  const bytes = options.inputScaling === "notebook" ? truncated(chosen) : chosen;
  if (bytes.dtype === "uint8" && options.generator !== "torch") return { examples: bytes, inputScaling: scaling };
  const unit = bytes.dtype === "uint8" ? { mean: 0, standardDeviation: 255 } : undefined;
  const examples = scaled(bytes, scaling === "unit" ? unit : scaling);
  checkScaled(options, bytes, examples);
  return { examples, inputScaling: "unit" };
}

/** @throws InvalidOptionError for float32 examples that look like undivided pixels, where `"unit"` is only a default */
function checkUnit({ inputScaling, scalingIsDefault, preset }: ResolvedOptions, dataset: Dataset): void {
  if (inputScaling !== "unit" || !scalingIsDefault || dataset.dtype !== "float32") return;
  const { minimum, maximum } = dataset.range();
  if (minimum < 0 || maximum <= 1) return;
  throw new InvalidOptionError(
    "inputScaling",
    inputScaling,
    `"unit" by name for ${dataset.name}, whose float32 values reach ${maximum} where the preset "${preset}" expects ` +
      'pixels from 0 to 1. Make them from uint8 by ConvertImageDtype("float32"), or give inputScaling: "standard", ' +
      '{ mean, standardDeviation }, or "unit" to take them as they are',
  );
}

/** @throws InvalidOptionError for a scaling that takes finite values beyond float32 */
function checkScaled({ inputScaling }: ResolvedOptions, before: Dataset, after: Dataset): void {
  const [old, range] = [before.range(), after.range()];
  if (after === before || before.dtype === "uint8") return;
  if (range.nonFinite === old.nonFinite) {
    if (range.minimum !== 0 || range.maximum !== 0 || (old.minimum === 0 && old.maximum === 0)) return;
    throw new InvalidOptionError(
      "inputScaling",
      inputScaling,
      `one that leaves values of ${before.name} that are not 0`,
    );
  }
  const found = nonFiniteText(after.images as Float32Array, range, after.features);
  throw new InvalidOptionError(
    "inputScaling",
    inputScaling,
    `one that leaves the values of ${before.name} finite in float32; scaled, ${found}`,
  );
}

/** A scaling with its numbers, as recipes have it: `"standard"` by the moments, centered bytes by what they stand for. */
export function scalingNumbers<S extends InputScaling>(scaling: S, dataset: Dataset): Exclude<S, "standard"> | Numbers {
  const numbers = scaling === "standard" ? dataset.moments() : scaling === "unit" ? dataset.byteScale : undefined;
  if (!numbers) return scaling as Exclude<S, "standard">;
  return { mean: numbers.mean, standardDeviation: numbers.standardDeviation };
}

/** Numbers of the whole dataset, so that ranges of it are scaled alike. */
function resolveScaling(scaling: InputScaling, dataset: Dataset): "unit" | Numbers {
  if (scaling === "notebook") {
    if (dataset.dtype === "uint8" && !dataset.byteScale) return "unit";
    const found = dataset.byteScale ? "holds centered bytes" : "is float32";
    throw new InvalidOptionError("inputScaling", scaling, `"notebook" for uint8 examples; ${dataset.name} ${found}`);
  }
  const numbers = scalingNumbers(scaling, dataset);
  if (numbers === "unit") return numbers;
  if (numbers.standardDeviation > 0) return numbers;
  if (Number.isNaN(numbers.standardDeviation)) {
    throw new InvalidOptionError("inputScaling", scaling, `numbers, as ${dataset.name} holds NaN or infinity`);
  }
  throw new InvalidOptionError("inputScaling", scaling, `a deviation above 0; all values of ${dataset.name} are equal`);
}

/** The numbers of the examples that `exampleRange` and `classSubset` leave, rising; `undefined` for all. */
export function selection(
  { exampleRange, classSubset }: Pick<ResolvedOptions, "exampleRange" | "classSubset">,
  dataset: Dataset,
): Uint32Array | undefined {
  if (!exampleRange && !classSubset) return undefined;
  const [start, stop] = exampleRange ?? [0, dataset.length];
  if (stop > dataset.length) {
    throw new InvalidOptionError(
      "exampleRange",
      exampleRange,
      `within the ${dataset.length} examples of ${dataset.name}`,
    );
  }
  for (const label of classSubset ?? []) {
    if (label >= dataset.classes) {
      throw new InvalidOptionError(
        "classSubset",
        classSubset,
        `labels from 0 to ${dataset.classes - 1} of ${dataset.name}`,
      );
    }
  }
  const kept = new Set(classSubset ?? []);
  const missing = new Set(classSubset ?? []);
  const numbers: number[] = [];
  for (let i = start; i < stop; i++) {
    const label = dataset.targets[i] as number;
    if (classSubset && !kept.has(label)) continue;
    missing.delete(label);
    numbers.push(i);
  }
  if (missing.size === 0) return Uint32Array.from(numbers);
  throw new InvalidOptionError(
    "classSubset",
    classSubset,
    `labels that examples ${start} to ${stop - 1} of ${dataset.name} have; of ${[...missing].join(", ")} they have none`,
  );
}

function selected(options: ResolvedOptions, dataset: Dataset): Dataset {
  const numbers = selection(options, dataset);
  if (!numbers) return dataset;
  const { classSubset } = options;
  const { features, name, shape } = dataset;
  const images = dataset.images.slice(0, numbers.length * features);
  const targets = new Uint16Array(numbers.length);
  const place = Uint16Array.from({ length: dataset.classes }, (_, label) => classSubset?.indexOf(label) ?? label);
  numbers.forEach((from, to) => {
    images.set(dataset.images.subarray(from * features, (from + 1) * features), to * features);
    targets[to] = place[dataset.targets[from] as number] as number;
  });
  return Dataset.from({
    name,
    images,
    targets,
    shape,
    classes: classSubset?.length ?? dataset.classes,
    nonFinite: "allow",
    byteScale: dataset.byteScale,
  });
}

/** v > 0 becomes v - 1: see `InputScaling`. */
function truncated(dataset: Dataset): Dataset {
  const images = new Uint8Array(dataset.images.length);
  for (let i = 0; i < images.length; i++) images[i] = Math.max(0, (dataset.images[i] as number) - 1);
  return Dataset.from({ ...like(dataset), images });
}

function scaled(dataset: Dataset, numbers: Numbers | undefined): Dataset {
  if (!numbers) return dataset;
  const { mean, standardDeviation } = numbers;
  // A loop, as an array of MNIST's size takes seconds through a function for each value.
  const images = new Float32Array(dataset.images.length);
  for (let i = 0; i < images.length; i++) images[i] = ((dataset.images[i] as number) - mean) / standardDeviation;
  return Dataset.from({ ...like(dataset), images });
}

/** All of a dataset but its values, which were looked at before. */
function like({ name, targets, shape, classes }: Dataset) {
  return { name, targets, shape, classes, nonFinite: "allow" } as const;
}
