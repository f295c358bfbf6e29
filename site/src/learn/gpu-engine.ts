import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import type { Engine } from "./messages.js";

const LIMITS = [
  ...["maxBufferSize", "maxStorageBufferBindingSize", "maxStorageBuffersPerShaderStage"],
  ...["maxComputeWorkgroupStorageSize", "maxComputeInvocationsPerWorkgroup", "maxComputeWorkgroupSizeX"],
  ...["maxComputeWorkgroupSizeY", "maxComputeWorkgroupSizeZ", "maxComputeWorkgroupsPerDimension"],
] as const;
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|microsoft basic render/i;

/** Gives tfjs a device that Taskloom can share. @throws Error where there is no adapter */
export async function openGpu(): Promise<Engine> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("there is no WebGPU adapter here");
  const limits = adapter.limits as unknown as Record<string, number>;
  const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, limits[name] ?? 0]));
  const device = await adapter.requestDevice({ requiredLimits });
  // The import has registered a backend with a device of its own, and a name is registered only once.
  tf.removeBackend("webgpu");
  tf.registerBackend("webgpu", () => new WebGPUBackend(device, adapter.info));
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
  const name = [vendor, architecture, description].filter(Boolean).join(", ");
  const software = isFallbackAdapter || SOFTWARE.test(name);
  const words = `TensorFlow.js ${tf.version_core} on WebGPU (${name}${software ? ", a program on the CPU" : ""}), on one device with Taskloom`;
  return { name: "webgpu", words, device, software };
}
