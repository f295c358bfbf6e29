import { messageOf } from "../../../base/errors.js";
import { failureOf, WebGpuError } from "./failure.js";

/** The longest wait for the loss of the device that explains a failure, in milliseconds. */
const LOSS_DELAY_MS = 250;
const FILTERS = ["internal", "out-of-memory", "validation"] as const;

/**
 * Makes the errors of a device surface. Scopes surround each operation. Errors that no scope captured, and the loss of the
 * device, are thrown by the next `check`.
 */
export class ErrorScopes {
  readonly #device: GPUDevice;
  readonly #lost: Promise<void>;
  #loss: GPUDeviceLostInfo | undefined;
  #uncaptured: WebGpuError | undefined;

  /** @param listens true to handle the device's uncaptured errors here; false to leave them to the device's owner */
  constructor(device: GPUDevice, listens: boolean) {
    this.#device = device;
    this.#lost = device.lost.then((info) => {
      this.#loss = info;
    });
    if (!listens) return;
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      this.#uncaptured ??= failureOf(event.error, "an operation failed");
    });
  }

  /** True if the device is lost, which is final. */
  get lost(): boolean {
    return this.#loss !== undefined;
  }

  /** @throws WebGpuError for the loss of the device, or for an uncaptured error since the last call */
  check(): void {
    if (this.#loss) throw lossOf(this.#loss);
    const error = this.#uncaptured;
    this.#uncaptured = undefined;
    if (error) throw error;
  }

  /** Runs `work` in error scopes. `done` rejects with the first error of it. */
  run<T>(what: string, work: () => T): { value: T; done: Promise<void> } {
    const device = this.#device;
    for (const filter of FILTERS) device.pushErrorScope(filter);
    let popped: Promise<GPUError | null>[];
    let value: T;
    try {
      value = work();
    } finally {
      popped = FILTERS.map(() => device.popErrorScope());
      for (const scope of popped) scope.catch(() => undefined);
    }
    return { value, done: this.#settle(what, popped) };
  }

  /** Returns a typed error for a rejection of the device: its loss, if it was lost. */
  async explain(cause: unknown, what: string): Promise<WebGpuError> {
    if (cause instanceof WebGpuError && cause.reason !== "validation") return cause;
    // Hosts report a loss after the promises that it rejects.
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([
      this.#lost,
      new Promise((resolve) => {
        timer = setTimeout(resolve, LOSS_DELAY_MS);
      }),
    ]);
    clearTimeout(timer);
    if (this.#loss) return lossOf(this.#loss);
    return cause instanceof WebGpuError
      ? cause
      : new WebGpuError("internal", `${what}: ${messageOf(cause)}`, { cause });
  }

  async #settle(what: string, popped: Promise<GPUError | null>[]): Promise<void> {
    let errors: (GPUError | null)[];
    try {
      errors = await Promise.all(popped);
    } catch (cause) {
      throw await this.explain(cause, what);
    }
    const error = errors.find((candidate) => candidate !== null);
    if (error) throw failureOf(error, what);
  }
}

function lossOf(info: GPUDeviceLostInfo): WebGpuError {
  return new WebGpuError("device lost", info.message || info.reason || "the device is gone");
}
