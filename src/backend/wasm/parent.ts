import { nodeThreads } from "../../base/host.js";

/** Gives the way to the thread that started this one. */
export function parent(): {
  listen(onMessage: (message: unknown) => void): void;
  post(message: unknown, transfer?: ArrayBuffer[]): void;
} {
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
