import type { Files } from "../files/folder.js";
import type { Recipe } from "../plan/recipe.js";
import { itemsOf } from "../plan/set-layout.js";
import type { StoredArray, StoreFormat } from "./arrays.js";
import type { StoreLayout } from "./zarr.js";

/** The place of the values of a chunk. */
export interface Place {
  /** The file, by its place in the folder. */
  readonly key: string;
  /** The first byte of the values in the file. */
  readonly offset: number;
  /** Bytes of the values. */
  readonly length: number;
  /** Bytes of the file. */
  readonly size: number;
}

/**
 * A folder that `generate` wrote, open for reading: what its documents say. Formats of single files have one chunk, of
 * all items.
 */
export interface StoredSet extends StoreLayout {
  readonly format: StoreFormat;
  readonly files: Files;
  /** The bytes of a store's `zarr.json`; undefined in other formats. */
  readonly document: Uint8Array | undefined;
  place(array: StoredArray, chunk: number): Place;
}

/** A set in single files: no document of a store, label cells in place, and one chunk of all items. */
export function singleFiles(
  format: Exclude<StoreFormat, "zarr">,
  files: Files,
  recipe: Recipe,
  arrays: readonly StoredArray[],
  place: StoredSet["place"],
): StoredSet {
  const items = itemsOf(recipe);
  return {
    format,
    files,
    document: undefined,
    recipe,
    onehot: true,
    items,
    chunkItems: items,
    separator: ".",
    arrays,
    place,
  };
}
