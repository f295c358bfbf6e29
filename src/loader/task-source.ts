import type { ItemBuffers, ItemBytes } from "../backend/backend.js";
import type { Recipe } from "../plan/recipe.js";

/** Where a task set's items come from. Both kinds give the same bytes for the same recipe. */
export interface TaskSource {
  readonly recipe: Recipe;
  /** The items of these numbers, in this order. Calls may overlap. */
  read(items: Float64Array, signal: AbortSignal): Promise<ItemBytes>;
  /** As `read`, in buffers on a device, the caller's own; absent where nothing is made on a device. `into`: see `GpuWeaver`. */
  readBuffers?(items: Float64Array, signal: AbortSignal, into?: ItemBuffers): Promise<ItemBuffers>;
  /** The device that `readBuffers` uses, if it is the caller's. */
  readonly device?: GPUDevice | undefined;
  /** Ends what is under way. */
  dispose(): Promise<void>;
}
