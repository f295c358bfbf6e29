import * as v from "valibot";
import { describe, InvalidOptionError, RecipeError } from "../base/errors.js";
import { seedText } from "../plan/recipe-schema.js";

/** The place where an iteration stands, as JSON: `batches({ state })` goes on from there, with exactly the remaining batches. */
export interface LoaderState {
  /** The name of the format. */
  readonly format: "taskloom-loader";
  /** The version of the format. */
  readonly version: 1;
  /** The identity of the task set, which is the same whether it is recomputed or read from a store: 64 hex digits. */
  readonly recipe: string;
  /** The seed of the order, decimal; see `OpenOptions.shuffleSeed`. */
  readonly shuffleSeed: string;
  /** The order of sequences: as `LoaderOptions.shuffle`. */
  readonly shuffle: boolean | "tasks";
  /** True if each epoch has an order of its own. */
  readonly reshuffle: boolean;
  /** Sequences in a batch, 1..2^32. */
  readonly batchSize: number;
  /** True if a last batch of fewer sequences is left out. */
  readonly dropLast: boolean;
  /** The part of the batches that this reader takes: every `count`-th from `index` on. */
  readonly shard: {
    /** The number of this reader, 0..count - 1. */
    readonly index: number;
    /** The number of readers, 1..2^32. */
    readonly count: number;
  };
  /** The epoch of the next batch. */
  readonly epoch: number;
  /** Epochs left, this one included; `null` for no end. */
  readonly epochs: number | null;
  /** The next batch, counted over all shards from the beginning of the epoch. */
  readonly batch: number;
}

const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const positive = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

const schema: v.GenericSchema<unknown, LoaderState> = v.strictObject({
  format: v.literal("taskloom-loader"),
  version: v.literal(1),
  recipe: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  shuffleSeed: seedText,
  shuffle: v.union([v.boolean(), v.literal("tasks")]),
  reshuffle: v.boolean(),
  batchSize: positive,
  dropLast: v.boolean(),
  shard: v.strictObject({ index: natural, count: positive }),
  epoch: natural,
  epochs: v.nullable(natural),
  batch: natural,
});

/** The task set that a state has to agree with. */
interface Expected {
  readonly recipe: string;
  readonly shuffleSeed: bigint;
}

/**
 * Reads a state.
 *
 * @throws InvalidOptionError when it is none, is of a newer version, or was taken with another shuffle seed
 * @throws RecipeError when it belongs to another task set
 */
export function parseState(value: unknown, expected: Expected): LoaderState {
  const { format, version } = (value ?? {}) as { format?: unknown; version?: unknown };
  if (format !== "taskloom-loader") {
    throw new InvalidOptionError("state", value, 'what state() of an iteration gave, with "format": "taskloom-loader"');
  }
  if (version !== 1) throw new InvalidOptionError("state.version", version, "1, which this version of taskloom reads");
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (!result.success) {
    const [issue] = result.issues;
    const path = `state.${v.getDotPath(issue) ?? ""}`;
    if (issue.expected === "never")
      throw new InvalidOptionError(path, issue.path?.at(-1)?.value, "no field of this name");
    throw new InvalidOptionError(path, issue.input, `what state() gave: ${issue.message}`);
  }
  const state = result.output;
  if (state.recipe !== expected.recipe) {
    throw new RecipeError("state", `belongs to the task set ${state.recipe}; this one is ${expected.recipe}`);
  }
  if (state.shuffle !== false && BigInt(state.shuffleSeed) !== expected.shuffleSeed) {
    throw new InvalidOptionError("shuffleSeed", expected.shuffleSeed, `${state.shuffleSeed}, as in the state`);
  }
  return state;
}

/** @throws InvalidOptionError for the first option that was given and differs from the state's. */
export function checkAgainst(state: LoaderState, given: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(given)) {
    const expected = state[name as keyof LoaderState];
    if (value === undefined || JSON.stringify(value) === JSON.stringify(expected)) continue;
    throw new InvalidOptionError(name, value, `${describe(expected)}, as in the state; or leave it to the state`);
  }
}
