import type { Dataset } from "../dataset/index.js";
import type { Plan } from "../plan/plan.js";

/**
 * A backend holds the examples and makes any run of items of a plan. The augmentor does the rest for all backends: options,
 * order, prefetching, and assembling pieces.
 *
 * Results are functions of the plan and the item number only. They do not depend on how a run is cut, on threads or on
 * devices.
 */
export interface Backend {
  readonly name: string;
  /** Returns a remark about the backend, for example why it works in the calling thread. */
  remark?(): Promise<string | undefined>;
  /** Uploads the data that all runs share. The caller owns the weaver. */
  open(plan: Plan, dataset: Dataset, signal: AbortSignal | undefined): Promise<Weaver>;
}

export interface Weaver {
  /** The number of `weave` calls that can make progress at the same time. */
  readonly width: number;
  /**
   * Recommended size of a call, in bytes of inputs: large enough to keep the workers busy, small enough to keep a few in
   * memory.
   */
  readonly pieceBytes: number;
  /**
   * Makes items `[first, first + count)`. Calls may overlap. Rejects with `signal.reason` if aborted, and with a
   * `BackendError` if a worker or the device fails. Later calls work again.
   */
  weave(first: number, count: number, signal: AbortSignal | undefined): Promise<ItemBytes>;
  /**
   * Like `weave`, but writes into existing arrays of the right size. Implemented only where this saves a copy. A long run is
   * made in steps.
   */
  fill?(first: number, count: number, into: ItemBytes, signal: AbortSignal | undefined): Promise<void>;
  /** Takes results back that nobody uses, so that later calls can reuse their memory. */
  recycle?(woven: ItemBytes): void;
  /** Releases memory and threads. Calls under way reject with a `DisposedError`. */
  dispose(): void;
}

/**
 * A weaver whose results can stay on a GPU. One call takes items in any order, because a call for each item would leave the
 * GPU idle.
 */
export interface GpuWeaver extends Weaver {
  /** Like `weave`, for the items of these numbers, in this order. */
  weaveItems(items: Float64Array, signal: AbortSignal | undefined): Promise<ItemBytes>;
  /** Like `weaveBuffers`, for the items of these numbers, in this order. */
  weaveItemBuffers(
    items: Float64Array,
    signal: AbortSignal | undefined,
    into?: ItemBuffers | undefined,
  ): Promise<ItemBuffers>;
  /**
   * Like `weave`, but into buffers that are ready to be bound when the promise resolves. The caller owns them.
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
  /** Present only if the plan has labels in an array of their own. */
  readonly labels?: GPUBuffer;
  readonly bytes: number;
}

export function destroyBuffers({ inputs, targets, labels }: ItemBuffers): void {
  inputs.destroy();
  targets.destroy();
  labels?.destroy();
}

/** Raw results: `count * itemBytes(plan)` bytes each. The caller owns the arrays. */
export interface ItemBytes {
  /** The inputs of all items, `count * itemBytes(plan)` bytes: float32, or float16 bits, little-endian. */
  readonly inputs: ArrayBuffer;
  /** The targets of all items: uint8 up to 256 label values, else uint16. Stores may hold other types: see their `arrays`. */
  readonly targets: ArrayBuffer;
  /** Present only if the plan has labels in an array of their own. */
  readonly labels?: ArrayBuffer;
}

/** Returns all arrays of a result, for a transfer. */
export function buffersOf({ inputs, targets, labels }: ItemBytes): ArrayBuffer[] {
  return labels ? [inputs, targets, labels] : [inputs, targets];
}
