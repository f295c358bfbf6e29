/**
 * A thread as `createWorker` gives it: a Web Worker, or in Node a `Worker` of `node:worker_threads`. Its script is
 * `taskloom/worker`. The augmentor that asks for it also ends it.
 */
export interface WorkerLike {
  /** Sends a message to the thread. */
  // biome-ignore lint/suspicious/noExplicitAny: both kinds of workers take any message
  postMessage(message: any): void;
  /** Ends the thread. */
  terminate(): unknown;
}
