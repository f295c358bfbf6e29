import type { Dataset } from "../dataset/index.js";
import type { Plan } from "../plan/plan.js";

/**
 * What a backend does: it holds the examples, and makes any run of items of a plan. The augmentor does the rest
 * (options, order, prefetching, putting pieces together), once for all backends.
 *
 * Results are functions of the plan and the item number only: never of how a run was cut, of threads or of devices.
 */
export interface Backend {
  readonly name: string;
  /** What is to be said of it besides, if anything: such as why it works in the calling thread. */
  remark?(): Promise<string | undefined>;
  /** Uploads what all runs share. The weaver belongs to the caller. */
  open(plan: Plan, dataset: Dataset, signal: AbortSignal | undefined): Promise<Weaver>;
}

export interface Weaver {
  /** How many `weave` calls can make progress at the same time. */
  readonly width: number;
  /** Bytes of inputs that a call had better ask for: enough to keep the machinery busy, little enough to be held. */
  readonly pieceBytes: number;
  /**
   * Makes items `[first, first + count)`. Calls may overlap. Rejects with `signal.reason` when aborted and with a
   * `BackendError` when the machinery fails; later calls work again.
   */
  weave(first: number, count: number, signal: AbortSignal | undefined): Promise<ItemBytes>;
  /**
   * As `weave`, but into arrays for as many items that are there already: for weavers that get along without a copy then.
   * A long run is made step by step.
   */
  fill?(first: number, count: number, into: ItemBytes, signal: AbortSignal | undefined): Promise<void>;
  /** Takes results back that nobody looks at any more, so that their memory can serve again. */
  recycle?(woven: ItemBytes): void;
  /** Releases memory and threads; calls under way reject with a `DisposedError`. */
  dispose(): void;
}

/**
 * A weaver whose results can stay on a GPU. It takes items in any order at once, as a call for each would leave the GPU
 * waiting.
 */
export interface GpuWeaver extends Weaver {
  /** As `weave`, for the items of these numbers, in this order. */
  weaveItems(items: Float64Array, signal: AbortSignal | undefined): Promise<ItemBytes>;
  /** As `weaveBuffers`, for the items of these numbers, in this order. */
  weaveItemBuffers(
    items: Float64Array,
    signal: AbortSignal | undefined,
    into?: ItemBuffers | undefined,
  ): Promise<ItemBuffers>;
  /**
   * As `weave`, but into buffers that are ready to be bound when the promise resolves; the caller's own.
   *
   * @param into earlier results. They are written over if they have exactly the size that is needed, and destroyed
   *   otherwise. After a failure their content is undefined.
   */
  weaveBuffers(
    first: number,
    count: number,
    signal: AbortSignal | undefined,
    into?: ItemBuffers | undefined,
  ): Promise<ItemBuffers>;
}

/** Results in buffers: `bytes` bytes of inputs, and one u32 for each target and each given label. */
export interface ItemBuffers {
  readonly device: GPUDevice;
  readonly inputs: GPUBuffer;
  readonly targets: GPUBuffer;
  /** Only where the plan has labels in an array of their own. */
  readonly labels?: GPUBuffer;
  readonly bytes: number;
}

export function destroyBuffers({ inputs, targets, labels }: ItemBuffers): void {
  inputs.destroy();
  targets.destroy();
  labels?.destroy();
}

/** Raw results: `count * itemBytes(plan)` bytes each, the caller's own. */
export interface ItemBytes {
  readonly inputs: ArrayBuffer;
  readonly targets: ArrayBuffer;
  /** Only where the plan has labels in an array of their own. */
  readonly labels?: ArrayBuffer;
}

/** All arrays of a result, to be transferred. */
export function buffersOf({ inputs, targets, labels }: ItemBytes): ArrayBuffer[] {
  return labels ? [inputs, targets, labels] : [inputs, targets];
}
