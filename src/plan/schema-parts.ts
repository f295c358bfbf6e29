import * as v from "valibot";

/** The parts that schemas of options and recipes are put together from. */

/** An integer from `low` to `high`, both included. -0 becomes 0. */
export function integer(low: number, high: number) {
  const words = `an integer from ${low} to ${high}`;
  return v.pipe(
    v.number(words),
    v.safeInteger(words),
    v.minValue(low, words),
    v.maxValue(high, words),
    v.transform((value) => value + 0),
  );
}

/** An object of fields, and no list or map, whose values would be ignored. */
export const plainObject = v.custom<object>(
  (value) => typeof value === "object" && value !== null && !(Symbol.iterator in value),
);

/** A finite number above 0. */
export function positive(words: string) {
  return v.pipe(v.number(words), v.finite(words), v.gtValue(0, words));
}

/** One of some names. */
export function oneOf<const T extends readonly string[]>(names: T) {
  return v.picklist(names, names.map((name) => JSON.stringify(name)).join(" or "));
}

export const boolean = v.boolean("true or false");

const FINITE = "a finite number";
export const finite = v.pipe(v.number(FINITE), v.finite(FINITE));

const MAX_SEED = 2n ** 64n - 1n;
const SEED_WORDS = "a bigint from 0n to 2n ** 64n - 1n, or an integer from 0 to 2 ** 53 - 1";

/** A seed, as a bigint. */
export const seed = v.union(
  [
    v.pipe(
      v.number(),
      v.safeInteger(),
      v.minValue(0),
      v.transform((value) => BigInt(value)),
    ),
    v.pipe(v.bigint(SEED_WORDS), v.minValue(0n, SEED_WORDS), v.maxValue(MAX_SEED, SEED_WORDS)),
  ],
  SEED_WORDS,
);

/** The words for shares and schedules. */
export const SHARE = "true, false, a number from 0 to 1, or [[step, share], ...] with rising steps";

/** A share of tasks, 0..1. */
export const part = v.pipe(v.number(SHARE), v.minValue(0, SHARE), v.maxValue(1, SHARE));

/** A point of a schedule: a training step, and the share from there on. */
export const point = v.strictTuple([integer(0, Number.MAX_SAFE_INTEGER), part], SHARE);

/** Points of a schedule, whose steps may not rise: a JSON Schema cannot say that they do. */
export const points = v.pipe(v.array(point, SHARE), v.minLength(1, SHARE));

/** A share or a schedule; `true` and `false` become 1 and 0. */
export const share = v.union(
  [
    v.pipe(
      v.boolean(),
      v.transform((all) => (all ? 1 : 0)),
    ),
    part,
    v.pipe(
      points,
      v.check((all) => all.every(([step], i) => i === 0 || step > (all[i - 1]?.[0] ?? 0)), SHARE),
    ),
  ],
  SHARE,
);
