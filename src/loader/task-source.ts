import type { ItemBuffers, ItemBytes } from "../backend/backend.js";
import type { Recipe } from "../plan/recipe.js";

/** A source of a task set's items: a recipe or a store. Both give the same bytes for the same recipe. */
export interface TaskSource {
  readonly recipe: Recipe;
  /** Items of a chunk, where the source has more than one; reads within a chunk touch the fewest files. */
  readonly chunkItems?: number | undefined;
  /** Reads the items of these numbers, in this order. Calls may overlap. */
  read(items: Float64Array, signal: AbortSignal): Promise<ItemBytes>;
  /**
   * Like `read`, but into buffers on a device, which the caller owns. Absent if the source makes nothing on a device.
   *
   * @param into see `GpuWeaver`
   */
  readBuffers?(items: Float64Array, signal: AbortSignal, into?: ItemBuffers): Promise<ItemBuffers>;
  /** The device of `readBuffers`, if it is a device of the caller. */
  readonly device?: GPUDevice | undefined;
  /** Ends the calls under way and releases files, threads and connections. */
  dispose(): Promise<void>;
}
