import type { ItemBuffers } from "../backend/backend.js";
import { InvalidOptionError } from "../base/errors.js";
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

/** @throws InvalidOptionError for a type of targets, as shaders read one u32 for each */
export function refuseTargetDtype({ targetDtype }: ItemLayout): void {
  if (targetDtype === undefined) return;
  const allowed =
    "undefined for buffers on a GPU, where each target is one u32, as WGSL has no 64-bit and no 8-bit integers; " +
    "batches() gives typed arrays";
  throw new InvalidOptionError("targetDtype", targetDtype, allowed);
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
