import type { FloatDtype } from "../base/tensor.js";
import type { Fixed, Share } from "./curriculum.js";

/**
 * The choices that a task set is made by, besides its numbers of tasks and sequences. Presets have all of them; options
 * have those that differ; recipes have all of them, with rules replaced by numbers.
 */
export interface TaskChoices {
  /** The source of random numbers. */
  readonly generator: Generator;
  /** The standard deviation of the matrix entries. */
  readonly standardDeviation: StandardDeviation;
  /** The scaling of examples before the product. */
  readonly inputScaling: InputScaling;
  /** Lets an example occur twice in a sequence. */
  readonly replacement: boolean;
  /** The shares of tasks that leave inputs unprojected, and labels unpermuted. */
  readonly identity: {
    /** The share of tasks that leave inputs unprojected, from 0 to 1, or a schedule of shares. */
    readonly projection: Share;
    /** The share of tasks that leave labels unpermuted, from 0 to 1, or a schedule of shares. */
    readonly permutation: Share;
  };
  /** A share of tasks that take the permutation, or also the matrix, of a fixed task. Default null: no task does. */
  readonly fixed: Fixed | null;
  /** Tasks of a training step, for schedules, 1..2^32: the step of task n is `floor(n / tasksPerStep)`. Default 1. */
  readonly tasksPerStep: number;
  /** The label that a position is given beside its input. Default `"shifted"`, that of the position before. */
  readonly labelLayout: LabelLayout;
  /** Labels as one-hots behind the inputs (`"one-hot"`, default), or as integers in an array of their own. */
  readonly labelFormat: LabelFormat;
  /**
   * Label values kept for special meanings, 0..65535: all labels are raised by so many, and one-hots have so many cells
   * more. Default 0.
   */
  readonly specialTokens: number;
  /** The special token given at the first position of a shifted sequence, below `specialTokens`. Default null: none. */
  readonly startToken: number | null;
  /** Draws out of examples start to stop - 1 of the dataset only. Default null: all. */
  readonly exampleRange: readonly [start: number, stop: number] | null;
  /**
   * Draws out of the examples with these labels only; each label becomes its place in the list. Each of them has at least
   * one example. Default null: all.
   */
  readonly classSubset: readonly number[] | null;
  /** Class-balanced N-way k-shot sequences with queries, without replacement. Default null. */
  readonly episode: Episode | null;
  /** The standardization of results. Default `"none"`. */
  readonly outputScaling: OutputScaling;
}

/** Choices with the defaults of their parts filled in. */
export interface SettledChoices extends TaskChoices {
  readonly fixed: Required<Fixed> | null;
  readonly episode: Required<Episode> | null;
}

/** The choices that a plan does not have, as other fields of it follow from them. */
export type TurnedChoice =
  | "standardDeviation"
  | "inputScaling"
  | "outputScaling"
  | "identity"
  | "fixed"
  | "exampleRange"
  | "classSubset";

/** The choices that a plan has as they are. */
export type ToldChoices = Omit<SettledChoices, TurnedChoice>;

/** The sizes of a task set. */
export interface TaskSetSize {
  /** The index of the first task, 0..2^32 - 1. */
  readonly taskOffset: number;
  /** Tasks in the set, 1..2^32. */
  readonly taskCount: number;
  /** Sequences, or plain projected examples. */
  readonly drawSequence: boolean;
  /** Examples in a sequence; undefined where no sequences are drawn. */
  readonly sequenceLength?: number | undefined;
  /** Sequences of each task; undefined where no sequences are drawn. */
  readonly samplesPerTask?: number | undefined;
  /** Pairs of a task and an example; undefined where sequences, or all pairs, are taken. */
  readonly samples?: number | undefined;
  /** The type of the inputs. */
  readonly dtype: FloatDtype;
}

/**
 * The source of random numbers.
 *
 * - `"chacha8"`: stream v1, ChaCha with 8 rounds (docs/stream.md).
 * - `"torch"`: what PyTorch's CPU generator gave the notebook, MT19937 seeded with the low 32 bits of the seed
 *   (docs/torch.md). The projection is in float32 then. Curricula are drawn from stream v1 with either.
 */
export type Generator = "chacha8" | "torch";

/** The deviation of matrix entries: a positive number, or a rule with n = input features. */
export type StandardDeviation = number | "1/n" | "1/sqrt(n)";

/**
 * The scaling of examples before the product.
 *
 * - `"unit"`: uint8 pixels are read as [0, 1] (divided by 255), those that `Center` made as [-1, 1]; float32 data is taken
 *   as it is. Where `"unit"` is a
 *   preset's default, float32 data from 0 to above 1 is refused, as it looks like pixels that were not divided.
 * - `"notebook"`: uint8 pixels v > 0 are read as (v - 1) / 255, which is what the notebook's `Grayscale` makes of three
 *   equal channels: it truncates 0.9999 v.
 * - `"standard"`: less the mean, divided by the population deviation over all values of the dataset.
 * - the two numbers themselves, in the units of the data (gray levels for uint8), as for a test set that is to be
 *   scaled like its training set.
 */
export type InputScaling =
  | "unit"
  | "notebook"
  | "standard"
  | {
      /** The number that is subtracted from each value. */
      readonly mean: number;
      /** The number that each difference is divided by, above 0. */
      readonly standardDeviation: number;
    };

/**
 * The standardization of results.
 *
 * - `"none"`: nothing.
 * - `"example"`: the projected values of each position, less their mean, divided by their population deviation.
 * - `"set"`: each feature, over all positions of the task set, which is made once more for that.
 * - `"notebook"`: each column over the task set, one-hots included, as `(x - mean) / (deviation + 1e-12)` with the unbiased
 *   deviation; and, as in the notebook, not at all where one sequence a task (or a single sample) is drawn.
 */
export type OutputScaling = "none" | "example" | "set" | "notebook";

/**
 * The label that a position is given beside its input.
 *
 * - `"shifted"`: that of the position before; none at the first, or `startToken`.
 * - `"query-last"`: its own, but none at the last position, whose label is asked for; with episodes, at all queries.
 * - `"none"`: none.
 */
export type LabelLayout = "shifted" | "query-last" | "none";

/** Labels behind the inputs as one-hots, or as integers in an array of their own. */
export type LabelFormat = "one-hot" | "integer";

/** N-way k-shot sequences: `ways * shots` examples of `ways` classes, then `ways * queries` others of the same classes. */
export interface Episode {
  /** Classes of an episode, 1..classes. */
  readonly ways: number;
  /** Examples of each class to learn from, from 1. */
  readonly shots: number;
  /** Examples of each class that are asked for, from 0. Default 1. */
  readonly queries?: number;
  /**
   * True (default): the labels of an episode are 0..ways - 1, permuted by its task. False: those of the dataset, permuted.
   */
  readonly relabel?: boolean;
}
