// How long worker threads had nothing to do.
import { createRequire } from "node:module";

// The object itself, in which a class can be replaced; the package asks for it when it starts a thread.
const threads = createRequire(import.meta.url)("node:worker_threads");

let watched = [];

threads.Worker = class extends threads.Worker {
  constructor(...args) {
    super(...args);
    const seen = [];
    watched.push(seen);
    this.on("message", () => seen.push(this.performance.eventLoopUtilization()));
  }
};

/** Watches the threads that start from now on. */
export function watchedThreads() {
  watched = [];
  const own = watched;
  return {
    /** The share of the time from first to last message in which they waited; `undefined` if there are none. */
    idle() {
      const spans = own.filter((seen) => seen.length > 1).map((seen) => [seen[0], seen.at(-1)]);
      if (spans.length === 0) return undefined;
      const sum = (value) => spans.reduce((all, [first, last]) => all + value(last) - value(first), 0);
      const idle = sum((span) => span.idle);
      return idle / (idle + sum((span) => span.active));
    },
  };
}
