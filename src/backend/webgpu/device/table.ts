import { USAGE } from "./buffers.js";
import type { Gpu } from "./device.js";

/**
 * The deviates' table as a buffer; the caller destroys it.
 *
 * @param table 768 u32
 */
export async function uploadTable(gpu: Gpu, table: Uint32Array<ArrayBuffer>): Promise<GPUBuffer> {
  const buffer = await gpu.buffer("deviates' table", table.byteLength, USAGE.STORAGE | USAGE.COPY_DST);
  await gpu.submit("upload of the deviates' table", () => gpu.device.queue.writeBuffer(buffer, 0, table));
  return buffer;
}
