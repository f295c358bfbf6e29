import { nodeEvents } from "./host.js";

/** An abort controller that follows a signal until it is released. */
export interface Stopper {
  readonly signal: AbortSignal;
  /** Aborts. */
  stop(): void;
  /** Follows no longer. */
  release(): void;
}

/** A controller of one's own for work of many parts, each of which listens: Node warns of more than ten on one signal. */
export function follow(leader: AbortSignal | undefined): Stopper {
  const controller = new AbortController();
  nodeEvents()?.setMaxListeners(0, controller.signal);
  const onAbort = () => controller.abort(leader?.reason);
  if (leader?.aborted) onAbort();
  leader?.addEventListener("abort", onAbort, { once: true });
  return {
    signal: controller.signal,
    stop: () => controller.abort(),
    release: () => leader?.removeEventListener("abort", onAbort),
  };
}

/** The promise, or a rejection with `signal.reason` as soon as the signal aborts. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  // Gone with its listener once the promise has settled: a signal may outlive many reads.
  const settled = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true, signal: settled.signal });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    settled.abort();
  }
}
