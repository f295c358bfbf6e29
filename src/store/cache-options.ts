/** A cache of the chunks of a Zarr store: whole chunks are read, and kept for later reads. */
export interface CacheOptions {
  /**
   * Bytes of the chunks in memory, at most, besides those that are in use: 0..2^53 - 1. The chunk used longest ago goes
   * first. Default 2^28 (256 MiB).
   */
  bytes?: number | undefined;
  /**
   * A folder in which chunks are kept on disk, in Node and Deno. They are in its subfolder `taskloom-chunks-v1`, and no
   * other file is ever removed. Several processes may use it at a time. Default: none.
   */
  folder?: string | undefined;
  /** Bytes of the chunks in the folder, at most: 0..2^53 - 1. The chunk used longest ago goes first. Default 2^34 (16 GiB). */
  folderBytes?: number | undefined;
}

/** A cache with its defaults filled in. */
export interface CacheChoices {
  readonly bytes: number;
  readonly folder?: string | undefined;
  readonly folderBytes: number;
}
