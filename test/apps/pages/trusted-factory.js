import * as taskloom from "/dist/index.js";
import { report } from "/weave.js";

const policy = globalThis.trustedTypes.createPolicy("taskloom", { createScriptURL: (url) => url });
const createWorker = () => new Worker(policy.createScriptURL("/dist/worker.js"), { type: "module" });
globalThis.woven = report(taskloom, { factory: { backend: "wasm", workers: 2, createWorker } });
