// What a consumer writes whose compiler knows WebGPU: the device and the buffers are those of its own types.
import { type Dataset, TaskAugmentor } from "taskloom";

export async function bind(device: GPUDevice, layout: GPUBindGroupLayout, dataset: Dataset): Promise<GPUBindGroup[]> {
  const groups: GPUBindGroup[] = [];
  const tasks = new TaskAugmentor({ taskCount: 2, backend: device });
  for await (const { inputs } of tasks.gpuBatches(dataset, { batchSize: 1, reuse: true })) {
    const { buffer, offset, size } = inputs;
    groups.push(device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer, offset, size } }] }));
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, offset, device.createBuffer({ size, usage: 8 }), 0, size);
  }
  return groups;
}
