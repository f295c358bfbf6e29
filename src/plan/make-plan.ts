import { InvalidOptionError } from "../base/errors.js";
import { MAX_CLASSES, MAX_ITEMS } from "../base/limits.js";
import type { Dataset } from "../dataset/index.js";
import { scheduleOf } from "./curriculum.js";
import { checkMatrix, checkTorchMatrix } from "./limits.js";
import type { ResolvedOptions } from "./options.js";
import type { Plan } from "./plan.js";
import { toldChoices } from "./presets.js";
import { checkHalves, scaleOf } from "./scale.js";
import { checkTargetDtype, layoutFor } from "./set-layout.js";

/**
 * Options and the prepared examples (see prepare-examples.ts), put together.
 *
 * @throws InvalidOptionError when the two do not fit: more distinct examples asked for than there are, a deviation
 * with which all values are 0 or infinite.
 */
export function makePlan(options: ResolvedOptions, dataset: Dataset): Plan {
  const outFeatures = options.outFeatures ?? dataset.features;
  const { items, ...layout } = layoutFor({ ...options, outFeatures }, dataset.length, dataset.classes);
  const plan: Plan = {
    ...toldChoices(options),
    ...layout,
    seed: options.seed,
    taskOffset: options.taskOffset,
    taskCount: options.taskCount,
    itemCount: items,
    examples: dataset.length,
    features: dataset.features,
    exampleClasses: dataset.classes,
    exampleDtype: dataset.dtype,
    identityProjection: scheduleOf(options.identity.projection),
    identityPermutation: scheduleOf(options.identity.permutation),
    fixed: options.fixed && { ...options.fixed, share: scheduleOf(options.fixed.share) },
    ...scaleOf(options, dataset),
  };
  checkPlan(plan, dataset);
  checkHalves(options, plan, dataset);
  return plan;
}

/** @throws InvalidOptionError for a plan that the examples or the formats of results have no room for */
function checkPlan(plan: Plan, dataset: Dataset): void {
  const { mode, length, itemCount, outFeatures, features, episode, classes, specialTokens, examples } = plan;
  if (mode === "sequence" && !episode && !plan.replacement && length > examples) {
    throw new InvalidOptionError(
      "sequenceLength",
      length,
      `at most ${examples}, the examples of ${dataset.name}, as replacement is false`,
    );
  }
  if (!Number.isSafeInteger(itemCount * length)) {
    throw new InvalidOptionError("taskCount * samplesPerTask", itemCount, `at most 2 ** 53 positions in all`);
  }
  if (mode === "dataset" && examples > MAX_ITEMS) {
    throw new InvalidOptionError("dataset.length", examples, `at most ${MAX_ITEMS}`);
  }
  checkMatrix(outFeatures, features);
  if (plan.generator === "torch") checkTorchMatrix(outFeatures, features);
  if (episode) checkEpisode(episode, dataset);
  // A hidden label among integers is one value more.
  const most = plan.labelFormat === "integer" ? MAX_CLASSES - 1 : MAX_CLASSES;
  if (classes + specialTokens > most) {
    throw new InvalidOptionError("specialTokens", specialTokens, `at most ${most - classes} with ${classes} classes`);
  }
  checkTargetDtype(plan);
}

function checkEpisode(
  { ways, shots, queries }: { ways: number; shots: number; queries: number },
  dataset: Dataset,
): void {
  if (ways > dataset.classes) {
    throw new InvalidOptionError("episode.ways", ways, `at most ${dataset.classes}, the classes of ${dataset.name}`);
  }
  const counts = new Uint32Array(dataset.classes);
  for (const target of dataset.targets) counts[target] = (counts[target] as number) + 1;
  const fewest = counts.indexOf(counts.reduce((a, b) => Math.min(a, b)));
  if (shots + queries > (counts[fewest] as number)) {
    throw new InvalidOptionError(
      "episode.shots + episode.queries",
      shots + queries,
      `at most ${counts[fewest]}, the examples of class ${fewest} of ${dataset.name}; leave it out with classSubset`,
    );
  }
}
