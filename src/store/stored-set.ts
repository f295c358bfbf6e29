import type { Files } from "../files/folder.js";
import type { StoredArray, StoreFormat } from "./arrays.js";
import type { StoreLayout } from "./zarr.js";

/** Where the values of a chunk are. */
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
