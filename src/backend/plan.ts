import type { FloatDtype, TargetDtype } from "../tensor.js";
import { bytesPerElement } from "../tensor.js";

/**
 * A task set with every choice made: what a backend needs to know besides the examples and labels themselves.
 * Plain data, so that it can be posted to a worker.
 *
 * Results are counted in *items*: an item is a sequence, or one example where no sequences are drawn. Item n of a set
 * belongs to task `taskOffset + floor(n / itemsPerTask)`; with `mode: "samples"` each item draws its own task.
 */
export interface Plan {
  readonly seed: bigint;
  readonly mode: "sequence" | "dataset" | "samples";
  readonly taskOffset: number;
  readonly taskCount: number;
  /** Sequences a task, or examples a task; 0 with `mode: "samples"`. */
  readonly itemsPerTask: number;
  readonly itemCount: number;
  /** Positions of an item: the sequence length, or 1. */
  readonly length: number;
  readonly replacement: boolean;
  readonly examples: number;
  readonly features: number;
  readonly outFeatures: number;
  readonly classes: number;
  readonly exampleDtype: "uint8" | "float32";
  readonly identityProjection: boolean;
  readonly identityPermutation: boolean;
  /** Grey level subtracted from uint8 examples before the product; 0 for none, and for float32. */
  readonly offset: number;
  /** An f32: value = f32(f32(sum) * scale). */
  readonly scale: number;
  readonly dtype: FloatDtype;
}

/** What the shapes of results follow from. */
export type ItemLayout = Pick<Plan, "mode" | "length" | "outFeatures" | "classes" | "dtype">;

/** Values of a position: the projected input, and with sequences the one-hot of the previous label. */
export function rowLength(plan: ItemLayout): number {
  return plan.mode === "sequence" ? plan.outFeatures + plan.classes : plan.outFeatures;
}

export function targetDtype(plan: ItemLayout): TargetDtype {
  return plan.classes <= 256 ? "uint8" : "uint16";
}

/** Bytes of the inputs and of the targets of one item. */
export function itemBytes(plan: ItemLayout): { inputs: number; targets: number } {
  return {
    inputs: plan.length * rowLength(plan) * bytesPerElement(plan.dtype),
    targets: plan.length * bytesPerElement(targetDtype(plan)),
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
