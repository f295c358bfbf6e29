import type { Gpu } from "./device.js";

/** Creates a bind group from buffers or parts of buffers; the i-th resource gets binding i. */
export function bindGroup(
  { device }: Gpu,
  pipeline: GPUComputePipeline,
  label: string,
  resources: readonly (GPUBuffer | GPUBufferBinding)[],
): GPUBindGroup {
  return device.createBindGroup({
    label: `taskloom ${label}`,
    layout: pipeline.getBindGroupLayout(0),
    entries: resources.map((resource, binding) => ({
      binding,
      resource: "buffer" in resource ? resource : { buffer: resource },
    })),
  });
}
