import * as v from "valibot";
import { MAX_CLASSES, MAX_FEATURES, MAX_ITEMS, MAX_LENGTH, MAX_TASKS } from "../base/limits.js";
import { FIXED, fixedFields, laterChoices, numbers, plainChoices } from "./choice-schemas.js";
import type { TaskChoices } from "./choices.js";
import { PRESETS, type PresetName } from "./presets.js";
import { boolean, integer, oneOf, part, points, positive, SHARE } from "./schema-parts.js";

/**
 * The schema of recipes. `recipe.schema.json`, for other languages, is made from it by scripts/make-recipe-schema.mjs, so it
 * has only rules that a JSON Schema can state: those between fields are checked when a recipe is opened. Its fields are in
 * the order in which recipes are written.
 */

/** The newest recipe that this version reads, and the one that it writes. */
export const RECIPE_VERSION = 1;

/** The decimal digits of the integers 0..most. */
function decimal(most: bigint): RegExp {
  const digits = String(most);
  const below = [...digits].flatMap((digit, i) => {
    const [low, high] = [i === 0 ? 1 : 0, Number(digit) - 1];
    const rest = digits.length - i - 1;
    return low > high ? [] : [`${digits.slice(0, i)}[${low}-${high}][0-9]{${rest}}`];
  });
  return new RegExp(`^(0|[1-9][0-9]{0,${digits.length - 2}}|${[...below, digits].join("|")})$`);
}

const SEED = "the decimal digits of an integer from 0 to 2 ** 64 - 1, as text";
/** A seed as text, as JSON numbers do not hold 64 bits. */
export const seedText = v.pipe(v.string(SEED), v.regex(decimal(2n ** 64n - 1n), SEED));

const DIGEST = "64 hexadecimal digits in lower case";
const digest = v.pipe(v.string(DIGEST), v.regex(/^[0-9a-f]{64}$/, DIGEST));

/** A share as it was given: true and false are 1 and 0. */
const recipeShare = v.union([boolean, part, points], SHARE);
/** The share of fixed tasks, which recipes write as a number. */
const fixedShare = v.union([v.pipe(boolean, v.transform(Number)), part, points], SHARE);

/** Schemas of choices that may be left out, for the value that all presets have. */
function withDefaults<E extends Readonly<Record<string, v.GenericSchema>>>(entries: E) {
  const optional = Object.entries(entries).map(([name, schema]) => [
    name,
    v.optional(schema, PRESETS.notebook[name as keyof TaskChoices] as never),
  ]);
  return Object.fromEntries(optional) as { [Name in keyof E]: v.OptionalSchema<E[Name], v.InferInput<E[Name]> & null> };
}

const SHAPE = "the number of examples, then the shape of one";
const LABELS = "a list of different integers, one for each class";

/** The fields of a recipe. Those that the first recipes did not have may be left out, for their defaults. */
export const recipeSchema = v.strictObject({
  format: v.literal("taskloom-recipe", '"taskloom-recipe"'),
  version: v.literal(RECIPE_VERSION, String(RECIPE_VERSION)),
  stream: v.literal(1, "1"),
  generator: plainChoices.generator,
  preset: oneOf(Object.keys(PRESETS) as PresetName[]),
  seed: seedText,
  taskOffset: integer(0, MAX_TASKS - 1),
  taskCount: integer(1, MAX_TASKS),
  drawSequence: boolean,
  sequenceLength: v.optional(integer(1, MAX_LENGTH)),
  samplesPerTask: v.optional(integer(1, MAX_ITEMS)),
  samples: v.optional(integer(1, MAX_ITEMS)),
  replacement: plainChoices.replacement,
  identity: v.strictObject({ projection: recipeShare, permutation: recipeShare }, "{ projection, permutation }"),
  fixed: v.optional(v.nullable(v.strictObject({ share: fixedShare, ...fixedFields }, FIXED)), null),
  ...withDefaults(laterChoices),
  examples: v.optional(integer(1, MAX_ITEMS)),
  outputScaling: v.optional(oneOf(["none", "example", "set", "notebook"]), "none"),
  outFeatures: integer(1, MAX_FEATURES),
  standardDeviation: positive("a positive number"),
  inputScaling: v.union(
    [v.picklist(["unit", "notebook"]), numbers],
    '"unit", "notebook" or { mean, standardDeviation } with a positive deviation',
  ),
  dtype: oneOf(["float32", "float16"]),
  dataset: v.strictObject(
    {
      name: v.string("text"),
      shape: v.pipe(v.array(integer(1, MAX_ITEMS), SHAPE), v.minLength(2, SHAPE)),
      dtype: oneOf(["uint8", "float32"]),
      classes: integer(1, MAX_CLASSES),
      originalLabels: v.optional(
        v.pipe(
          v.array(integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER), LABELS),
          v.minLength(1, LABELS),
          v.maxLength(MAX_CLASSES, LABELS),
          v.check((labels) => new Set(labels).size === labels.length, LABELS),
        ),
      ),
      centeredOn: v.optional(v.string("text")),
      digest,
    },
    "{ name, shape, dtype, classes, originalLabels?, centeredOn?, digest }",
  ),
});
