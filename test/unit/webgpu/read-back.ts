import { USAGE } from "../../../src/backend/webgpu/device/buffers.js";
import type { Gpu } from "../../../src/backend/webgpu/device/device.js";

/** Reads the first bytes of a buffer back from a device. */
export async function readBack(gpu: Gpu, buffer: GPUBuffer, bytes: number): Promise<Uint8Array> {
  const size = Math.ceil(bytes / 4) * 4;
  const staging = await gpu.buffer("test", size, USAGE.MAP_READ | USAGE.COPY_DST);
  await gpu.submit("test", (encoder) => encoder.copyBufferToBuffer(buffer, 0, staging, 0, size));
  await staging.mapAsync(1);
  const copy = new Uint8Array(staging.getMappedRange().slice(0, bytes));
  staging.destroy();
  return copy;
}
