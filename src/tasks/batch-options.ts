/** A range of tasks, and how to walk it. */
export interface BatchOptions {
  /** First task index, inclusive. Default: the augmentor's first. */
  start?: number;
  /** Last task index, exclusive. Default: the augmentor's end. */
  stop?: number;
  /** Tasks in a batch; the last one may have fewer. Default: as suits the backend, some MiB of inputs. */
  batchSize?: number;
  /**
   * Use the memory of a batch again once the next one is asked for: a long walk allocates nothing then, but a batch must
   * be used up or copied before that, as its arrays are empty or overwritten afterwards. For GPU buffers see `gpuBatches`.
   * Default false.
   */
  reuse?: boolean;
  /** Ends the iteration: the pending step rejects with `signal.reason`. */
  signal?: AbortSignal;
}
