import { BackendError } from "../../../base/errors.js";

export { messageOf } from "../../../base/errors.js";

/**
 * The kind of a failure:
 *
 * - `"unavailable"`: no WebGPU here, no adapter, or no device from it
 * - `"out of memory"`: a buffer does not fit into the device's memory
 * - `"device lost"`: the driver restarted, or the device was destroyed or unplugged. A device that Taskloom made is replaced
 * - `"shader"`: a kernel does not compile on this driver
 * - `"validation"`, `"internal"`: an error of this name from WebGPU; a defect in Taskloom or in the driver
 */
export type WebGpuReason = "unavailable" | "out of memory" | "device lost" | "shader" | "validation" | "internal";

/** A `BackendError` of the WebGPU backend. `reason` is the kind of failure. */
export class WebGpuError extends BackendError {
  override readonly name: string = "WebGpuError";
  /** The kind of the failure. */
  readonly reason: WebGpuReason;
  /** The message without the backend's name and the reason. */
  readonly detail: string;

  constructor(reason: WebGpuReason, detail: string, options?: ErrorOptions & { nextTask?: number | undefined }) {
    super("webgpu", `${reason}: ${detail}`, options);
    this.reason = reason;
    this.detail = detail;
  }

  /** Returns the same failure for a call whose first task without a result is `nextTask`. */
  at(nextTask: number | undefined): WebGpuError {
    return new WebGpuError(this.reason, this.detail, { cause: this.cause ?? this, nextTask });
  }
}

/** Converts a `GPUError`. The class is found by its name, because not every host has the classes as globals. */
export function failureOf(error: GPUError, what: string): WebGpuError {
  const kind = error.constructor.name;
  const reason =
    kind === "GPUOutOfMemoryError" ? "out of memory" : kind === "GPUInternalError" ? "internal" : "validation";
  return new WebGpuError(reason, `${what}: ${error.message}`, { cause: error });
}
