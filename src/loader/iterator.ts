import type { LoaderState } from "./state.js";

/** An iteration over batches, for `for await`. Leaving the loop early is fine. */
export class BatchIterator<
  T extends {
    /** The state of the iteration after this batch. */
    readonly state: LoaderState;
  },
> implements AsyncIterableIterator<T>
{
  /** Batches of an epoch in this shard; the same number in all shards, unless `even` is false. The first epoch of a resumed iteration has only the remaining ones. */
  readonly batchesPerEpoch: number;
  readonly #batches: AsyncGenerator<T, void, undefined>;
  #state: LoaderState;

  /**
   * @param state the state before the first batch
   * @internal
   */
  constructor(batchesPerEpoch: number, state: LoaderState, batches: AsyncGenerator<T, void, undefined>) {
    this.batchesPerEpoch = batchesPerEpoch;
    this.#state = state;
    this.#batches = batches;
  }

  /**
   * Returns the state after the last batch that was given: small, plain JSON for `batches({ state })`. Batches that were
   * begun ahead do not count. After a failure the next batch is the one that failed.
   */
  state(): LoaderState {
    return this.#state;
  }

  /** Returns the next batch. Rejects if it cannot be made; the call after that tries the same batch again. */
  async next(): Promise<IteratorResult<T, void>> {
    const result = await this.#batches.next();
    if (!result.done) this.#state = result.value.state;
    return result;
  }

  /** Ends the iteration and releases its batches that were begun ahead. `for await` calls it when the loop is left early. */
  return(): Promise<IteratorResult<T, void>> {
    return this.#batches.return();
  }

  /** Returns the iteration itself, for `for await`. */
  [Symbol.asyncIterator](): this {
    return this;
  }
}
