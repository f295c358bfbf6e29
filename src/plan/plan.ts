import type { FloatDtype, SmallestDtype, TargetDtype } from "../base/tensor.js";
import { bytesPerElement } from "../base/tensor.js";
import type { TaskChoices, ToldChoices } from "./choices.js";
import type { CurriculumPlan } from "./curriculum.js";

/**
 * A task set with every choice made: all that a backend needs to know besides the examples and labels themselves.
 * Plain data, so that it can be posted to a worker.
 *
 * Results are counted in *items*: an item is a sequence, or one example where no sequences are drawn. Item n of a set
 * belongs to task `taskOffset + floor(n / itemsPerTask)`; with `mode: "samples"` each item draws its own task.
 */
export interface Plan extends CurriculumPlan, ItemLayout, Omit<ToldChoices, keyof CurriculumPlan | keyof ItemLayout> {
  readonly seed: bigint;
  readonly taskOffset: number;
  readonly taskCount: number;
  /** Sequences a task, or examples a task; 0 with `mode: "samples"`. */
  readonly itemsPerTask: number;
  readonly itemCount: number;
  readonly examples: number;
  readonly features: number;
  /** Labels that examples have. */
  readonly exampleClasses: number;
  readonly exampleDtype: "uint8" | "float32";
  /** Gray level subtracted from uint8 examples before the product; 0 for none, and for float32. */
  readonly grayOffset: number;
  /** An f32: value = f32(f32(sum) * scale), the sum being of products with matrix entries as they are made. */
  readonly scale: number;
  /** The same for tasks with the identity matrix, whose entries are 0 and 1. */
  readonly identityScale: number;
  /** An f32 that entries of the torch generator are multiplied with when they are made; 1 for deviates. */
  readonly matrixScale: number;
}

/** The part of a plan that the shapes of results follow from. */
export interface ItemLayout extends Pick<TaskChoices, "specialTokens" | "labelLayout" | "labelFormat"> {
  readonly mode: "sequence" | "dataset" | "samples";
  /** Positions of an item: the sequence length, or 1. */
  readonly length: number;
  readonly outFeatures: number;
  /** Labels of a task before they are raised: those of the examples, or the ways of a relabelled episode. */
  readonly classes: number;
  readonly dtype: FloatDtype;
  /** The type of targets and labels in typed arrays and files; undefined for the smallest, in which they are made. */
  readonly targetDtype?: TargetDtype | undefined;
}

type LabelChoice = Pick<ItemLayout, "classes" | "specialTokens" | "labelLayout" | "labelFormat">;

/** Values that labels can have in results. */
export function labelValues(plan: Pick<Plan, "classes" | "specialTokens">): number {
  return plan.classes + plan.specialTokens;
}

/** Cells of the one-hots behind inputs; 0 where labels are not given so. */
export function labelCells(plan: LabelChoice): number {
  return plan.labelLayout !== "none" && plan.labelFormat === "one-hot" ? labelValues(plan) : 0;
}

/** True if given labels are an array of their own. */
export function hasLabels(plan: LabelChoice): boolean {
  return plan.labelLayout !== "none" && plan.labelFormat === "integer";
}

/** The first position of a sequence whose own label is not given with `"query-last"`. */
export function firstHidden({ episode, length }: Pick<Plan, "episode" | "length">): number {
  return episode && episode.queries > 0 ? episode.ways * episode.shots : length - 1;
}

/** Values of a position: the projected input, and the one-hot of the label that it is given. */
export function rowLength(plan: ItemLayout): number {
  return plan.outFeatures + labelCells(plan);
}

/** The type in which targets are made. */
export function targetDtype(plan: LabelChoice): SmallestDtype {
  return labelValues(plan) <= 256 ? "uint8" : "uint16";
}

/** The type in which given labels are made. They have one value more, `labelValues(plan)`, where none is given. */
export function labelDtype(plan: LabelChoice): SmallestDtype {
  return labelValues(plan) <= 255 ? "uint8" : "uint16";
}

/** Bytes of the inputs, the targets and the given labels of one item. */
export function itemBytes(plan: ItemLayout): { inputs: number; targets: number; labels: number } {
  return {
    inputs: plan.length * rowLength(plan) * bytesPerElement(plan.dtype),
    targets: plan.length * bytesPerElement(targetDtype(plan)),
    labels: hasLabels(plan) ? plan.length * bytesPerElement(labelDtype(plan)) : 0,
  };
}

export function inputShape(plan: ItemLayout, items: number): number[] {
  return plan.mode === "sequence" ? [items, plan.length, rowLength(plan)] : [items, rowLength(plan)];
}

export function targetShape(plan: ItemLayout, items: number): number[] {
  return plan.mode === "sequence" ? [items, plan.length] : [items];
}

/** The task of an item; `undefined` where each sample draws its own. */
export function taskOf(plan: Plan, item: number): number | undefined {
  return plan.mode === "samples" ? undefined : plan.taskOffset + Math.floor(item / plan.itemsPerTask);
}
