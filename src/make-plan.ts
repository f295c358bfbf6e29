import type { Plan } from "./backend/plan.js";
import type { Dataset } from "./dataset/index.js";
import { InvalidOptionError } from "./errors.js";
import { checkMatrix, type ResolvedOptions } from "./options.js";
import { resolveStandardDeviation } from "./presets.js";
import { MAX_ITEMS } from "./schemas.js";

/**
 * Options and a dataset, put together.
 *
 * @throws InvalidOptionError when the two do not fit: more distinct examples asked for than there are, a deviation of 0.
 */
export function makePlan(options: ResolvedOptions, dataset: Dataset): Plan {
  const { drawSequence, samples, taskCount, samplesPerTask } = options;
  const mode = drawSequence ? "sequence" : samples === undefined ? "dataset" : "samples";
  const length = drawSequence ? options.sequenceLength : 1;
  if (drawSequence && !options.replacement && length > dataset.length) {
    throw new InvalidOptionError(
      "sequenceLength",
      length,
      `at most ${dataset.length}, the examples of ${dataset.name}, as replacement is false`,
    );
  }
  const itemsPerTask = { sequence: samplesPerTask, dataset: dataset.length, samples: 0 }[mode];
  const itemCount = samples ?? taskCount * itemsPerTask;
  if (!Number.isSafeInteger(itemCount * length)) {
    throw new InvalidOptionError("taskCount * samplesPerTask", itemCount, `at most 2 ** 53 positions in all`);
  }
  if (mode === "dataset" && dataset.length > MAX_ITEMS) {
    throw new InvalidOptionError("dataset.length", dataset.length, `at most ${MAX_ITEMS}`);
  }
  const outFeatures = options.outFeatures ?? dataset.features;
  checkMatrix(outFeatures, dataset.features);
  return {
    seed: options.seed,
    mode,
    taskOffset: options.taskOffset,
    taskCount,
    itemsPerTask,
    itemCount,
    length,
    replacement: options.replacement,
    examples: dataset.length,
    features: dataset.features,
    outFeatures,
    classes: dataset.classes,
    exampleDtype: dataset.dtype,
    identityProjection: options.identity.projection,
    identityPermutation: options.identity.permutation,
    ...scaling(options, dataset),
    dtype: options.dtype,
  };
}

/**
 * What turns sums into values, for deviates in units of 1/4096 (for an identity matrix, of 1). For uint8 the mean is
 * taken off as a whole grey level, so that sums stay integers and every backend has the same ones.
 */
function scaling(options: ResolvedOptions, dataset: Dataset): { offset: number; scale: number } {
  const { identity, inputScaling } = options;
  const sigma = identity.projection ? 1 : resolveStandardDeviation(options.standardDeviation, dataset.features);
  const unit = identity.projection ? 1 : 4096;
  const bytes = dataset.dtype === "uint8";
  if (inputScaling === "unit") return { offset: 0, scale: Math.fround(sigma / (unit * (bytes ? 255 : 1))) };
  const { mean, standardDeviation } = inputScaling === "standard" ? dataset.moments() : inputScaling;
  if (!(standardDeviation > 0)) {
    throw new InvalidOptionError(
      "inputScaling",
      inputScaling,
      `a deviation above 0; all values of ${dataset.name} are equal`,
    );
  }
  // float32 examples are standardised before they reach a backend: see standardised().
  if (!bytes) return { offset: 0, scale: Math.fround(sigma / unit) };
  return { offset: Math.round(mean), scale: Math.fround(sigma / (unit * standardDeviation)) };
}
