import type { ItemBytes } from "../backend/backend.js";
import type { Recipe } from "../plan/recipe.js";
import type { StoredArray } from "./arrays.js";

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
   * The arrays as `read` gives them. Where they are not told, targets are uint8 up to 256 values, else uint16, and labels
   * uint8 up to 255.
   */
  readonly arrays?: readonly StoredArray[];
  /**
   * Items `[first, first + count)` as little-endian bytes, one-hots in place: inputs of the recipe's dtype, targets and,
   * where they are integers, labels, of the types of `arrays`. Calls may overlap. Rejects with `signal.reason` when
   * aborted.
   */
  read(first: number, count: number, signal?: AbortSignal): Promise<ItemBytes>;
  /** Lets go of files and connections. */
  close?(): Promise<void> | void;
}
