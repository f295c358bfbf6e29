import { messageOf } from "../base/errors.js";
import type { Backend } from "./backend.js";
import { WasmBackend } from "./wasm/backend.js";
import type { CreateWorker } from "./wasm/threads.js";
import type { WebGpuBackend } from "./webgpu/backend.js";
import { adapterName, adapterText } from "./webgpu/device/adapter.js";
import { WebGpuError } from "./webgpu/device/failure.js";
import { findGpu, mayHaveGpu } from "./webgpu/device/find.js";
import { loadChunk } from "./webgpu/load.js";

/** A backend, and the reason for it in a few words. */
export interface Choice {
  readonly backend: Backend;
  readonly reason: string;
}

/** The options that choose a backend; see `TaskAugmentorOptions`. */
export interface BackendOptions {
  readonly backend: "auto" | "wasm" | "webgpu" | GPUDevice;
  /** Threads of the WebAssembly backend; one for each core, or none where none starts, if it is left open. */
  readonly workers: number | undefined;
  readonly createWorker: CreateWorker | undefined;
  /** True if the WebGPU backend times the variants of its kernels. Default: only for large sets on a real GPU. */
  readonly tune: boolean | undefined;
}

/**
 * Chooses the backend that the options mean. `"auto"` takes a real GPU, else WebAssembly; a software adapter, which is slower
 * than WebAssembly on the same cores, serves only `"webgpu"`.
 *
 * @throws WebGpuError for `"webgpu"` where there is no WebGPU at all
 */
export async function chooseBackend(options: BackendOptions): Promise<Choice> {
  const { backend, tune } = options;
  if (typeof backend === "object") {
    const name = adapterName(adapterText(backend.adapterInfo));
    const { WebGpuBackend } = await loadChunk();
    return { backend: new WebGpuBackend({ device: backend, tune }), reason: `the caller's device: ${name}` };
  }
  if (backend === "webgpu") {
    const { gpu, name } = await probe(true);
    return { backend: await sharedBackend(gpu, true, tune), reason: `asked for: ${name}` };
  }
  const wasm = (reason: string) => ({ backend: new WasmBackend(options), reason });
  if (backend === "wasm") return wasm("asked for");
  if (!mayHaveGpu()) return wasm("this machine has no GPU");
  try {
    const { gpu, name } = await probe(false);
    return { backend: await sharedBackend(gpu, false, tune), reason: `a GPU: ${name}` };
  } catch (cause) {
    return wasm(cause instanceof WebGpuError ? cause.detail : messageOf(cause));
  }
}

const powerPreference = "high-performance";

/** Asks for an adapter, to know its name and whether it is one to take. */
async function probe(software: boolean): Promise<{ gpu: GPU; name: string }> {
  const gpu = await findGpu();
  const { findAdapter } = await loadChunk();
  const { text } = await findAdapter(gpu, { powerPreference, software });
  return { gpu, name: adapterName(text) };
}

/** Augmentors of a process share a device and its kernels, if they want the same of it. */
const backends = new Map<string, WebGpuBackend>();

async function sharedBackend(gpu: GPU, software: boolean, tune: boolean | undefined): Promise<WebGpuBackend> {
  const { WebGpuBackend } = await loadChunk();
  const key = JSON.stringify([software, tune]);
  const backend = backends.get(key) ?? new WebGpuBackend({ gpu, software, powerPreference, tune });
  backends.set(key, backend);
  return backend;
}
