import { Dataset, TaskAugmentor } from "taskloom";
import { report } from "./weave.js";

const createWorker = () => new Worker(new URL("taskloom/worker", import.meta.url), { type: "module" });
globalThis.woven = report({ Dataset, TaskAugmentor }, { factory: { backend: "wasm", workers: 2, createWorker } });
