/** The bytes of a file, or `undefined` where there is no such file. */
export type Bytes = Uint8Array | undefined;

/**
 * Where the files of a store come from: anything with zarrita's `AsyncReadable` interface (its stores, a `Map`). A file
 * that is not there is `undefined`; without `getRange` whole chunks are read.
 */
export interface ReadableStore {
  get(key: `/${string}`, options?: { signal?: AbortSignal }): Promise<Bytes> | Bytes;
  getRange?(
    key: `/${string}`,
    range: { offset: number; length: number },
    options?: { signal?: AbortSignal },
  ): Promise<Bytes> | Bytes;
}
