import { follow } from "../base/abort.js";
import type { LoaderState } from "./state.js";

/** What an iteration is made of. */
export interface Iteration<T> {
  /** Batches of an epoch that this iteration walks over. */
  readonly batchesPerEpoch: number;
  /** Where it begins. */
  readonly state: LoaderState;
  /** Begins the next batch; `undefined` where there is none. */
  readonly begin: (signal: AbortSignal) => Promise<T> | undefined;
  /** What becomes of a batch that was made ahead and that nobody will take. */
  readonly discard?: (batch: T) => void;
  /** Takes a batch back that was given: the next one was asked for, or the iteration has ended. */
  readonly reclaim?: (batch: T) => void;
  /** Called when the iteration has ended, after the last `reclaim`; some of `discard` may come later. */
  readonly end?: () => void;
  readonly prefetch: number;
  readonly signal: AbortSignal | undefined;
}

/** Batches, one after the other, for `for await`. Leaving the loop early is fine. */
export class BatchIterator<T extends { readonly state: LoaderState }> implements AsyncIterableIterator<T> {
  /** Batches of an epoch, in this shard; the first epoch of a resumed iteration has only what is left of them. */
  readonly batchesPerEpoch: number;
  readonly #batches: AsyncGenerator<T, void, undefined>;
  #state: LoaderState;

  /** @internal */
  constructor(iteration: Iteration<T>) {
    this.batchesPerEpoch = iteration.batchesPerEpoch;
    this.#state = iteration.state;
    this.#batches = walk(iteration);
  }

  /**
   * Where the iteration stands: after the last batch it gave, whatever was made ahead. Small, and plain JSON. A batch
   * that failed is the next one.
   */
  state(): LoaderState {
    return this.#state;
  }

  async next(): Promise<IteratorResult<T, void>> {
    const result = await this.#batches.next();
    if (!result.done) this.#state = result.value.state;
    return result;
  }

  return(): Promise<IteratorResult<T, void>> {
    return this.#batches.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

async function* walk<T>(iteration: Iteration<T>): AsyncGenerator<T, void, undefined> {
  const { begin, discard, reclaim, end, prefetch, signal } = iteration;
  signal?.throwIfAborted();
  const stopper = follow(signal);
  const ahead: Promise<T>[] = [];
  try {
    while (true) {
      while (ahead.length <= prefetch) {
        const batch = begin(stopper.signal);
        if (!batch) break;
        batch.catch(() => undefined); // reported where it is awaited, unless an earlier one failed
        ahead.push(batch);
      }
      const head = ahead.shift();
      if (!head) return;
      const batch = await head;
      if (signal?.aborted) {
        discard?.(batch);
        throw signal.reason;
      }
      try {
        yield batch;
      } finally {
        reclaim?.(batch);
      }
      signal?.throwIfAborted();
    }
  } finally {
    stopper.release();
    stopper.stop();
    // Made ahead, or still under way: nobody will own them.
    if (discard) for (const batch of ahead) batch.then(discard).catch(() => undefined);
    end?.();
  }
}
