import type { Files } from "./folder.js";

/** A file of a sink, as a look at it tells. */
export interface Found {
  /** Bytes. */
  readonly size: number;
  /** A text that another write of the file changes, though it may change by itself, too, as when the file is copied. */
  readonly version: string;
}

/** The file of a chunk on its way: under no name, or a temporary one, until it is whole. */
export interface Upload {
  /** Appends bytes. */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Fills the file up with zeros and gives it its name, once its bytes are safe.
   *
   * @param check called before the file gets its name; it rejects where it must not
   * @returns the SHA-256, lower-case hex, and the version of the file
   */
  finish(check: () => Promise<void>): Promise<{ readonly sha256: string; readonly version: string }>;
  /** Takes away what was written. Does nothing after `finish`. */
  discard(): Promise<void>;
}

/** A file that grows line by line. */
export interface Appender {
  append(line: string): Promise<void>;
  close(): Promise<void>;
}

/** Files to look at. */
export interface Look {
  /** The beginning of all of their names. */
  readonly prefix: string;
  /** The number of files. */
  readonly count: number;
  /** Gives their names. */
  keys(): Iterable<string>;
  /** Is told of each file that is there, and maybe of others behind the prefix. */
  found(key: string, file: Found): void;
}

/**
 * The place that a store is written into: a folder, or an object store. Three calls make a store: `putChunk`, `putIfAbsent`
 * and `list`; the others keep it in order. Faults are `OutputError`s that name the file.
 */
export interface Sink {
  /** The folder or address, for messages. */
  readonly name: string;
  /** True for a folder. */
  readonly isLocal: boolean;
  /** Part of the names of this run's working files: no other run has it. */
  readonly run: string;
  /** Reads what is there, as it is at the moment. */
  readonly files: Files;
  /** Bytes that a default chunk has at most; undefined where nothing limits them. */
  readonly chunkLimit: number | undefined;
  /** Bytes that a chunk can have at most. */
  readonly chunkMost: number;
  /** @throws OutputError when there is too little room */
  checkSpace(bytes: number): Promise<void>;
  /** Makes the place for working files, and removes what is left there of runs that were killed. */
  begin(): Promise<void>;
  /** Begins the file of a chunk of so many bytes. */
  putChunk(key: string, bytes: number): Promise<Upload>;
  /** Writes a file that is there whole or not at all, unless there is one of this name. */
  putIfAbsent(key: string, text: string): Promise<void>;
  /** Writes a file that is there whole or not at all. */
  put(key: string, text: string): Promise<void>;
  /** Opens a file of this run's own for appending. Nothing is written before the first line. */
  appendTo(key: string): Appender;
  /** Lists the names of all files whose names begin with `prefix`, which is empty or ends with a slash. */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<string>;
  /** The names of files and folders at the top. */
  names(): Promise<string[]>;
  /** Looks at files, each once, many at a time. */
  look(look: Look, signal: AbortSignal | undefined): Promise<void>;
  /** Removes files, and their folders, and `folder`, if they are empty then. */
  remove(keys: readonly string[], folder?: string): Promise<void>;
}

/** Files that are looked at, or removed, at a time. */
export const WIDTH = 32;

/** Calls a function for each of many things, so many at a time. */
export async function inParallel<T>(
  things: Iterable<T> | AsyncIterable<T>,
  width: number,
  work: (thing: T) => Promise<void>,
): Promise<void> {
  const iterator = Symbol.asyncIterator in things ? things[Symbol.asyncIterator]() : things[Symbol.iterator]();
  let failed = false;
  const worker = async () => {
    try {
      // Several calls of next() at once are in order for generators, synchronous or not.
      for (let next = await iterator.next(); !(next.done || failed); next = await iterator.next()) {
        await work(next.value);
      }
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}
