import * as v from "valibot";
import { checkObject } from "../base/check.js";
import { InvalidOptionError } from "../base/errors.js";
import { TARGET_DTYPES } from "../base/integers.js";
import { MAX_CLASSES, MAX_FEATURES, MAX_ITEMS, MAX_LENGTH, MAX_TASKS } from "../base/limits.js";
import type { WorkerLike } from "../base/worker-like.js";
import { choices, standardDeviation } from "./choice-schemas.js";
import type { Generator } from "./choices.js";
import { PRESETS, type PresetName } from "./presets.js";
import { boolean, integer, oneOf, seed } from "./schema-parts.js";

/**
 * The schemas of options. The types of options are written by hand elsewhere: the schema library is built into the bundles,
 * and its types must not show in the package's.
 */

/** The options that say which numbers come out. Choices that are left out have the preset's value. */
export const taskSetFields = {
  taskCount: v.optional(integer(1, MAX_TASKS), 1),
  taskOffset: v.optional(integer(0, MAX_TASKS - 1), 0),
  seed: v.optional(seed, 0),
  preset: v.optional(oneOf(Object.keys(PRESETS) as PresetName[]), "notebook"),
  drawSequence: v.optional(boolean, true),
  sequenceLength: v.optional(integer(1, MAX_LENGTH)),
  samplesPerTask: v.optional(integer(1, MAX_ITEMS), 1),
  samples: v.optional(integer(1, MAX_ITEMS)),
  outFeatures: v.optional(integer(1, MAX_FEATURES)),
  ...v.partial(v.object(choices)).entries,
  dtype: v.optional(oneOf(["float32", "float16"]), "float32"),
  targetDtype: v.optional(oneOf(TARGET_DTYPES)),
};

/** A device is known by its properties: not every host has its class as a global. */
export function isDevice(value: unknown): value is GPUDevice {
  return typeof value === "object" && value !== null && "createComputePipelineAsync" in value && "queue" in value;
}
const device = v.custom<GPUDevice>(isDevice);
const backend = v.union([v.picklist(["auto", "wasm", "webgpu"]), device], '"auto", "wasm", "webgpu" or a GPUDevice');

/** Options of a single projection or permutation; `checkTask` says where the task may be left out. */
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
  classes: integer(1, MAX_CLASSES),
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

/** Options of a walk over batches; a range is checked against the augmentor's tasks. */
export const batchesSchema = v.strictObject({
  start: v.optional(integer(0, MAX_TASKS)),
  stop: v.optional(integer(0, MAX_TASKS)),
  batchSize: v.optional(integer(1, MAX_TASKS)),
  reuse: v.optional(boolean, false),
  signal: augmentorSchema.entries.signal,
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

/**
 * Runs a schema.
 *
 * @throws InvalidOptionError for the first option that is unknown, missing or out of bounds
 */
export function parse<S extends v.GenericSchema & { readonly entries: object }>(
  schema: S,
  value: unknown,
): v.InferOutput<S> {
  checkObject("options", value);
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue) ?? "options";
  const last = issue.path?.at(-1);
  if (last && issue.type === "strict_object" && issue.expected === "never") {
    const known = `no option of this name; there are ${Object.keys(schema.entries).join(", ")}`;
    throw new InvalidOptionError(path, last.value, issue.path?.length === 1 ? known : issue.message);
  }
  throw new InvalidOptionError(path, last ? last.value : issue.input, allowed(schema, issue));
}

/** The values that an option may have, in words; of a missing one the words of its own schema. */
function allowed(schema: { readonly entries: object }, issue: v.BaseIssue<unknown>): string {
  const [first, ...others] = issue.path ?? [];
  if (!first || others.length > 0 || issue.type !== "strict_object") return issue.message;
  const entry = (schema.entries as Record<string, v.GenericSchema>)[String(first.key)];
  return (entry && v.safeParse(entry, undefined).issues?.[0].message) ?? issue.message;
}
