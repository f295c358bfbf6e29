import { expect, test } from "vitest";
import { Gpu } from "../../../src/backend/webgpu/device/device.js";
import { outputBuffers } from "../../../src/backend/webgpu/outputs.js";
import { dawn } from "../../webgpu/dawn.js";

/** The variable keeps the host alive: Dawn destroys its devices when the host is collected. */
const host = dawn(); // @module-tag webgpu
/** Buffers that were made and not destroyed. */
const live = new Set<GPUBuffer>();

async function newDevice(): Promise<GPUDevice> {
  const adapter = await host.requestAdapter();
  if (!adapter) throw new Error("no WebGPU adapter: install a driver, or see VK_DRIVER_FILES");
  const created = await adapter.requestDevice();
  const createBuffer = created.createBuffer.bind(created);
  created.createBuffer = (descriptor) => {
    const buffer = createBuffer(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      live.delete(buffer);
      destroy();
    };
    live.add(buffer);
    return buffer;
  };
  return created;
}

test("buffers of another device, and those of another size, make room for others", async () => {
  const [device, other] = [await newDevice(), await newDevice()];
  const gpu = Gpu.from(device);
  const make = (on: Gpu, bytes: number, labels = false) =>
    outputBuffers(on, "woven", { bytes, integers: 6, labels }, undefined);
  const sizes = { bytes: 30, integers: 6, labels: false };
  const unfit = [
    () => make(Gpu.from(other), 30),
    () => make(gpu, 28),
    () => make(gpu, 36),
    () => make(gpu, 30, true),
    () => outputBuffers(gpu, "woven", { ...sizes, integers: 7 }, undefined),
  ];
  for (const earlier of unfit) {
    const fresh = await outputBuffers(gpu, "woven", sizes, await earlier());
    expect(fresh.device).toBe(device);
    expect(live.size === 2 && live.has(fresh.inputs) && live.has(fresh.targets)).toBe(true);
    // 30 and 32 bytes take the same words.
    const same = await outputBuffers(gpu, "woven", { ...sizes, bytes: 32 }, fresh);
    expect(same.inputs === fresh.inputs && same.targets === fresh.targets).toBe(true);
    expect(same.bytes).toBe(32);
    for (const buffer of live) buffer.destroy();
  }
  device.destroy();
  other.destroy();
});
