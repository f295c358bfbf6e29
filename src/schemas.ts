import * as v from "valibot";
import { InvalidOptionError } from "./errors.js";
import { type Generator, PRESETS, type PresetName } from "./presets.js";

/**
 * What options may be. Kept apart from the options' types, which are written by hand: the schema library is built into
 * the bundles, and its types must not show in the package's.
 */

/** Task indices are 32 bits of the nonce. */
export const MAX_TASKS = 2 ** 32;
/** Item numbers too: sequences within a task, or samples. */
export const MAX_ITEMS = 2 ** 32;
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
    v.picklist(["unit", "standard"]),
    v.strictObject({ mean: v.pipe(v.number(), v.finite()), standardDeviation: positive("positive") }),
  ],
  '"unit", "standard" or { mean, standardDeviation } with a positive deviation',
);

const identity = v.union(
  [
    v.pipe(
      boolean,
      v.transform((both) => ({ projection: both, permutation: both })),
    ),
    v.strictObject({ projection: v.optional(boolean, false), permutation: v.optional(boolean, false) }),
  ],
  "true, false or { projection?: boolean, permutation?: boolean }",
);

const names = Object.keys(PRESETS) as PresetName[];

/** The fields that say which numbers come out. */
const taskSetFields = {
  taskCount: v.optional(integer(1, MAX_TASKS), 1),
  taskOffset: v.optional(integer(0, MAX_TASKS - 1), 0),
  seed: v.optional(seed, 0),
  preset: v.optional(oneOf(names), "notebook"),
  generator: v.optional(oneOf(["chacha8"])),
  standardDeviation: v.optional(standardDeviation),
  inputScaling: v.optional(inputScaling),
  replacement: v.optional(boolean),
  drawSequence: v.optional(boolean, true),
  sequenceLength: v.optional(integer(1, 2 ** 31 - 1), 100),
  samplesPerTask: v.optional(integer(1, MAX_ITEMS), 1),
  samples: v.optional(integer(1, MAX_ITEMS)),
  outFeatures: v.optional(integer(1, MAX_FEATURES)),
  identity: v.optional(identity, false),
  dtype: v.optional(oneOf(["float32", "float16"]), "float32"),
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
    throw new InvalidOptionError(path, issue.input, `no option of this name; there are ${known}`);
  }
  if (path === "options") throw new InvalidOptionError(path, value, "an object");
  throw new InvalidOptionError(path, issue.input, issue.message);
}
