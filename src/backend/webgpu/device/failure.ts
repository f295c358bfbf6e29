import { BackendError } from "../../../base/errors.js";

/**
 * What kind of trouble it was:
 *
 * - `"unavailable"`: no WebGPU here, no adapter, or no device from it
 * - `"out of memory"`: a buffer did not fit
 * - `"device lost"`: the driver restarted, the device was destroyed or unplugged; a device of Taskloom's own is replaced
 * - `"shader"`: a kernel does not compile on this driver
 * - `"validation"`, `"internal"`: what the GPU calls so; a defect in Taskloom or in the driver
 */
export type WebGpuReason = "unavailable" | "out of memory" | "device lost" | "shader" | "validation" | "internal";

/** A `BackendError` of the WebGPU backend, with the kind of trouble as a field. */
export class WebGpuError extends BackendError {
  override readonly name: string = "WebGpuError";
  readonly reason: WebGpuReason;
  /** The trouble in words, without the backend's name. */
  readonly detail: string;

  constructor(reason: WebGpuReason, detail: string, options?: ErrorOptions & { nextTask?: number | undefined }) {
    super("webgpu", `${reason}: ${detail}`, options);
    this.reason = reason;
    this.detail = detail;
  }

  /** The same trouble, said of a call whose first task without a result is `nextTask`. */
  at(nextTask: number | undefined): WebGpuError {
    return new WebGpuError(this.reason, this.detail, { cause: this.cause ?? this, nextTask });
  }
}

/** A `GPUError` as a typed one. Told apart by name, as not every host has the classes as globals. */
export function failureOf(error: GPUError, what: string): WebGpuError {
  const kind = error.constructor.name;
  const reason =
    kind === "GPUOutOfMemoryError" ? "out of memory" : kind === "GPUInternalError" ? "internal" : "validation";
  return new WebGpuError(reason, `${what}: ${error.message}`, { cause: error });
}

/** The text of anything thrown. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
