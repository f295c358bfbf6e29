/** The bytes of a file, or `undefined` where there is no such file. */
export type Bytes = Uint8Array | undefined;

/**
 * A source of the files of a store: anything with zarrita's `AsyncReadable` interface (its stores, a `Map`). A file
 * that is not there is `undefined`; without `getRange` whole chunks are read.
 */
export interface ReadableStore {
  /** Reads a whole file; `undefined` where there is none. */
  get(key: `/${string}`, options?: { signal?: AbortSignal }): Promise<Bytes> | Bytes;
  /** Reads `length` bytes from byte `offset` on; fewer only where the file ends. */
  getRange?(
    key: `/${string}`,
    range: { offset: number; length: number },
    options?: { signal?: AbortSignal },
  ): Promise<Bytes> | Bytes;
}
