import { labelDtype, labelValues, type Plan, targetDtype } from "../plan/plan.js";

/** No label is given at a position. */
export const NO_LABEL = 0xffffffff;

/** The targets of items from `item` on in a buffer, to be filled from `Drawn.targets`. */
export function targetView(plan: Plan, buffer: ArrayBuffer, item: number): Uint8Array | Uint16Array {
  const start = item * plan.length;
  return targetDtype(plan) === "uint8" ? new Uint8Array(buffer, start) : new Uint16Array(buffer, start * 2);
}

/** Writes given labels from position `position` on, one value above the others standing for none. */
export function storeLabels(plan: Plan, buffer: ArrayBuffer, position: number, given: Uint32Array): void {
  const view = labelDtype(plan) === "uint8" ? new Uint8Array(buffer) : new Uint16Array(buffer);
  const none = labelValues(plan);
  for (let i = 0; i < given.length; i++) view[position + i] = Math.min(given[i] as number, none);
}
