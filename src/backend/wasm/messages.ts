import type { Plan } from "../../plan/plan.js";
import type { ItemBytes } from "../backend.js";
import type { Examples } from "./engine.js";

/** To a worker, once and first. */
export interface SetUp {
  readonly kind: "set up";
  readonly plan: Plan;
  readonly examples: Examples;
}

/** To a worker: make these items. */
export interface Weave {
  readonly kind: "weave";
  readonly first: number;
  readonly count: number;
  /** Memory that may hold the result. */
  readonly spare: ItemBytes | undefined;
}

/** From a worker, one for each `Weave`, in order. */
export type Reply =
  | { readonly kind: "woven"; readonly woven: ItemBytes }
  | { readonly kind: "failed"; readonly cause: unknown };
