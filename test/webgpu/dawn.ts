import { existsSync } from "node:fs";
import { create, globals } from "webgpu";

/** Chromium's own SwiftShader, a Vulkan driver on the CPU: what there is on a machine without a GPU. */
const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";

/**
 * WebGPU in Node: Dawn, on the driver that `VK_DRIVER_FILES` names, or on SwiftShader where that is unset and Chromium
 * brings it. A missing driver fails the tests, as skipping them would go unnoticed.
 *
 * Devices must be destroyed by the test that made them, or they keep their memory until the process ends.
 */
export function dawn(): GPU {
  if (!process.env.VK_DRIVER_FILES && existsSync(SWIFTSHADER)) process.env.VK_DRIVER_FILES = SWIFTSHADER;
  process.env.XDG_RUNTIME_DIR ??= "/tmp";
  Object.assign(globalThis, globals);
  return create([]);
}
