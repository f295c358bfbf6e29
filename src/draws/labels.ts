import { labelDtype, labelValues, type Plan, targetDtype } from "../plan/plan.js";

/** The value among drawn labels that says: no label is given at this position. */
export const NO_LABEL = 0xffffffff;

/** Returns the targets of items from `item` on in a buffer, to be filled from `Drawn.targets`. */
export function targetView(plan: Plan, buffer: ArrayBuffer, item: number): Uint8Array | Uint16Array {
  const start = item * plan.length;
  return targetDtype(plan) === "uint8" ? new Uint8Array(buffer, start) : new Uint16Array(buffer, start * 2);
}

/** Writes given labels from position `position` on. The value above all labels stands for none. */
export function storeLabels(plan: Plan, buffer: ArrayBuffer, position: number, given: Uint32Array): void {
  const view = labelDtype(plan) === "uint8" ? new Uint8Array(buffer) : new Uint16Array(buffer);
  const none = labelValues(plan);
  for (let i = 0; i < given.length; i++) view[position + i] = Math.min(given[i] as number, none);
}
