import type { Woven, WovenBuffers } from "../backend/backend.js";
import type { Recipe } from "../recipe.js";

/**
 * A materialised task set, open for reading. An *item* is a sequence, or an example where no sequences are drawn; items
 * are numbered as `transform()` and `generate` order them.
 */
export interface ItemReader {
  /** What the store was made from. */
  readonly recipe: Recipe;
  /** How many items it holds. */
  readonly items: number;
  /**
   * Items `[first, first + count)` as little-endian bytes, one-hots in place: inputs of the recipe's dtype, targets of
   * uint8 up to 256 values, else uint16, and labels where they are integers. Calls may overlap. Rejects with `signal.reason` when aborted.
   */
  read(first: number, count: number, signal?: AbortSignal): Promise<Woven>;
  /** Lets go of files and connections. */
  close?(): Promise<void> | void;
}

/** Where a task set's items come from. Both kinds give the same bytes for the same recipe. */
export interface TaskSource {
  readonly recipe: Recipe;
  /** The items of these numbers, in this order. Calls may overlap. */
  read(items: Float64Array, signal: AbortSignal): Promise<Woven>;
  /** As `read`, in buffers on a device, the caller's own; absent where nothing is made on a device. `into`: see `GpuWeaver`. */
  readBuffers?(items: Float64Array, signal: AbortSignal, into?: WovenBuffers): Promise<WovenBuffers>;
  /** The device that `readBuffers` uses, if it is the caller's. */
  readonly device?: GPUDevice | undefined;
  /** Ends what is under way. */
  dispose(): Promise<void>;
}
