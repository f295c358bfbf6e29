type Key = `/${string}`;
type Bytes = Uint8Array | undefined;

/**
 * Where the files of a store come from: anything with zarrita's `AsyncReadable` interface (its stores, a `Map`). A file
 * that is not there is `undefined`; without `getRange` whole chunks are read.
 */
export interface ReadableStore {
  get(key: Key, options?: { signal?: AbortSignal }): Promise<Bytes> | Bytes;
  getRange?(
    key: Key,
    range: { offset: number; length: number },
    options?: { signal?: AbortSignal },
  ): Promise<Bytes> | Bytes;
}
