import * as v from "valibot";
import { InvalidOptionError } from "../base/errors.js";
import { MAX_ITEMS, MAX_TASKS } from "../base/limits.js";
import type { WorkerLike } from "../base/worker-like.js";
import { type Generator, PRESETS, type PresetName } from "./presets.js";

/**
 * What options may be. Kept apart from the options' types, which are written by hand: the schema library is built into
 * the bundles, and its types must not show in the package's.
 */

const MAX_SEED = 2n ** 64n - 1n;
/** Wider data does not fit elsewhere; a matrix has a bound of its own, see checkMatrix. */
const MAX_FEATURES = 2 ** 20;

function integer(low: number, high: number) {
  const words = `an integer from ${low} to ${high}`;
  return v.pipe(v.number(words), v.safeInteger(words), v.minValue(low, words), v.maxValue(high, words));
}

function positive(words: string) {
  return v.pipe(v.number(words), v.finite(words), v.gtValue(0, words));
}

function oneOf<const T extends readonly string[]>(names: T) {
  return v.picklist(names, names.map((name) => JSON.stringify(name)).join(" or "));
}

const boolean = v.boolean("true or false");

const seed = v.union(
  [
    v.pipe(
      v.number(),
      v.safeInteger(),
      v.minValue(0),
      v.transform((value) => BigInt(value)),
    ),
    v.pipe(v.bigint(), v.minValue(0n), v.maxValue(MAX_SEED)),
  ],
  "a bigint from 0n to 2n ** 64n - 1n, or an integer from 0 to 2 ** 53 - 1",
);

const standardDeviation = v.union(
  [positive("a positive number"), v.picklist(["1/n", "1/sqrt(n)"])],
  'a positive number, "1/n" or "1/sqrt(n)"',
);

const inputScaling = v.union(
  [
    v.picklist(["unit", "notebook", "standard"]),
    v.strictObject({ mean: v.pipe(v.number(), v.finite()), standardDeviation: positive("positive") }),
  ],
  '"unit", "notebook", "standard" or { mean, standardDeviation } with a positive deviation',
);

/** The former value "batch" made results depend on how batches were cut; its error names the function that replaces it. */
const outputScaling = v.picklist(["none", "example", "set", "notebook"], ({ input }) => {
  const names = '"none", "example", "set" or "notebook"';
  return input === "batch" ? `${names}; for a batch by itself, call standardizeBatch(batch)` : names;
});

const share = v.union(
  [
    v.pipe(
      v.boolean(),
      v.transform((all) => (all ? 1 : 0)),
    ),
    v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
    v.pipe(
      v.array(
        v.strictTuple([
          v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
          v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
        ]),
      ),
      v.minLength(1),
      v.check((points) => points.every(([step], i) => i === 0 || step > (points[i - 1]?.[0] ?? 0))),
    ),
  ],
  "true, false, a number from 0 to 1, or [[step, share], ...] with rising steps",
);

const identity = v.union(
  [
    v.pipe(
      share,
      v.transform((both) => ({ projection: both, permutation: both })),
    ),
    v.strictObject({ projection: v.optional(share, 0), permutation: v.optional(share, 0) }),
  ],
  "true, false, a share of tasks from 0 to 1, a schedule [[step, share], ...], or { projection?, permutation? } of these",
);

const fixed = v.strictObject(
  {
    share,
    permutation: v.optional(boolean, true),
    projection: v.optional(boolean, false),
    task: v.optional(
      v.union([v.literal("step"), integer(0, MAX_TASKS - 1)], 'an integer from 0 to 2 ** 32 - 1, or "step"'),
      0,
    ),
    pool: v.optional(integer(1, MAX_TASKS - 1), 1),
  },
  "null or { share, permutation?, projection?, task?, pool? }",
);

const range = v.pipe(
  v.strictTuple([integer(0, 2 ** 32 - 1), integer(1, 2 ** 32)], "[start, stop], the last exclusive"),
  v.check(([start, stop]) => start < stop, "[start, stop] with start below stop"),
);

const classSubset = v.pipe(
  v.array(integer(0, 65535), "a list of labels"),
  v.minLength(1, "a list of at least one label"),
  v.check((labels) => new Set(labels).size === labels.length, "a list of different labels"),
);

const episode = v.strictObject(
  {
    ways: integer(1, 65536),
    shots: integer(1, 2 ** 20),
    queries: v.optional(integer(0, 2 ** 20), 1),
    relabel: v.optional(boolean, true),
  },
  "null or { ways, shots, queries?, relabel? }",
);

const names = Object.keys(PRESETS) as PresetName[];

/** What is chosen besides the numbers of tasks and sequences. Absent ones have the preset's value. */
const choices = {
  generator: oneOf(["chacha8", "torch"]),
  standardDeviation,
  inputScaling,
  outputScaling,
  replacement: boolean,
  identity,
  fixed: v.nullable(fixed),
  tasksPerStep: integer(1, MAX_TASKS),
  labelLayout: oneOf(["shifted", "query-last", "none"]),
  labelFormat: oneOf(["one-hot", "integer"]),
  specialTokens: integer(0, 65535),
  startToken: v.nullable(integer(0, 65534)),
  exampleRange: v.nullable(range),
  classSubset: v.nullable(classSubset),
  episode: v.nullable(episode),
};

/** The fields that say which numbers come out. */
const taskSetFields = {
  taskCount: v.optional(integer(1, MAX_TASKS), 1),
  taskOffset: v.optional(integer(0, MAX_TASKS - 1), 0),
  seed: v.optional(seed, 0),
  preset: v.optional(oneOf(names), "notebook"),
  drawSequence: v.optional(boolean, true),
  sequenceLength: v.optional(integer(1, 2 ** 31 - 1)),
  samplesPerTask: v.optional(integer(1, MAX_ITEMS), 1),
  samples: v.optional(integer(1, MAX_ITEMS)),
  outFeatures: v.optional(integer(1, MAX_FEATURES)),
  ...v.partial(v.object(choices)).entries,
  dtype: v.optional(oneOf(["float32", "float16"]), "float32"),
};

/** What a share looks like in a recipe: as it was given. */
const recipeShare = v.union([boolean, v.number(), v.array(v.strictTuple([v.number(), v.number()]))]);

/** The same fields in a recipe. Those that were not there in the first ones may be left out, for their defaults. */
export const recipeFields = {
  preset: oneOf(names),
  taskCount: integer(1, MAX_TASKS),
  taskOffset: integer(0, MAX_TASKS - 1),
  drawSequence: boolean,
  sequenceLength: taskSetFields.sequenceLength,
  samplesPerTask: v.optional(integer(1, MAX_ITEMS)),
  samples: taskSetFields.samples,
  outFeatures: integer(1, MAX_FEATURES),
  generator: choices.generator,
  standardDeviation: positive("a positive number"),
  inputScaling: v.union([
    v.picklist(["unit", "notebook"]),
    v.strictObject({ mean: v.pipe(v.number(), v.finite()), standardDeviation: positive("positive") }),
  ]),
  replacement: boolean,
  identity: v.strictObject({ projection: recipeShare, permutation: recipeShare }),
  fixed: v.optional(choices.fixed, null),
  tasksPerStep: v.optional(choices.tasksPerStep, 1),
  labelLayout: v.optional(choices.labelLayout, "shifted"),
  labelFormat: v.optional(choices.labelFormat, "one-hot"),
  specialTokens: v.optional(choices.specialTokens, 0),
  startToken: v.optional(choices.startToken, null),
  exampleRange: v.optional(choices.exampleRange, null),
  classSubset: v.optional(choices.classSubset, null),
  episode: v.optional(choices.episode, null),
  examples: v.optional(integer(1, MAX_ITEMS)),
  outputScaling: v.optional(choices.outputScaling, "none"),
  dtype: oneOf(["float32", "float16"]),
};

/** Told by what it has: hosts differ in whether the class is a global. */
const device = v.custom<GPUDevice>(
  (value) => typeof value === "object" && value !== null && "createComputePipelineAsync" in value && "queue" in value,
);
const backend = v.union([v.picklist(["auto", "wasm", "webgpu"]), device], '"auto", "wasm", "webgpu" or a GPUDevice');

/** What a single projection or permutation is drawn with; see checkTask for where the task may be left out. */
const drawFields = {
  generator: v.optional(oneOf(["chacha8", "torch"]), "chacha8"),
  seed: v.optional(seed, 0),
  task: v.optional(integer(0, MAX_TASKS - 1)),
};

/** Options of a `LinearProjection`. */
export const projectionSchema = v.strictObject({
  ...drawFields,
  inFeatures: integer(1, MAX_FEATURES),
  outFeatures: v.optional(integer(1, MAX_FEATURES)),
  standardDeviation: v.optional(standardDeviation, "1/n"),
  identity: v.optional(boolean, false),
});

/** Options of a `TargetPermutation`. */
export const permutationSchema = v.strictObject({
  ...drawFields,
  classes: integer(1, 65536),
  identity: v.optional(boolean, false),
});

/** Options of a `TaskAugmentor`. */
export const augmentorSchema = v.strictObject({
  ...taskSetFields,
  backend: v.optional(backend, "auto"),
  workers: v.optional(integer(0, 1024)),
  createWorker: v.optional(v.custom<() => WorkerLike>((value) => typeof value === "function", "a function")),
  tune: v.optional(boolean),
  signal: v.optional(v.instance(AbortSignal, "an AbortSignal")),
});

/**
 * The task of options that need one.
 *
 * @throws InvalidOptionError for none, with any generator but PyTorch's, whose seeds can be those of a task
 */
export function checkTask(given: { generator: Generator; task?: number | undefined }): void {
  if (given.task === undefined && given.generator !== "torch") {
    throw new InvalidOptionError("task", given.task, `an integer from 0 to ${MAX_TASKS - 1}`);
  }
}

/** Runs a schema; its first complaint becomes an InvalidOptionError. */
export function parse<S extends v.GenericSchema & { readonly entries: object }>(
  schema: S,
  value: unknown,
): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue) ?? "options";
  if (issue.type === "strict_object" && issue.expected === "never") {
    const known = Object.keys(schema.entries).join(", ");
    // The issue's own input is the name.
    const given = path.split(".").reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], value);
    throw new InvalidOptionError(path, given, `no option of this name; there are ${known}`);
  }
  if (path === "options") throw new InvalidOptionError(path, value, "an object");
  throw new InvalidOptionError(path, issue.input, issue.message);
}
