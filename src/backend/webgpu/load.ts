import { messageOf, WebGpuError } from "./device/failure.js";

type Chunk = typeof import("./chunk.js");

let given: Chunk | undefined;

/** Takes the GPU code from a static import: `taskloom/gpu` calls it. */
export function giveChunk(chunk: Chunk): void {
  given = chunk;
}

/** Loads the GPU code. @throws WebGpuError where it cannot be loaded, as in a service worker */
export async function loadChunk(): Promise<Chunk> {
  return given ?? orUnavailable(() => import("./chunk.js"));
}

/** The result of an `import()`. @throws WebGpuError that says what to do where the runtime refuses it */
export async function orUnavailable<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const remedy = 'import "taskloom/gpu" statically before, as a service worker must, which has no import()';
    throw new WebGpuError("unavailable", `the code for GPUs could not be loaded (${messageOf(cause)}); ${remedy}`, {
      cause,
    });
  }
}
