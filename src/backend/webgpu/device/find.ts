import { messageOf } from "../../../base/errors.js";
import { fileSystemSync, hostProcess } from "../../../base/host.js";
import { WebGpuError } from "./failure.js";

/** Made once: instances of Dawn do not share devices, and one that is collected takes its devices along. */
let dawn: Promise<GPU> | undefined;

/**
 * Gives what adapters come from: `navigator.gpu` in browsers and Deno, and in Node and Bun the npm package `webgpu` (Dawn)
 * if it is installed.
 *
 * @throws WebGpuError `"unavailable"` where there is neither
 */
export function findGpu(): Promise<GPU> {
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu;
  if (gpu) return Promise.resolve(gpu);
  if (!hostProcess()) {
    throw new WebGpuError("unavailable", "this browser has no WebGPU, or the page is not from https: or localhost");
  }
  dawn ??= loadDawn();
  dawn.catch(() => {
    dawn = undefined;
  });
  return dawn;
}

/**
 * Says whether it is worth looking: a Linux machine without any of these has no GPU, and loading Dawn and its drivers to be
 * told so takes time and lets drivers write to standard error.
 */
export function mayHaveGpu(): boolean {
  if ((globalThis.navigator as Navigator | undefined)?.gpu || hostProcess()?.platform !== "linux") return true;
  const fs = fileSystemSync();
  return ["/dev/dri", "/dev/nvidia0", "/dev/dxg"].some((path) => fs?.existsSync(path) ?? true);
}

async function loadDawn(): Promise<GPU> {
  const name = "webgpu";
  try {
    // Bundlers leave this import alone: the package is for Node, has a binary, and may be absent.
    const { create } = (await import(
      /* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ name
    )) as {
      create(flags: string[]): GPU;
    };
    return create([]);
  } catch (cause) {
    throw new WebGpuError("unavailable", `Node has no WebGPU of its own; npm install webgpu (${messageOf(cause)})`, {
      cause,
    });
  }
}
