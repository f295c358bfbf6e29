import { fileSystemSync } from "../../../base/host.js";
import { messageOf, WebGpuError } from "./failure.js";

/** Made once: instances of Dawn do not share devices, and one that is collected takes its devices along. */
let dawn: Promise<GPU> | undefined;

/**
 * Where adapters come from: `navigator.gpu` in browsers and Deno, and in Node the npm package `webgpu` (Dawn) if it is
 * installed.
 *
 * @throws WebGpuError `"unavailable"` where there is neither
 */
export function findGpu(): Promise<GPU> {
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu;
  if (gpu) return Promise.resolve(gpu);
  if (globalThis.process === undefined) {
    throw new WebGpuError("unavailable", "this browser has no WebGPU, or the page is not from https: or localhost");
  }
  dawn ??= loadDawn();
  dawn.catch(() => {
    dawn = undefined;
  });
  return dawn;
}

/**
 * Whether it is worth looking: a Linux machine without any of these has no GPU, and loading Dawn and its drivers to be
 * told so takes time and lets drivers write to standard error.
 */
export function mayHaveGpu(): boolean {
  if ((globalThis.navigator as Navigator | undefined)?.gpu || globalThis.process?.platform !== "linux") return true;
  const fs = fileSystemSync();
  return ["/dev/dri", "/dev/nvidia0", "/dev/dxg"].some((path) => fs?.existsSync(path) ?? true);
}

async function loadDawn(): Promise<GPU> {
  // In a variable, so that bundlers for browsers do not look for it.
  const name = "webgpu";
  try {
    const { create } = (await import(name)) as { create(flags: string[]): GPU };
    return create([]);
  } catch (cause) {
    throw new WebGpuError("unavailable", `Node has no WebGPU of its own; npm install webgpu (${messageOf(cause)})`, {
      cause,
    });
  }
}
