import { BackendError } from "../../base/errors.js";
import { nodeOs, nodeThreads } from "../../base/host.js";

/**
 * Worker threads as all runtimes have them: Web Workers in browsers and Deno (whose `node:worker_threads` loses large
 * messages, seen in 2.9), `worker_threads` in Node.
 */

export interface Thread {
  /** Whether an idle thread keeps the process from ending by itself; it should be terminated then. */
  readonly holdsProcess: boolean;
  post(message: unknown, transfer?: ArrayBuffer[]): void;
  /** Says whether the thread has work, during which the process must not end. */
  keepAlive(keep: boolean): void;
  terminate(): void;
}

/** Starts the worker script that stands beside this module in the published build. */
export function startThread(onMessage: (message: unknown) => void, onFailure: (cause: unknown) => void): Thread {
  return typeof Worker === "undefined" ? startNodeThread(onMessage, onFailure) : startWebWorker(onMessage, onFailure);
}

function startNodeThread(onMessage: (message: unknown) => void, onFailure: (cause: unknown) => void): Thread {
  const threads = nodeThreads();
  if (!threads) throw new BackendError("wasm", "this runtime has no worker threads; use workers: 0");
  // Without the flags of the process: the script needs none, and threads refuse some, such as --input-type.
  const worker = new threads.Worker(new URL("./worker.js", import.meta.url), { execArgv: [] });
  worker.on("message", onMessage);
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

function startWebWorker(onMessage: (message: unknown) => void, onFailure: (cause: unknown) => void): Thread {
  const worker = isCrossOrigin()
    ? workerFromElsewhere()
    : // This form, literally, is what bundlers recognise.
      new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "taskloom" });
  worker.onmessage = (event) => onMessage(event.data);
  worker.onmessageerror = () => onFailure(new Error("a message of the worker could not be read"));
  worker.onerror = (event) => {
    event.preventDefault();
    onFailure(new Error(event.message || "the worker script could not be loaded"));
  };
  return {
    holdsProcess: globalThis.process !== undefined,
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    keepAlive: () => undefined,
    terminate: () => worker.terminate(),
  };
}

/** Whether this module came from another origin than the page, as from a CDN. */
function isCrossOrigin(): boolean {
  const { origin } = globalThis.location ?? {};
  const { protocol, origin: own } = new URL(import.meta.url);
  return origin !== undefined && origin !== own && protocol.startsWith("http");
}

/** A page may start workers from its own origin only, but what a worker imports may come from anywhere. */
function workerFromElsewhere(): Worker {
  const script = `import ${JSON.stringify(new URL("./worker.js", import.meta.url).href)};`;
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  try {
    return new Worker(url, { type: "module", name: "taskloom" });
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Inside a worker: the way to the thread that started it. */
export function parent(): { listen(onMessage: (message: unknown) => void): void; post: Thread["post"] } {
  const scope = globalThis as unknown as {
    WorkerGlobalScope?: unknown;
    onmessage: (event: { data: unknown }) => void;
    postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  };
  const port = scope.WorkerGlobalScope === undefined ? nodeThreads()?.parentPort : undefined;
  if (port) {
    return {
      listen: (onMessage) => void port.on("message", onMessage),
      post: (message, transfer = []) => port.postMessage(message, transfer),
    };
  }
  return {
    listen: (onMessage) => {
      scope.onmessage = (event) => onMessage(event.data);
    },
    post: (message, transfer = []) => scope.postMessage(message, transfer),
  };
}

/** How many threads can run at once here. */
export function availableParallelism(): number {
  return nodeOs()?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}
