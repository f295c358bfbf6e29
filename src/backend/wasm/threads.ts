import { InvalidOptionError } from "../../base/errors.js";
import { hostProcess, nodeOs, nodeThreads } from "../../base/host.js";
import type { WorkerLike } from "../../base/worker-like.js";
import { isCrossOrigin, NoThreads, workerUrl } from "./worker-url.js";

/**
 * Worker threads as all runtimes have them: Web Workers in browsers, Bun and Deno (whose `node:worker_threads` loses large
 * messages, seen in 2.9), `worker_threads` in Node.
 */

export interface Thread {
  /** True if an idle thread keeps the process from ending by itself. Such a thread should be terminated soon. */
  readonly holdsProcess: boolean;
  post(message: unknown, transfer?: ArrayBuffer[]): void;
  /** Says whether the thread has work, during which the process must not end. */
  keepAlive(keep: boolean): void;
  terminate(): void;
}

/** Makes a worker; see `TaskAugmentorOptions.createWorker`. */
export type CreateWorker = () => WorkerLike;

type NodeWorker = import("node:worker_threads").Worker;

/** Says whether this runtime has threads. A SharedWorker and a service worker have none. */
export function hasThreads(): boolean {
  return typeof Worker !== "undefined" || nodeThreads() !== undefined;
}

/**
 * Starts the worker script that stands beside this module in the published build, or the worker that `create` makes.
 * What is wrong is thrown, or reported to `onFailure` later.
 */
export function startThread(
  onMessage: (message: unknown) => void,
  onFailure: (cause: unknown) => void,
  create: CreateWorker | undefined,
): Thread {
  const worker = create ? create() : makeWorker();
  if (isNodeWorker(worker)) return nodeThread(worker, onMessage, onFailure);
  if (isWebWorker(worker)) return webThread(worker, onMessage, onFailure);
  throw new InvalidOptionError("createWorker", create, "a function that returns a Worker (not a promise of one)");
}

function makeWorker(): Worker | NodeWorker {
  if (typeof Worker !== "undefined") return makeWebWorker(workerUrl());
  const threads = nodeThreads();
  if (!threads) throw new NoThreads();
  // Without the flags of the process: the script needs none, and threads refuse some, such as --input-type.
  return new threads.Worker(workerUrl(), { execArgv: [] });
}

function makeWebWorker(url: URL): Worker {
  const how = { type: "module", name: "taskloom" } as const;
  return isCrossOrigin(url) ? workerFromElsewhere(url, how) : new Worker(url, how);
}

/**
 * Starts a script from another origin: a page may start workers from its own origin only, but what a worker imports may
 * come from anywhere. A frame without an origin cannot start modules from blob: URLs (Chromium 156), but from data: URLs.
 */
function workerFromElsewhere({ href }: URL, how: WorkerOptions): Worker {
  const script = `import ${JSON.stringify(href)};`;
  if ((globalThis as { origin?: string }).origin === "null") {
    return new Worker(`data:text/javascript,${encodeURIComponent(script)}`, how);
  }
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  try {
    return new Worker(url, how);
  } finally {
    URL.revokeObjectURL(url);
  }
}

function isNodeWorker(worker: unknown): worker is NodeWorker {
  return typeof (worker as NodeWorker | null)?.on === "function" && typeof (worker as NodeWorker).unref === "function";
}

function isWebWorker(worker: unknown): worker is Worker {
  return typeof (worker as Worker | null)?.addEventListener === "function" && "postMessage" in (worker as Worker);
}

function nodeThread(
  worker: NodeWorker,
  onMessage: (message: unknown) => void,
  onFailure: (cause: unknown) => void,
): Thread {
  worker.on("message", onMessage);
  worker.on("messageerror", onFailure);
  worker.on("error", onFailure);
  worker.on("exit", (code) => onFailure(new Error(`the worker thread ended with code ${code}`)));
  worker.unref();
  return {
    holdsProcess: false,
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    keepAlive: (keep) => (keep ? worker.ref() : worker.unref()),
    terminate: () => {
      worker.removeAllListeners();
      // An error that comes after the end is no error.
      worker.on("error", () => undefined);
      void worker.terminate();
    },
  };
}

function webThread(worker: Worker, onMessage: (message: unknown) => void, onFailure: (cause: unknown) => void): Thread {
  const listeners = new AbortController();
  const listening = { signal: listeners.signal };
  worker.addEventListener("message", (event) => onMessage(event.data), listening);
  const unreadable = () => onFailure(new Error("a message of the worker could not be read"));
  worker.addEventListener("messageerror", unreadable, listening);
  const failed = (event: ErrorEvent) => {
    event.preventDefault();
    onFailure(event.error ?? new Error(event.message || "the worker script could not be loaded"));
  };
  worker.addEventListener("error", failed, listening);
  return {
    holdsProcess: hostProcess() !== undefined,
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    keepAlive: () => undefined,
    terminate: () => {
      listeners.abort();
      // Deno reports an error that nobody listens to, even after the end.
      worker.addEventListener("error", (event) => event.preventDefault());
      worker.terminate();
    },
  };
}

/** Returns the number of threads that can run at once on this machine. */
export function availableParallelism(): number {
  return nodeOs()?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}
