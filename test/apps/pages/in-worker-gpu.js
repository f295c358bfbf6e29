// As in-worker.js, with the code for GPUs: a service worker may not import it later.
import "/dist/gpu.js";
import "/pages/in-worker.js";
