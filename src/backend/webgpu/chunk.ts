/**
 * The part of the code that only a process with a GPU needs. `import("./chunk.js")` loads it on first use, as one chunk.
 */

export { WebGpuBackend } from "./backend.js";
export { findAdapter } from "./device/adapter.js";
export { refuseHalves, standardizeExamplesOnGpu, standardizeFeaturesOnGpu } from "./standardize.js";
export { Uploader } from "./upload.js";
