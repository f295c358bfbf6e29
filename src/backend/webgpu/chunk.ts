/**
 * What only a process with a GPU needs, a third of the code: loaded as one, by `import("./chunk.js")`, when it is first
 * used.
 */

export { WebGpuBackend } from "./backend.js";
export { findAdapter } from "./device/device.js";
export {
  refuseHalves,
  standardizeBatchOnGpu,
  standardizeExamplesOnGpu,
  standardizeFeaturesOnGpu,
} from "./standardize.js";
export { Uploader } from "./upload.js";
