import * as v from "valibot";
import { describe, RecipeError } from "../base/errors.js";
import type { FloatDtype } from "../base/tensor.js";
import type { Fixed, Share } from "./curriculum.js";
import type { TaskAugmentorOptions } from "./options.js";
import type { Episode, Generator, LabelFormat, LabelLayout, OutputScaling, PresetName } from "./presets.js";
import { recipeFields } from "./schemas.js";

/** The newest recipe this version reads and the one it writes. */
export const RECIPE_VERSION = 1;

/**
 * Everything a task set follows from, but for the dataset itself, which it names by its digest: small enough to keep
 * with any result, and complete, as all defaults and preset fields are written out.
 */
export interface Recipe {
  readonly format: "taskloom-recipe";
  readonly version: 1;
  /** The definition of the random numbers: stream v1. */
  readonly stream: 1;
  readonly generator: Generator;
  /** Where the fields below came from; they are written out all the same. */
  readonly preset: PresetName;
  /** Decimal, as JSON numbers do not hold 64 bits. */
  readonly seed: string;
  readonly taskOffset: number;
  readonly taskCount: number;
  readonly drawSequence: boolean;
  readonly sequenceLength?: number | undefined;
  readonly samplesPerTask?: number | undefined;
  readonly samples?: number | undefined;
  readonly replacement: boolean;
  /** Shares of tasks; all and none are booleans. */
  readonly identity: { readonly projection: boolean | Share; readonly permutation: boolean | Share };
  readonly fixed: Required<Fixed> | null;
  readonly tasksPerStep: number;
  readonly labelLayout: LabelLayout;
  readonly labelFormat: LabelFormat;
  readonly specialTokens: number;
  readonly startToken: number | null;
  readonly exampleRange: readonly [start: number, stop: number] | null;
  readonly classSubset: readonly number[] | null;
  readonly episode: Required<Episode> | null;
  /** Examples that sequences are drawn out of, or that each task has: all, or those of the selection. */
  readonly examples?: number | undefined;
  readonly outputScaling: OutputScaling;
  readonly outFeatures: number;
  readonly standardDeviation: number;
  readonly inputScaling: "unit" | "notebook" | { readonly mean: number; readonly standardDeviation: number };
  readonly dtype: FloatDtype;
  readonly dataset: {
    readonly name: string;
    /** `[N, ...shape of one example]`. */
    readonly shape: readonly number[];
    readonly dtype: "uint8" | "float32";
    readonly classes: number;
    /** `Dataset.digest()`. */
    readonly digest: string;
  };
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const schema: v.GenericSchema<unknown, Recipe> = v.strictObject({
  format: v.literal("taskloom-recipe"),
  version: v.literal(RECIPE_VERSION),
  stream: v.literal(1),
  seed: v.pipe(v.string(), v.regex(/^(0|[1-9]\d{0,19})$/)),
  ...recipeFields,
  dataset: v.strictObject({
    name: v.string(),
    shape: v.array(count),
    dtype: v.picklist(["uint8", "float32"]),
    classes: count,
    digest: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  }),
});

/** Values that the labels of a recipe's results can have: its classes, and the special tokens below them. */
export function labelValuesOf({ episode, classSubset, dataset, specialTokens }: Recipe): number {
  const classes = episode?.relabel ? episode.ways : (classSubset?.length ?? dataset.classes);
  return classes + specialTokens;
}

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
 * Reads a recipe.
 *
 * @param source what error messages call it
 * @throws RecipeError when the text is no recipe, has fields this version does not know, or is of a newer version
 */
export function parseRecipe(text: string, source = "recipe"): Recipe {
  let value: unknown;
  try {
    value = JSON.parse(text);
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
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (!result.success) {
    const [issue] = result.issues;
    throw new RecipeError(source, `field "${v.getDotPath(issue) ?? ""}" is wrong: ${issue.message}`);
  }
  return result.output;
}
