import * as v from "valibot";
import { describe, InvalidOptionError, RecipeError } from "../base/errors.js";
import { seedText } from "../plan/recipe-schema.js";
import { checkedState } from "./checked-state.js";
import type { LoaderState, ReadState, StateSet } from "./state.js";
import { fromVersion1 } from "./state-v1.js";

const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const positive = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const upTo32 = v.pipe(positive, v.maxValue(2 ** 32));

const schema: v.GenericSchema<unknown, LoaderState> = v.strictObject({
  format: v.literal("taskloom-loader"),
  version: v.literal(2),
  recipe: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  shuffleSeed: seedText,
  shuffle: v.union([v.boolean(), v.picklist(["tasks", "chunks"])]),
  chunkItems: v.optional(positive),
  blockChunks: v.optional(positive),
  reshuffle: v.boolean(),
  even: v.union([v.literal(false), v.picklist(["drop", "pad"])]),
  dropLast: v.boolean(),
  batchSize: upTo32,
  ranks: upTo32,
  epoch: natural,
  epochs: v.nullable(natural),
  consumed: natural,
});

/**
 * Reads a state.
 *
 * @throws InvalidOptionError when it is none, is of a newer version, or was taken with another shuffle seed
 * @throws RecipeError when it belongs to another task set
 */
export function parseState(value: unknown, set: StateSet): ReadState {
  const { format, version } = (value ?? {}) as { format?: unknown; version?: unknown };
  if (format !== "taskloom-loader") {
    throw new InvalidOptionError("state", value, 'what state() of an iteration gave, with "format": "taskloom-loader"');
  }
  if (version !== 1 && version !== 2) {
    throw new InvalidOptionError("state.version", version, "1 or 2, which this version of taskloom reads");
  }
  const read = version === 1 ? fromVersion1(value, set.items) : { state: checkedState(schema, value) };
  const { state } = read;
  if (state.recipe !== set.recipe) {
    throw new RecipeError("state", `belongs to the task set ${state.recipe}; this one is ${set.recipe}`);
  }
  if (state.shuffle !== false && BigInt(state.shuffleSeed) !== set.shuffleSeed) {
    throw new InvalidOptionError("shuffleSeed", set.shuffleSeed, `${state.shuffleSeed}, as in the state`);
  }
  if (state.consumed >= set.items) {
    throw new InvalidOptionError("state.consumed", state.consumed, `less than ${set.items}, the sequences of the set`);
  }
  const chunked = state.shuffle === "chunks";
  for (const name of ["chunkItems", "blockChunks"] as const) {
    if (chunked === (state[name] !== undefined)) continue;
    throw new InvalidOptionError(`state.${name}`, state[name], 'a number with shuffle: "chunks", and absent without');
  }
  return read;
}

/** @throws InvalidOptionError for the first option that was given and differs from the state's. */
export function checkAgainst(state: LoaderState, given: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(given)) {
    const expected = state[name as keyof LoaderState];
    if (value === undefined || JSON.stringify(value) === JSON.stringify(expected)) continue;
    throw new InvalidOptionError(name, value, `${describe(expected)}, as in the state; or leave it to the state`);
  }
}
