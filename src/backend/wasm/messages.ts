import type { Plan } from "../../plan/plan.js";
import type { ItemBytes } from "../backend.js";
import type { Examples } from "./engine.js";

/** A message to a worker, once and first. */
export interface SetUp {
  readonly kind: "set up";
  /** The bytes of the WebAssembly module, which the worker's script does not have. */
  readonly kernel: Uint8Array<ArrayBuffer>;
  readonly plan: Plan;
  readonly examples: Examples;
}

/** A message to a worker: make these items. */
export interface Weave {
  readonly kind: "weave";
  readonly first: number;
  readonly count: number;
  /** Memory that may hold the result. */
  readonly spare: ItemBytes | undefined;
}

/**
 * A message from a worker: one when its script runs, and one for each `Weave`, in order. `began` says whether the kernel
 * had started before the failure.
 */
export type Reply =
  | { readonly kind: "here" }
  | { readonly kind: "woven"; readonly woven: ItemBytes }
  | { readonly kind: "failed"; readonly began: boolean; readonly cause: Failure };

/** An error as a message holds it: engines differ in what they keep of an error that is sent. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: Failure | undefined;
}

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), stack: undefined, cause: undefined };
  const { name, message, stack, cause } = error;
  return { name, message, stack, cause: cause === undefined ? undefined : failureOf(cause) };
}

export function errorOf({ name, message, stack, cause }: Failure): Error {
  const error = new Error(message, cause ? { cause: errorOf(cause) } : {});
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
