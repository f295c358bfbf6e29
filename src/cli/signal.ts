import { setMaxListeners } from "node:events";
import { EXIT } from "./report.js";

const abort = new AbortController();
// Each file that is read listens, and Node warns of more than ten listeners.
setMaxListeners(0, abort.signal);

/** Ctrl-C and a polite kill end the work in order: what was begun is taken back, nothing else is touched. */
export const signal = abort.signal;

let outcome = "nothing was written";

/** Says what an interruption leaves, where that is something. */
export function onInterrupt(text: string): void {
  outcome = text;
}

/** Returns what an interruption left. */
export function interruption(): string {
  return outcome;
}

// The handlers stay: a second Ctrl-C must not end the tidying half-way.
for (const [name, code] of [
  ["SIGHUP", EXIT.hungUp],
  ["SIGINT", EXIT.interrupted],
  ["SIGQUIT", EXIT.quit],
  ["SIGTERM", EXIT.terminated],
] as const) {
  process.on(name, () => {
    if (abort.signal.aborted) return;
    process.exitCode = code;
    abort.abort(new Error("interrupted"));
  });
}
