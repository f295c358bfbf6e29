import type * as steps from "./gpu.js";

/** The steps of gpu.ts, which is loaded with the first. */
const load = () => import("./gpu.js");

export const gpuMatrix: typeof steps.gpuMatrix = async (...args) => (await load()).gpuMatrix(...args);
export const gpuProject: typeof steps.gpuProject = async (...args) => (await load()).gpuProject(...args);
export const gpuStatistics: typeof steps.gpuStatistics = async (...args) => (await load()).gpuStatistics(...args);
export const gpuNormalize: typeof steps.gpuNormalize = async (...args) => (await load()).gpuNormalize(...args);
