/**
 * What only a process with a GPU needs, a third of the code: loaded as one, by `import("./gpu-code.js")`, when it is first
 * used.
 */
export { WebGpuBackend } from "./backend/webgpu/backend.js";
export { findAdapter } from "./backend/webgpu/device.js";
export { gpuMatrix, gpuNormalize, gpuProject, gpuStatistics } from "./gpu.js";
export { Uploader } from "./loader/upload.js";
export {
  refuseHalves,
  standardiseBatchOnGpu,
  standardiseExamplesOnGpu,
  standardiseFeaturesOnGpu,
} from "./scaling/on-gpu.js";
