import { DisposedError, InvalidOptionError, messageOf } from "../../base/errors.js";
import type { Dataset } from "../../dataset/index.js";
import type { Plan } from "../../plan/plan.js";
import type { Backend } from "../backend.js";
import type { GpuOptions, GpuRequest } from "./device/adapter.js";
import { Gpu } from "./device/device.js";
import { WebGpuError } from "./device/failure.js";
import { MIN_TORCH_VALUES } from "./kernels/torch-matrix.js";
import { pathFor } from "./paths/pick.js";
import type { GpuLease } from "./session.js";
import { WebGpuWeaver } from "./weaver.js";

/** The parts of 64-bit sums in shaders/tile-wide-int16.wgsl hold rows of so many columns. */
const MAX_INT16_FEATURES = 2 ** 24;

export interface WebGpuBackendOptions extends Omit<GpuRequest, "signal">, GpuOptions {
  /** A device of the caller. It is used unchanged, never destroyed, and not replaced when it is lost. */
  device?: GPUDevice | undefined;
}

/**
 * The GPU backend. It requests a device when the first weaver is opened. All weavers share the device. It is replaced when
 * it is lost, and destroyed with the last weaver, because it holds GPU memory.
 */
export class WebGpuBackend implements Backend {
  readonly name = "webgpu";
  readonly #options: WebGpuBackendOptions;
  readonly #users = new Set<GpuLease>();
  /** The shared device; undefined before the first request and after a failed one. */
  #gpu: Promise<Gpu> | undefined;

  constructor(options: WebGpuBackendOptions = {}) {
    this.#options = options;
  }

  /**
   * Opens a weaver: uploads the examples and compiles the kernels.
   *
   * @throws WebGpuError if there is no GPU, or its memory does not hold the examples
   * @throws InvalidOptionError for matrices that are too small for the "torch" generator on a GPU, and int16 examples of
   *   more than 2^24 values
   */
  async open(plan: Plan, dataset: Dataset, signal?: AbortSignal | undefined): Promise<WebGpuWeaver> {
    const values = plan.outFeatures * plan.features;
    if (plan.generator === "torch" && values < MIN_TORCH_VALUES) {
      const allowed = `at least ${MIN_TORCH_VALUES} values a matrix with "torch" on WebGPU; use backend: "wasm"`;
      throw new InvalidOptionError("outFeatures * features", values, allowed);
    }
    if (plan.exampleDtype === "int16" && plan.features > MAX_INT16_FEATURES) {
      const allowed = `at most ${MAX_INT16_FEATURES} values of an int16 example on WebGPU; use backend: "wasm"`;
      throw new InvalidOptionError("features", plan.features, allowed);
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
