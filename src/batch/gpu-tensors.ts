import type { ItemBuffers } from "../backend/backend.js";
import type { GpuBatch, GpuTensor } from "../base/tensor.js";
import { type ItemLayout, inputShape, targetShape } from "../plan/plan.js";

/** Returns the buffers of `count` items as tensors. */
export function gpuTensorsOf(
  layout: ItemLayout,
  count: number,
  { inputs, targets, labels, bytes }: ItemBuffers,
): Pick<GpuBatch, "inputs" | "targets" | "labels"> {
  const integers = (buffer: GPUBuffer): GpuTensor<"uint32"> => ({
    dtype: "uint32",
    shape: targetShape(layout, count),
    buffer,
    offset: 0,
    size: count * layout.length * 4,
  });
  return {
    inputs: { dtype: layout.dtype, shape: inputShape(layout, count), buffer: inputs, offset: 0, size: bytes },
    targets: integers(targets),
    ...(labels ? { labels: integers(labels) } : {}),
  };
}

/** Returns the buffers of a batch. */
export function buffersOf({
  device,
  inputs,
  targets,
  labels,
}: Pick<GpuBatch, "device" | "inputs" | "targets" | "labels">): ItemBuffers {
  const bytes = inputs.size;
  return {
    device,
    inputs: inputs.buffer,
    targets: targets.buffer,
    bytes,
    ...(labels ? { labels: labels.buffer } : {}),
  };
}
