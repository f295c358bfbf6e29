import { tmpdir } from "node:os";
import { create, globals } from "webgpu";
import { softwareDriver } from "../../scripts/webgpu.mjs";

/**
 * WebGPU in Node: Dawn, on the driver that `VK_DRIVER_FILES` names, or on the software driver of a Chromium where that is
 * unset. Files that call this have the module tag "webgpu", by which `npm test` looks for an adapter.
 *
 * A test must destroy the devices that it makes; otherwise they keep their memory until the process ends.
 */
export function dawn(): GPU {
  // `npm test` decides; this is for vitest by itself.
  if (process.env.TASKLOOM_WITHOUT === undefined && !process.env.VK_DRIVER_FILES) {
    const driver = softwareDriver()?.VK_DRIVER_FILES;
    if (driver) process.env.VK_DRIVER_FILES = driver;
  }
  process.env.XDG_RUNTIME_DIR ??= tmpdir();
  Object.assign(globalThis, globals);
  return create([]);
}
