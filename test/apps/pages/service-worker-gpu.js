import { askServiceWorker } from "./ask-service-worker.js";

globalThis.woven = askServiceWorker("/pages/in-worker-gpu.js");
