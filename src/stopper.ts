import { nodeEvents } from "./builtin.js";

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
