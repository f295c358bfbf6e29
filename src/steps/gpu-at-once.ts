/**
 * `taskloom/gpu`: the code for GPUs in one static import, for places where `import()` is not allowed, such as service
 * workers, and for bundles of one file. An import of it brings the backend `"webgpu"` and these functions without a later
 * request.
 *
 * @packageDocumentation
 */
import * as chunk from "../backend/webgpu/chunk.js";
import { giveChunk } from "../backend/webgpu/load.js";
import * as steps from "./gpu.js";
import { giveSteps } from "./gpu-on-demand.js";

giveChunk(chunk);
giveSteps(steps);

export { gpuMatrix, gpuNormalize, gpuProject, gpuStatistics } from "./gpu-on-demand.js";
