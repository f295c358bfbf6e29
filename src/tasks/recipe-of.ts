import { InvalidOptionError } from "../base/errors.js";
import type { Dataset } from "../dataset/index.js";
import type { Share } from "../plan/curriculum.js";
import { resolveStandardDeviation } from "../plan/presets.js";
import type { Recipe } from "../plan/recipe.js";
import { RECIPE_VERSION } from "../plan/recipe.js";
import type { TaskAugmentor } from "./augmentor.js";

/**
 * The recipe of a task set.
 *
 * @throws InvalidOptionError for `outputScaling: "batch"`, with which tasks do not follow from seed and index alone.
 */
export async function recipeOf(tasks: TaskAugmentor, dataset: Dataset): Promise<Recipe> {
  const { options } = tasks;
  const { drawSequence, samples, inputScaling, outputScaling, identity } = options;
  if (outputScaling === "batch") {
    throw new InvalidOptionError("outputScaling", outputScaling, '"none", "example", "set" or "notebook" in a recipe');
  }
  const moments = inputScaling === "standard" ? dataset.moments() : inputScaling;
  return {
    format: "taskloom-recipe",
    version: RECIPE_VERSION,
    stream: 1,
    generator: options.generator,
    preset: options.preset,
    seed: String(options.seed),
    taskOffset: options.taskOffset,
    taskCount: options.taskCount,
    drawSequence,
    ...(drawSequence
      ? { sequenceLength: options.sequenceLength, samplesPerTask: options.samplesPerTask }
      : samples === undefined
        ? {}
        : { samples }),
    replacement: options.replacement,
    identity: { projection: simplest(identity.projection), permutation: simplest(identity.permutation) },
    fixed: options.fixed,
    tasksPerStep: options.tasksPerStep,
    labelLayout: options.labelLayout,
    labelFormat: options.labelFormat,
    specialTokens: options.specialTokens,
    startToken: options.startToken,
    exampleRange: options.exampleRange,
    classSubset: options.classSubset,
    episode: options.episode,
    examples: tasks.plan(dataset).examples,
    outputScaling,
    outFeatures: options.outFeatures ?? dataset.features,
    standardDeviation: resolveStandardDeviation(options.standardDeviation, dataset.features),
    inputScaling:
      typeof moments === "string" ? moments : { mean: moments.mean, standardDeviation: moments.standardDeviation },
    dtype: options.dtype,
    dataset: {
      name: dataset.name,
      shape: [dataset.length, ...dataset.shape],
      dtype: dataset.dtype,
      classes: dataset.classes,
      digest: await dataset.digest(),
    },
  };
}

export function simplest(share: Share): boolean | Share {
  return share === 0 ? false : share === 1 ? true : share;
}
