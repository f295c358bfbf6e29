import { checkInteger, checkObject } from "../base/check.js";
import { InvalidOptionError } from "../base/errors.js";
import { MAX_TASKS } from "../base/limits.js";
import { checkDataset } from "../dataset/check-dataset.js";
import type { Dataset } from "../dataset/index.js";
import { generationSeeds } from "../stream/torch-seeds.js";
import { isNever, scheduleOf } from "./curriculum.js";
import { type ResolvedOptions, resolveOptions, type TaskAugmentorOptions } from "./options.js";
import { selection } from "./prepare-examples.js";

/** A range: the first, inclusive, and the last, exclusive. */
export type Range = readonly [start: number, stop: number];

/** The tasks and examples that a model sees in training, and those that it does not. */
export interface Split {
  /** The tasks of training, within 0..2^32. */
  readonly seenTasks: Range;
  /** The tasks that are held out; none of them is in `seenTasks`. */
  readonly unseenTasks: Range;
  /** The examples of training, by their place in the dataset. */
  readonly seenExamples: Range;
  /** The examples that are held out; none of them is in `seenExamples`. */
  readonly unseenExamples: Range;
}

/** The four task sets of a split. */
export interface SplitOptions {
  /** The set that a model is trained on. */
  readonly seenTasksSeenExamples: TaskAugmentorOptions;
  /** The tasks of training with examples that are held out. */
  readonly seenTasksUnseenExamples: TaskAugmentorOptions;
  /** Tasks that are held out with the examples of training. */
  readonly unseenTasksSeenExamples: TaskAugmentorOptions;
  /** Tasks that are held out with examples that are held out. */
  readonly unseenTasksUnseenExamples: TaskAugmentorOptions;
}

/**
 * Options of the task sets {seen, unseen} tasks x {seen, unseen} examples, for one seed. What they share and what not can
 * be proved with `findLeaks`.
 *
 * @throws InvalidOptionError for ranges that are empty, out of bounds, or overlap
 *
 * @example
 * ```ts
 * const sets = splitTaskSet({ seed: 1 }, {
 *   seenTasks: [0, 2 ** 16], unseenTasks: [2 ** 16, 2 ** 16 + 1024],
 *   seenExamples: [0, 50000], unseenExamples: [50000, 60000],
 * });
 * const training = new TaskAugmentor(sets.seenTasksSeenExamples);
 * ```
 */
export function splitTaskSet(options: TaskAugmentorOptions, split: Split): SplitOptions {
  checkObject("options", options);
  resolveOptions(options);
  checkObject("split", split);
  checkDisjoint("seenTasks", split.seenTasks, "unseenTasks", split.unseenTasks);
  checkDisjoint("seenExamples", split.seenExamples, "unseenExamples", split.unseenExamples);
  const set = ([start, stop]: Range, exampleRange: Range): TaskAugmentorOptions => ({
    ...options,
    taskOffset: start,
    taskCount: stop - start,
    exampleRange,
  });
  return {
    seenTasksSeenExamples: set(split.seenTasks, split.seenExamples),
    seenTasksUnseenExamples: set(split.seenTasks, split.unseenExamples),
    unseenTasksSeenExamples: set(split.unseenTasks, split.seenExamples),
    unseenTasksUnseenExamples: set(split.unseenTasks, split.unseenExamples),
  };
}

function checkDisjoint(name: string, a: Range, otherName: string, b: Range): void {
  for (const [option, range] of [[name, a] as const, [otherName, b] as const]) {
    if (!Array.isArray(range) || range.length !== 2) {
      throw new InvalidOptionError(option, range, "[start, stop], the last exclusive");
    }
    const [start, stop] = range as Range;
    checkInteger(`${option}[0]`, start, 0, MAX_TASKS - 1);
    checkInteger(`${option}[1]`, stop, start + 1, MAX_TASKS);
  }
  if (overlap(a, b) > 0) throw new InvalidOptionError(otherName, b, `a range apart from ${name}, [${a}]`);
}

/** A task set, and the dataset that it is woven from. */
export interface LeakSide {
  /** The options of the task set. */
  readonly options: TaskAugmentorOptions;
  /** The dataset of the task set. */
  readonly dataset: Dataset;
}

/** The tasks and examples that two task sets share. */
export interface Leaks {
  /** Tasks of the second set whose own matrix and permutation the first one has too. */
  readonly tasks: number;
  /**
   * True if curricula can give both sets the same matrix or permutation all the same: the identity, or that of a fixed
   * task.
   */
  readonly curriculum: boolean;
  /** Examples of the second set that the first one can draw too: the same ones, or others with equal values. */
  readonly examples: number;
  /** True if a sequence of the first, and of the second, can hold an example twice, which gives its label away. */
  readonly repeats: readonly [boolean, boolean];
}

/** More seeds than this are not compared: PyTorch's are made one after the other. */
const MAX_SEEDS = 2 ** 24;

/**
 * Finds what two task sets share: tasks, examples, both or nothing. Nothing is sampled: tasks are compared by what they
 * are drawn from, examples by all their values.
 *
 * With the generator `"torch"` tasks are the same if their seeds are: of 2^24 task seeds of 32 bits some 33 thousand occur
 * twice, so that sets with disjoint task ranges share tasks all the same.
 *
 * @throws InvalidOptionError for options that do not fit the dataset, and for more than 2^24 tasks with `"torch"`
 *
 * @example
 * ```ts
 * findLeaks({ options: sets.seenTasksSeenExamples, dataset }, { options: sets.unseenTasksUnseenExamples, dataset });
 * // { tasks: 0, curriculum: false, examples: 0, repeats: [true, true] }
 * ```
 */
export function findLeaks(first: LeakSide, second: LeakSide): Leaks {
  for (const [name, side] of [["first", first] as const, ["second", second] as const]) {
    checkObject(name, side);
    checkDataset(side.dataset);
  }
  const [a, b] = [resolveOptions(first.options), resolveOptions(second.options)];
  return {
    tasks: sharedTasks(a, b),
    curriculum: curriculaMeet(a, b),
    examples: sharedExamples(first.dataset, selection(a, first.dataset), second.dataset, selection(b, second.dataset)),
    repeats: [canRepeat(a), canRepeat(b)],
  };
}

function tasksOf({ taskOffset, taskCount }: ResolvedOptions): Range {
  return [taskOffset, taskOffset + taskCount];
}

function overlap([a, b]: Range, [c, d]: Range): number {
  return Math.max(0, Math.min(b, d) - Math.max(a, c));
}

function sharedTasks(a: ResolvedOptions, b: ResolvedOptions): number {
  if (a.generator !== b.generator) return 0;
  if (a.generator === "chacha8") return a.seed === b.seed ? overlap(tasksOf(a), tasksOf(b)) : 0;
  const most = Math.max(a.taskCount, b.taskCount);
  if (most > MAX_SEEDS) {
    throw new InvalidOptionError("taskCount", most, `at most 2 ** 24 to compare seeds of the generator "torch"`);
  }
  const seeds = (set: ResolvedOptions) => Uint32Array.from(generationSeeds(set.seed, set.taskCount, set.taskOffset));
  const known = seeds(a).sort();
  return seeds(b).reduce((sum, seed) => sum + (includes(known, seed) ? 1 : 0), 0);
}

/** True if a sorted array has a value. */
function includes(sorted: Uint32Array, value: number): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === value;
}

function curriculaMeet(a: ResolvedOptions, b: ResolvedOptions): boolean {
  const some = (share: ResolvedOptions["identity"]["projection"]) => !isNever(scheduleOf(share));
  const identity =
    (some(a.identity.projection) && some(b.identity.projection)) ||
    (some(a.identity.permutation) && some(b.identity.permutation));
  if (identity) return true;
  if (a.generator !== b.generator || (a.generator === "chacha8" && a.seed !== b.seed)) return false;
  const [poolA, poolB] = [fixedTasks(a), fixedTasks(b)];
  return rangesMeet(poolA, poolB) || rangesMeet(poolA, [tasksOf(b)]) || rangesMeet(poolB, [tasksOf(a)]);
}

function rangesMeet(some: readonly Range[], others: readonly Range[]): boolean {
  return some.some((a) => others.some((b) => overlap(a, b) > 0));
}

/** The tasks that a set's tasks can take as fixed ones. */
function fixedTasks(set: ResolvedOptions): Range[] {
  const { fixed, tasksPerStep } = set;
  if (!fixed || isNever(scheduleOf(fixed.share))) return [];
  if (fixed.task !== "step") return wrapped(fixed.task, fixed.pool);
  const [start, stop] = tasksOf(set);
  const firstStep = Math.floor(start / tasksPerStep);
  const steps = Math.floor((stop - 1) / tasksPerStep) + 1 - firstStep;
  // What is beyond 2^53 covers all tasks anyway.
  return wrapped(Math.imul(firstStep, fixed.pool) >>> 0, steps * fixed.pool);
}

/** `count` tasks from `first` on, modulo 2^32. */
function wrapped(first: number, count: number): Range[] {
  if (count >= MAX_TASKS) return [[0, MAX_TASKS]];
  if (first + count <= MAX_TASKS) return [[first, first + count]];
  return [
    [first, MAX_TASKS],
    [0, first + count - MAX_TASKS],
  ];
}

function canRepeat({ drawSequence, replacement, episode, sequenceLength }: ResolvedOptions): boolean {
  return drawSequence && replacement && !episode && sequenceLength > 1;
}

/** The number of examples of the second selection that are in the first, by value. */
function sharedExamples(a: Dataset, ofA: Uint32Array | undefined, b: Dataset, ofB: Uint32Array | undefined): number {
  if (a.features !== b.features || a.dtype !== b.dtype) return 0;
  const known = new Map<number, number[]>();
  for (let i = 0; i < (ofA?.length ?? a.length); i++) {
    const example = ofA?.[i] ?? i;
    const hash = hashOf(a, example);
    const bucket = known.get(hash);
    if (bucket) bucket.push(example);
    else known.set(hash, [example]);
  }
  let shared = 0;
  for (let i = 0; i < (ofB?.length ?? b.length); i++) {
    const example = ofB?.[i] ?? i;
    if (known.get(hashOf(b, example))?.some((other) => areEqual(a, other, b, example))) shared++;
  }
  return shared;
}

/** FNV-1a over the values' bytes; equal hashes are looked at more closely. */
function hashOf({ images, features }: Dataset, example: number): number {
  const values = images.subarray(example * features, (example + 1) * features);
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return hash;
}

function areEqual(a: Dataset, i: number, b: Dataset, j: number): boolean {
  const { features } = a;
  for (let k = 0; k < features; k++) {
    if (a.images[i * features + k] !== b.images[j * features + k]) return false;
  }
  return true;
}
