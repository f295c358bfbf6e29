import type { FromMeasure, Order } from "./messages.js";
import { measure } from "./run.js";

const scope = globalThis as unknown as {
  postMessage(message: FromMeasure): void;
  onmessage: (event: { data: Order }) => void;
};
scope.onmessage = ({ data }) => {
  measure(data, (message) => scope.postMessage(message)).catch((error: unknown) => {
    scope.postMessage({ kind: "problem", text: error instanceof Error ? error.message : String(error) });
    scope.postMessage({ kind: "done" });
  });
};
