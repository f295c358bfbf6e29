import { existsSync } from "node:fs";
import { create, globals } from "webgpu";

/** SwiftShader from Chromium: a Vulkan driver on the CPU, for machines without a GPU. */
const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";

/**
 * Returns WebGPU in Node: Dawn, on the driver that `VK_DRIVER_FILES` names, or on Chromium's SwiftShader if that is unset. A
 * missing driver fails the tests, because nobody would notice skipped ones.
 *
 * A test must destroy the devices that it makes; otherwise they keep their memory until the process ends.
 */
export function dawn(): GPU {
  if (!process.env.VK_DRIVER_FILES && existsSync(SWIFTSHADER)) process.env.VK_DRIVER_FILES = SWIFTSHADER;
  process.env.XDG_RUNTIME_DIR ??= "/tmp";
  Object.assign(globalThis, globals);
  return create([]);
}
