import { InvalidOptionError } from "../base/errors.js";
import type { TargetDtype } from "../base/tensor.js";
import { checkDataset } from "../dataset/check-dataset.js";
import type { Dataset } from "../dataset/index.js";
import type { Share } from "../plan/curriculum.js";
import { scalingNumbers } from "../plan/prepare-examples.js";
import { choicesOf, resolveStandardDeviation } from "../plan/presets.js";
import { RECIPE_FIELDS, type Recipe } from "../plan/recipe.js";
import { RECIPE_VERSION } from "../plan/recipe-schema.js";
import { TaskAugmentor } from "./augmentor.js";

/**
 * The recipe of a task set.
 *
 * @throws InvalidOptionError for anything but an augmentor and a dataset that fit each other
 */
export async function recipeOf(tasks: TaskAugmentor<TargetDtype>, dataset: Dataset): Promise<Recipe> {
  if (!(tasks instanceof TaskAugmentor)) throw new InvalidOptionError("tasks", tasks, "a TaskAugmentor");
  checkDataset(dataset);
  const { options } = tasks;
  const { drawSequence, identity, outputScaling, sequenceLength, samplesPerTask, samples } = options;
  const { centeredOn } = dataset;
  const size = drawSequence ? { sequenceLength, samplesPerTask } : samples === undefined ? {} : { samples };
  const recipe: Recipe = {
    ...choicesOf(options),
    ...size,
    format: "taskloom-recipe",
    version: RECIPE_VERSION,
    stream: 1,
    preset: options.preset,
    seed: String(options.seed),
    taskOffset: options.taskOffset,
    taskCount: options.taskCount,
    drawSequence,
    identity: { projection: simplest(identity.projection), permutation: simplest(identity.permutation) },
    examples: tasks.plan(dataset).examples,
    outputScaling,
    outFeatures: options.outFeatures ?? dataset.features,
    standardDeviation: resolveStandardDeviation(options.standardDeviation, dataset.features),
    inputScaling: scalingNumbers(options.inputScaling, dataset),
    dtype: options.dtype,
    dataset: {
      name: dataset.name,
      shape: [dataset.length, ...dataset.shape],
      dtype: dataset.dtype,
      ...(dataset.scale === undefined ? {} : { scale: dataset.scale }),
      classes: dataset.classes,
      ...(dataset.originalLabels ? { originalLabels: dataset.originalLabels } : {}),
      ...(centeredOn === undefined ? {} : { centeredOn }),
      digest: await dataset.digest(),
    },
  };
  const written = RECIPE_FIELDS.filter((field) => field in recipe).map((field) => [field, recipe[field]]);
  return Object.fromEntries(written) as Recipe;
}

/** A share as recipes write it: all and none are booleans. */
function simplest(share: Share): boolean | Share {
  return share === 0 ? false : share === 1 ? true : share;
}
