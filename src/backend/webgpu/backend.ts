import { DisposedError, InvalidOptionError, messageOf } from "../../base/errors.js";
import type { Dataset } from "../../dataset/index.js";
import type { Plan } from "../../plan/plan.js";
import type { Backend } from "../backend.js";
import { Gpu, type GpuOptions, type GpuRequest } from "./device/device.js";
import { WebGpuError } from "./device/failure.js";
import { MIN_TORCH_VALUES } from "./kernels/torch-matrix.js";
import { pathFor } from "./paths/pick.js";
import { type GpuLease, WebGpuWeaver } from "./weaver.js";

export interface WebGpuBackendOptions extends Omit<GpuRequest, "signal">, GpuOptions {
  /** A device of the caller's, who keeps it: used as it is, never destroyed, not replaced when lost. */
  device?: GPUDevice | undefined;
}

/**
 * The GPU backend. Its device is requested when the first weaver is opened, shared by all, replaced when it is lost, and
 * destroyed with the last weaver, as it holds memory that others may want.
 */
export class WebGpuBackend implements Backend {
  readonly name = "webgpu";
  readonly #options: WebGpuBackendOptions;
  readonly #users = new Set<GpuLease>();
  /** Forgotten if the request fails. */
  #gpu: Promise<Gpu> | undefined;

  constructor(options: WebGpuBackendOptions = {}) {
    this.#options = options;
  }

  /** @throws WebGpuError where there is no GPU to be had, or its memory does not hold the examples. */
  async open(plan: Plan, dataset: Dataset, signal?: AbortSignal | undefined): Promise<WebGpuWeaver> {
    const values = plan.outFeatures * plan.features;
    if (plan.generator === "torch" && values < MIN_TORCH_VALUES) {
      const allowed = `at least ${MIN_TORCH_VALUES} values a matrix with "torch" on WebGPU; use backend: "wasm"`;
      throw new InvalidOptionError("outFeatures * features", values, allowed);
    }
    return WebGpuWeaver.open(plan, dataset, pathFor(plan), this.#lease(), signal);
  }

  #lease(): GpuLease {
    const lease: GpuLease = {
      acquire: async () => {
        this.#users.add(lease);
        const gpu = await this.#current();
        if (!this.#users.has(lease)) throw new DisposedError("augmentor");
        return gpu;
      },
      release: () => {
        if (!this.#users.delete(lease) || this.#users.size > 0) return;
        this.#gpu?.then((gpu) => gpu.destroy()).catch(() => undefined);
        this.#gpu = undefined;
      },
    };
    return lease;
  }

  async #current(): Promise<Gpu> {
    for (;;) {
      const requested = this.#gpu ?? this.#request();
      this.#gpu = requested;
      const forget = () => {
        if (this.#gpu === requested) this.#gpu = undefined;
      };
      requested.catch(forget);
      const gpu = await requested;
      if (!gpu.lost || !gpu.owned) return gpu;
      forget();
    }
  }

  async #request(): Promise<Gpu> {
    const { device } = this.#options;
    if (device) return Gpu.from(device, this.#options);
    try {
      return await Gpu.request(this.#options);
    } catch (cause) {
      if (cause instanceof WebGpuError) throw cause;
      throw new WebGpuError("unavailable", messageOf(cause), { cause });
    }
  }
}
