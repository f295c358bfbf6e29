import * as v from "valibot";
import { MAX_CLASSES, MAX_TASKS } from "../base/limits.js";
import { boolean, finite, integer, oneOf, plainObject, positive, share } from "./schema-parts.js";

/** The schemas of the choices of a task set: see `TaskChoices`. */

export const standardDeviation = v.union(
  [positive("a positive number"), v.picklist(["1/n", "1/sqrt(n)"])],
  'a positive number, "1/n" or "1/sqrt(n)"',
);

const INPUT_SCALING = '"unit", "notebook", "standard" or { mean, standardDeviation } with a positive deviation';
/** The two numbers of an input scaling. */
export const numbers = v.strictObject({ mean: finite, standardDeviation: positive("positive") });

const identity = v.union(
  [
    v.pipe(
      share,
      v.transform((both) => ({ projection: both, permutation: both })),
    ),
    v.pipe(plainObject, v.strictObject({ projection: v.optional(share, 0), permutation: v.optional(share, 0) })),
  ],
  "true, false, a share of tasks from 0 to 1, a schedule [[step, share], ...], or { projection?, permutation? } of these",
);

/** The words for `Fixed`. */
export const FIXED = "null or { share, permutation?, projection?, task?, pool? }";

/** The fields of `Fixed` without the share, which options and recipes write differently. */
export const fixedFields = {
  permutation: v.optional(boolean, true),
  projection: v.optional(boolean, false),
  task: v.optional(
    v.union([v.literal("step"), integer(0, MAX_TASKS - 1)], 'an integer from 0 to 2 ** 32 - 1, or "step"'),
    0,
  ),
  pool: v.optional(integer(1, MAX_TASKS - 1), 1),
};

/** The fields of `Episode`. */
export const episodeFields = {
  ways: integer(1, MAX_CLASSES),
  shots: integer(1, 2 ** 20),
  queries: v.optional(integer(0, 2 ** 20), 1),
  relabel: v.optional(boolean, true),
};

/** The former value "batch" made results depend on how batches were cut; its error names the function that replaces it. */
const outputScaling = v.picklist(["none", "example", "set", "notebook"], ({ input }) => {
  const names = '"none", "example", "set" or "notebook"';
  return input === "batch" ? `${names}; for a batch by itself, call standardizeBatch(batch)` : names;
});

/** The choices that options and recipes write alike. */
export const plainChoices = {
  generator: oneOf(["chacha8", "torch"]),
  replacement: boolean,
};

/** Those of them that the first recipes did not have, in the order in which recipes are written. */
export const laterChoices = {
  tasksPerStep: integer(1, MAX_TASKS),
  labelLayout: oneOf(["shifted", "query-last", "none"]),
  labelFormat: oneOf(["one-hot", "integer"]),
  specialTokens: integer(0, MAX_CLASSES - 1),
  startToken: v.nullable(integer(0, MAX_CLASSES - 2)),
  /** May be the wrong way round: a JSON Schema cannot say that start is below stop. */
  exampleRange: v.nullable(
    v.strictTuple([integer(0, 2 ** 32 - 1), integer(1, 2 ** 32)], "[start, stop], the last exclusive"),
  ),
  classSubset: v.nullable(
    v.pipe(
      v.array(integer(0, MAX_CLASSES - 1), "a list of labels"),
      v.minLength(1, "a list of at least one label"),
      v.check((labels) => new Set(labels).size === labels.length, "a list of different labels"),
    ),
  ),
  episode: v.nullable(v.strictObject(episodeFields, "null or { ways, shots, queries?, relabel? }")),
};

/** All choices as options give them. */
export const choices = {
  ...plainChoices,
  ...laterChoices,
  standardDeviation,
  inputScaling: v.union([v.picklist(["unit", "notebook", "standard"]), numbers], INPUT_SCALING),
  outputScaling,
  identity,
  fixed: v.nullable(v.strictObject({ share, ...fixedFields }, FIXED)),
  exampleRange: v.pipe(
    laterChoices.exampleRange,
    v.check((range) => range === null || range[0] < range[1], "[start, stop] with start below stop"),
  ),
};
