import { InvalidOptionError } from "../base/errors.js";
import { Dataset } from "../dataset/index.js";
import type { InputScaling } from "./choices.js";
import type { ResolvedOptions } from "./options.js";

type Numbers = { readonly mean: number; readonly standardDeviation: number };

/** What a task set makes of a dataset before anything is drawn. */
export interface Prepared {
  /** The examples as backends take them. */
  readonly examples: Dataset;
  /** What is left to be done to them in the product; nothing (`"unit"`) for float32. */
  readonly inputScaling: "unit" | Numbers;
}

/**
 * The examples that sequences are drawn out of, with their labels in the task set, as backends take them. uint8 examples
 * stay bytes, a backend subtracts from them itself; but for the torch generator, whose product is one of float32, they
 * are scaled here, as float32 ones are: `f32((x - mean) / deviation)`, so that no precision is lost in sums.
 *
 * @throws InvalidOptionError for a selection without examples, a deviation of 0, or a scaling that is for bytes only
 */
export function prepareExamples(options: ResolvedOptions, dataset: Dataset): Prepared {
  const scaling = resolveScaling(options.inputScaling, dataset);
  const chosen = selected(options, dataset);
  const bytes = options.inputScaling === "notebook" ? truncated(chosen) : chosen;
  if (bytes.dtype === "uint8" && options.generator !== "torch") return { examples: bytes, inputScaling: scaling };
  const unit = bytes.dtype === "uint8" ? { mean: 0, standardDeviation: 255 } : undefined;
  return { examples: scaled(bytes, scaling === "unit" ? unit : scaling), inputScaling: "unit" };
}

/** Numbers of the whole dataset, so that ranges of it are scaled alike. */
function resolveScaling(scaling: InputScaling, dataset: Dataset): "unit" | Numbers {
  if (scaling === "unit") return scaling;
  if (scaling === "notebook") {
    if (dataset.dtype === "uint8") return "unit";
    throw new InvalidOptionError("inputScaling", scaling, `"notebook" for uint8 examples; ${dataset.name} is float32`);
  }
  const numbers = scaling === "standard" ? dataset.moments() : scaling;
  if (numbers.standardDeviation > 0) return numbers;
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
  const numbers: number[] = [];
  for (let i = start; i < stop; i++) {
    if (!classSubset || kept.has(dataset.targets[i] as number)) numbers.push(i);
  }
  if (numbers.length > 0) return Uint32Array.from(numbers);
  throw new InvalidOptionError(
    "classSubset",
    classSubset,
    `labels that examples ${start} to ${stop - 1} have; they have none`,
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
  return Dataset.from({ name, images, targets, shape, classes: classSubset?.length ?? dataset.classes });
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

function like({ name, targets, shape, classes }: Dataset) {
  return { name, targets, shape, classes };
}
