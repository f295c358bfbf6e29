import { nodeEvents } from "./host.js";

/** An abort controller that follows a signal until it is released. */
export interface Stopper {
  readonly signal: AbortSignal;
  /** Aborts with a reason, by default an `AbortError`. */
  stop(reason?: unknown): void;
  /** Stops following. */
  release(): void;
}

/** Makes a controller for work of many parts, each of which listens: Node warns of more than ten listeners. */
export function follow(leader: AbortSignal | undefined): Stopper {
  const controller = new AbortController();
  nodeEvents()?.setMaxListeners(0, controller.signal);
  const onAbort = () => controller.abort(leader?.reason);
  if (leader?.aborted) onAbort();
  leader?.addEventListener("abort", onAbort, { once: true });
  return {
    signal: controller.signal,
    stop: (reason) => controller.abort(reason),
    release: () => leader?.removeEventListener("abort", onAbort),
  };
}

/** Returns the promise's result, or rejects with `signal.reason` as soon as the signal aborts. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  // The listener goes when the promise settles: a signal may outlive many reads.
  const settled = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true, signal: settled.signal });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    settled.abort();
  }
}

/** Waits, or rejects with `signal.reason` as soon as the signal aborts. */
export async function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await abortable(
      new Promise<void>((resolve) => {
        timer = setTimeout(resolve, milliseconds);
      }),
      signal,
    );
  } finally {
    clearTimeout(timer);
  }
}

/** Longest time in milliseconds before a long loop lets other work run: signals of the process, timers, clicks. */
const PACE = 50;

/**
 * Makes a function for loops without waits of their own. Each call throws `signal.reason` if the signal is aborted; about
 * every 50 ms a call waits one turn of the event loop, so that the signal can be aborted at all.
 */
export function pacer(signal: AbortSignal | undefined): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    signal?.throwIfAborted();
    if (performance.now() - last < PACE) return undefined;
    return sleep(0, signal).then(() => {
      last = performance.now();
    });
  };
}
