import * as v from "valibot";
import { describe, InvalidOptionError, RecipeError } from "../base/errors.js";
import { parseNested } from "../base/json.js";
import type { DType } from "../dataset/index.js";
import type { OutputScaling, SettledChoices, TaskChoices, TaskSetSize } from "./choices.js";
import type { Share } from "./curriculum.js";
import type { TaskAugmentorOptions } from "./options.js";
import type { PresetName } from "./presets.js";
import { RECIPE_VERSION, recipeSchema } from "./recipe-schema.js";

/**
 * Everything that a task set follows from except the dataset itself, which it names by its digest: small enough to keep
 * with any result, and complete, as all defaults and choices of the preset are written out. docs/recipe.md describes every
 * field, and `taskloom/recipe.schema.json` is a JSON Schema of it.
 */
export interface Recipe extends TaskSetSize, Omit<SettledChoices, keyof RecipeChoices>, RecipeChoices {
  /** The name of the format. */
  readonly format: "taskloom-recipe";
  /** The version of the format. */
  readonly version: 1;
  /** The definition of the random numbers: stream v1. */
  readonly stream: 1;
  /** The preset that the choices came from. All choices are still written out. */
  readonly preset: PresetName;
  /** Decimal, as JSON numbers do not hold 64 bits. */
  readonly seed: string;
  /** Examples that sequences are drawn out of, or that each task has: all, or those of the selection. */
  readonly examples?: number | undefined;
  /** Values of a projected example, 1..2^20. */
  readonly outFeatures: number;
  /** The dataset that the tasks are woven from. */
  readonly dataset: {
    /** The name of the dataset. Numbers do not depend on it. */
    readonly name: string;
    /** `[N, ...shape of one example]`. */
    readonly shape: readonly number[];
    /** The type of its values. */
    readonly dtype: DType;
    /** The value of one step, a float32: for int16, and for quantized uint8. */
    readonly scale?: number | undefined;
    /** 1..65536. */
    readonly classes: number;
    /** The label that each class was called by in the data, where `classes: "compact"` renumbered them. */
    readonly originalLabels?: readonly number[] | undefined;
    /** The name of the dataset whose mean image was taken off by `Center`; undefined where none was. */
    readonly centeredOn?: string | undefined;
    /** `Dataset.digest()`. */
    readonly digest: string;
  };
}

/** The choices that a recipe writes in a way of its own: rules are replaced by the numbers that they gave. */
export interface RecipeChoices {
  /** Shares of tasks; all and none are booleans. */
  readonly identity: {
    /** The tasks that leave inputs unprojected. */
    readonly projection: boolean | Share;
    /** The tasks that leave labels unpermuted. */
    readonly permutation: boolean | Share;
  };
  /** The standardization of results. */
  readonly outputScaling: OutputScaling;
  /** The standard deviation of the matrix entries as a number, above 0. */
  readonly standardDeviation: number;
  /** The scaling of examples before the product. `"standard"` is written as its two numbers. */
  readonly inputScaling: Exclude<TaskChoices["inputScaling"], "standard">;
}

/** The fields of a recipe, in the order in which they are written. */
export const RECIPE_FIELDS = Object.keys(
  recipeSchema.entries satisfies Record<keyof Recipe, v.GenericSchema>,
) as (keyof Recipe)[];

/** The options of the augmentor that makes a recipe's task set. */
export function optionsOf(recipe: Recipe): TaskAugmentorOptions {
  const { seed, preset, sequenceLength, samplesPerTask, samples, ...same } = recipe;
  const { format: _f, version: _v, stream: _s, dataset: _d, examples: _e, ...options } = same;
  return {
    ...options,
    seed: BigInt(seed),
    preset,
    ...(sequenceLength === undefined ? {} : { sequenceLength }),
    ...(samplesPerTask === undefined ? {} : { samplesPerTask }),
    ...(samples === undefined ? {} : { samples }),
  };
}

/**
 * Reads a recipe. Rules between fields are checked when the recipe is opened: see docs/recipe.md.
 *
 * @param source the name of the recipe in error messages
 * @throws RecipeError when the text is no recipe, has fields this version does not know, or is of a newer version
 */
export function parseRecipe(text: string, source = "recipe"): Recipe {
  if (typeof text !== "string") {
    throw new InvalidOptionError("text", text, "the JSON text of a recipe; JSON.stringify() makes it of an object");
  }
  if (typeof source !== "string") throw new InvalidOptionError("source", source, "text");
  let value: unknown;
  try {
    value = parseNested(text);
  } catch (cause) {
    throw new RecipeError(source, `not JSON: ${(cause as Error).message}`, { cause });
  }
  const { format, version } = (value ?? {}) as { format?: unknown; version?: unknown };
  if (format !== "taskloom-recipe") {
    throw new RecipeError(source, `not a recipe: "format" is ${describe(format)}, not "taskloom-recipe"`);
  }
  if (version !== RECIPE_VERSION) {
    throw new RecipeError(
      source,
      `recipe version ${describe(version)}; this version of taskloom reads version ${RECIPE_VERSION}`,
    );
  }
  const result = v.safeParse(recipeSchema, value, { abortEarly: true });
  if (!result.success) {
    const [issue] = result.issues;
    const field = `field "${v.getDotPath(issue) ?? ""}"`;
    const keys = issue.type === "strict_object";
    if (keys && issue.expected === "never") throw new RecipeError(source, `${field} is unknown to this version`);
    if (keys && issue.received === "undefined") throw new RecipeError(source, `${field} is missing`);
    const given = describe(issue.path?.at(-1)?.value);
    throw new RecipeError(source, `${field} is ${given}; allowed: ${issue.message}`);
  }
  return result.output;
}
