/** A module with one SIMD instruction: browsers without SIMD refuse it. */
const SIMD = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0],
  ...[10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11],
);

/** What this browser has of the things that the page uses. */
export interface Capabilities {
  readonly wasm: boolean;
  readonly simd: boolean;
  readonly workers: boolean;
  /** Memory that threads share; a page has it only with the headers that isolate it from other origins. */
  readonly sharedMemory: boolean;
  readonly cores: number;
  readonly webgpu: boolean;
}

export function capabilities(): Capabilities {
  const wasm = typeof WebAssembly === "object";
  return {
    wasm,
    simd: wasm && WebAssembly.validate(SIMD),
    workers: typeof Worker === "function",
    sharedMemory: typeof SharedArrayBuffer === "function" && globalThis.crossOriginIsolated === true,
    cores: navigator.hardwareConcurrency ?? 1,
    webgpu: "gpu" in navigator && navigator.gpu !== undefined,
  };
}

const WITHOUT_SIMD =
  "This browser has no WebAssembly SIMD, and Taskloom's module needs it: no task can be made here. " +
  "Chrome and Edge have it from version 91, Firefox from 89, Safari from 16.4.";

/** What a part does instead where this browser lacks something; undefined where it lacks nothing. */
export function remarkFor(part: string, has: Capabilities): string | undefined {
  if (!has.simd) return WITHOUT_SIMD;
  if (part === "learn" && !has.workers) {
    return "This browser starts no workers: the model trains in the page itself, which answers more slowly meanwhile.";
  }
  if (part === "measure") {
    if (!has.workers)
      return "This browser starts no workers: the measurement runs in the page itself and cannot be stopped.";
    if (!has.webgpu) {
      return (
        "This browser offers no WebGPU here, so there is no GPU to measure: digests and tasks a second are those of " +
        "WebAssembly. Chrome and Edge have WebGPU from version 113, Safari from 26, Firefox from 141 on Windows; " +
        "and a page needs https: or localhost."
      );
    }
  }
  return undefined;
}
