import { follow } from "../base/abort.js";

/** Options of `ahead`. */
export interface AheadOptions<T> {
  /** Called with each result that was begun and that nobody will take, after the walk has ended. */
  readonly discard?: ((result: T) => void) | undefined;
  /** Called with each result that was given, when the next one is asked for or the walk ends. */
  readonly reclaim?: ((result: T) => void) | undefined;
  /** Ends the walk: the pending step rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Yields results in order and begins the next ones ahead: while one is used, up to `depth` others are under way or wait.
 *
 * The walk ends at the first failure, when it is aborted, and when its consumer leaves. It then aborts the results under
 * way. Failures of these are not reported.
 *
 * @param begin begins the next result; returns undefined if there is none. Its signal aborts when the walk ends early
 * @param depth results that are begun ahead, from 0
 *
 * @example
 * ```ts
 * let next = 0;
 * const begin = (signal: AbortSignal) => (next < 10 ? load(next++, signal) : undefined);
 * for await (const page of ahead(begin, 2)) show(page);
 * ```
 */
export async function* ahead<T>(
  begin: (signal: AbortSignal) => Promise<T> | undefined,
  depth: number,
  { discard, reclaim, signal }: AheadOptions<T> = {},
): AsyncGenerator<T, void, undefined> {
  signal?.throwIfAborted();
  // Every result under way listens. Node warns of more than ten listeners on the caller's signal, so they get their own.
  const stopper = follow(signal);
  const pending: Promise<T>[] = [];
  try {
    while (true) {
      while (pending.length <= depth) {
        const result = begin(stopper.signal);
        if (!result) break;
        result.catch(() => undefined); // reported where it is awaited, unless an earlier one failed
        pending.push(result);
      }
      const head = pending.shift();
      if (!head) return;
      const result = await head;
      if (signal?.aborted) {
        discard?.(result);
        throw signal.reason;
      }
      try {
        yield result;
      } finally {
        reclaim?.(result);
      }
      signal?.throwIfAborted();
    }
  } finally {
    stopper.release();
    stopper.stop();
    if (discard) for (const result of pending) result.then(discard).catch(() => undefined);
  }
}
