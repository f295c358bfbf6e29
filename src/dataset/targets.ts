import { DatasetError, describe, InvalidOptionError } from "../base/errors.js";
import { MAX_CLASSES } from "../base/limits.js";
import { notice } from "../base/notice.js";

/** Labels as a caller may have them: integers, from 0 on unless `classes` is `"compact"`. */
export type Targets =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | BigUint64Array
  | readonly number[]
  | readonly bigint[];

/** Labels that are numbers. */
type NumberTargets = Exclude<Targets, BigInt64Array | BigUint64Array | readonly bigint[]>;

/** The number of classes, 1 to 65536; or `"compact"` to renumber the labels that occur. */
export type Classes = number | "compact";

/** Labels as a dataset holds them. */
export interface CheckedTargets {
  readonly targets: Uint16Array;
  readonly classes: number;
  /** The label that each class was called by, rising; undefined where labels were not renumbered. */
  readonly originalLabels: readonly number[] | undefined;
}

/**
 * The labels as uint16 and the number of classes, which is the largest label plus one where `classes` is not given.
 * A `Uint16Array` that is not renumbered is kept, anything else converted.
 *
 * @throws InvalidOptionError for a number of classes out of bounds
 * @throws DatasetError for a label that is not allowed
 */
export function checkTargets(given: Targets, classes: Classes | undefined, name: string): CheckedTargets {
  const targets = numbersOf(given);
  if (classes === "compact") return compacted(targets, name);
  if (classes !== undefined && !(Number.isInteger(classes) && classes >= 1 && classes <= MAX_CLASSES)) {
    throw new InvalidOptionError("classes", classes, `an integer from 1 to ${MAX_CLASSES}, or "compact"`);
  }
  const limit = classes ?? MAX_CLASSES;
  let largest = 0;
  for (let i = 0; i < targets.length; i++) {
    const target = targets[i] as number;
    if (!(Number.isInteger(target) && target >= 0 && target < limit)) {
      const why = classes === undefined ? "labels are held in 16 bits" : `classes is ${classes}`;
      const allowed = `target ${i} is ${describe(target)}; allowed: integers from 0 to ${limit - 1}, as ${why}`;
      throw new DatasetError(name, `${allowed}${remedy(targets, limit)}`);
    }
    if (target > largest) largest = target;
  }
  const held = targets instanceof Uint16Array ? targets : Uint16Array.from(targets);
  if (classes === undefined) noticeGaps(held, largest + 1, name);
  return { targets: held, classes: classes ?? largest + 1, originalLabels: undefined };
}

/** Labels as numbers: NumPy's default type and other formats have 64-bit integers. Those beyond 2^53 stay, to be refused. */
function numbersOf(targets: Targets): NumberTargets {
  const list = targets as ArrayLike<number | bigint>;
  const isBig = Array.isArray(targets) ? targets.some((one) => typeof one === "bigint") : typeof list[0] === "bigint";
  if (!isBig) return targets as NumberTargets;
  return Array.from(list, (target) => (Number.isSafeInteger(Number(target)) ? Number(target) : target)) as number[];
}

/** The remedy where all labels are integers: `"compact"`, which takes any. */
function remedy(targets: NumberTargets, limit: number): string {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < targets.length; i++) {
    const target = targets[i] as number;
    if (!Number.isSafeInteger(target)) return "";
    low = Math.min(low, target);
    high = Math.max(high, target);
  }
  const one = low === 1 && high === limit ? "; labels seem to start at 1" : "";
  return `${one}; classes: "compact" renumbers the labels that occur, from 0 on`;
}

/** Says that some classes have no example. */
function noticeGaps(targets: Uint16Array, classes: number, name: string): void {
  const seen = new Uint8Array(classes);
  for (const target of targets) seen[target] = 1;
  const missing: [first: number, last: number][] = [];
  let absent = 0;
  for (let label = 0; label < classes; label++) {
    if (seen[label] === 1) continue;
    absent++;
    const last = missing.at(-1);
    if (last?.[1] === label - 1) last[1] = label;
    else missing.push([label, label]);
  }
  if (absent === 0) return;
  const ranges = missing.slice(0, 3).map(([first, last]) => (first === last ? `${first}` : `${first}..${last}`));
  const labels = ranges.join(", ") + (missing.length > 3 ? ", ..." : "");
  notice(
    `${name}: only ${classes - absent} of ${classes} classes have examples; labels without: ${labels}. ` +
      `classes: "compact" renumbers the labels that occur; classes: ${classes} says that this is meant`,
  );
}

/** @throws DatasetError for labels that are no integers, or too many different ones */
function compacted(targets: NumberTargets, name: string): CheckedTargets {
  const occurring = new Set<number>();
  for (let i = 0; i < targets.length; i++) {
    const target = targets[i] as number;
    if (!Number.isSafeInteger(target)) {
      throw new DatasetError(name, `target ${i} is ${describe(target)}; allowed: integers of up to 53 bits`);
    }
    occurring.add(target + 0);
  }
  if (occurring.size > MAX_CLASSES) {
    throw new DatasetError(name, `has ${occurring.size} different labels; allowed: at most ${MAX_CLASSES}`);
  }
  const labels = [...occurring].sort((a, b) => a - b);
  const places = new Map(labels.map((label, place) => [label, place]));
  const places16 = Uint16Array.from(targets, (target) => places.get(target) as number);
  return { targets: places16, classes: labels.length, originalLabels: Object.freeze(labels) };
}
