import { Dataset, TaskAugmentor } from "taskloom";
import TaskloomWorker from "taskloom/worker?worker";
import { report } from "./weave.js";

const createWorker = () => new TaskloomWorker();
globalThis.woven = report({ Dataset, TaskAugmentor }, { factory: { backend: "wasm", workers: 2, createWorker } });
