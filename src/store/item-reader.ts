import type { ItemBytes } from "../backend/backend.js";
import type { Recipe } from "../plan/recipe.js";

/**
 * A materialised task set, open for reading. An *item* is a sequence, or an example where no sequences are drawn; items
 * are numbered as `transform()` and `generate` order them.
 */
export interface ItemReader {
  /** The recipe that the store was made from. */
  readonly recipe: Recipe;
  /** The number of items. */
  readonly items: number;
  /** Items of a chunk, where there are chunks: `shuffle: "chunks"` of a walk goes by it. */
  readonly chunkItems?: number | undefined;
  /**
   * Items `[first, first + count)` as little-endian bytes, one-hots in place: inputs of the recipe's dtype, targets of
   * uint8 up to 256 values, else uint16, and labels where they are integers. Calls may overlap. Rejects with `signal.reason` when aborted.
   */
  read(first: number, count: number, signal?: AbortSignal): Promise<ItemBytes>;
  /** Lets go of files and connections. */
  close?(): Promise<void> | void;
}
