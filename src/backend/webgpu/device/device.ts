import { messageOf } from "../../../base/errors.js";
import { MINIFIED } from "../../../generated/shaders.js";
import {
  type AdapterText,
  adapterText,
  FEATURES,
  findAdapter,
  type GpuLimits,
  type GpuOptions,
  type GpuRequest,
  limitsOf,
} from "./adapter.js";
import { ErrorScopes } from "./error-scopes.js";
import { WebGpuError } from "./failure.js";
import { PACKED_DOT_PRELUDE } from "./packed-dot.js";

/** The kernels: the files of shaders/ that no other file includes. */
export type ShaderName = keyof typeof MINIFIED;

/**
 * A GPU device with compiled kernels. A scope surrounds each creation and each submission. The next call throws the
 * errors that no scope captured, and the loss of the device.
 *
 * Every method throws or rejects with a {@link WebGpuError}.
 */
export class Gpu {
  readonly device: GPUDevice;
  readonly adapter: AdapterText;
  readonly limits: GpuLimits;
  /** True if the device was made here. Only then is it destroyed here. */
  readonly owned: boolean;
  /** A reference that keeps the host alive: in Node, Dawn destroys its devices when the host is collected. */
  readonly host: GPU | undefined;
  readonly #options: GpuOptions;
  readonly #errors: ErrorScopes;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  #packedDot: Promise<boolean> | undefined;

  /**
   * Requests a device with all the limits of its adapter.
   *
   * @throws WebGpuError `"unavailable"` if there is no WebGPU or no adapter, or only a software one and `software` is false
   */
  static async request(options: GpuRequest = {}): Promise<Gpu> {
    const { signal, powerPreference, software = false } = options;
    signal?.throwIfAborted();
    const gpu = options.gpu ?? (globalThis.navigator as Navigator | undefined)?.gpu;
    if (!gpu) throw new WebGpuError("unavailable", "there is no navigator.gpu here; use the wasm backend");
    const { adapter, text } = await findAdapter(gpu, { powerPreference, software });
    let device: GPUDevice;
    try {
      device = await adapter.requestDevice({
        label: "taskloom",
        requiredLimits: limitsOf(adapter.limits),
        requiredFeatures: FEATURES.filter((feature) => adapter.features.has(feature)),
      });
    } catch (cause) {
      throw new WebGpuError("unavailable", `the adapter gives no device: ${messageOf(cause)}`, { cause });
    }
    if (signal?.aborted) {
      device.destroy();
      throw signal.reason;
    }
    return new Gpu(device, text, true, options, gpu);
  }

  /** Wraps a device of the caller, who destroys it and handles its uncaptured errors. */
  static from(device: GPUDevice, options: GpuOptions = {}): Gpu {
    return new Gpu(device, adapterText(device.adapterInfo), false, options);
  }

  private constructor(device: GPUDevice, adapter: AdapterText, owned: boolean, options: GpuOptions, host?: GPU) {
    this.host = host;
    this.device = device;
    this.adapter = adapter;
    this.limits = limitsOf(device.limits, options.limits);
    this.owned = owned;
    this.#options = options;
    this.#errors = new ErrorScopes(device, owned);
  }

  /** True if the device is lost, which is final. */
  get lost(): boolean {
    return this.#errors.lost;
  }

  get tune(): boolean | undefined {
    return this.#options.tune;
  }

  /** Resolves to true if the device's compiler knows `dot4U8Packed`. */
  packedDot(): Promise<boolean> {
    this.#packedDot ??= Promise.resolve(this.#options.packedDot ?? this.#findPackedDot());
    return this.#packedDot;
  }

  /** @throws WebGpuError for the loss of the device, or for an uncaptured error since the last call */
  check(): void {
    this.#errors.check();
  }

  /**
   * Returns a kernel's pipeline, compiled once for its constants. Overlapping calls share the compilation; a failed one
   * is forgotten.
   *
   * @throws WebGpuError `"shader"` with the compiler's messages
   */
  pipeline(name: ShaderName, constants: Record<string, number> = {}): Promise<GPUComputePipeline> {
    const key = `${name} ${JSON.stringify(constants)}`;
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) {
      pipeline = this.#compile(name, constants);
      this.#pipelines.set(key, pipeline);
      pipeline.catch(() => this.#pipelines.delete(key));
    }
    return pipeline;
  }

  /**
   * Creates a buffer of `size` bytes.
   *
   * @throws WebGpuError `"out of memory"`
   */
  async buffer(label: string, size: number, usage: GPUBufferUsageFlags): Promise<GPUBuffer> {
    this.check();
    const { value, done } = this.#errors.run(`buffer ${label} of ${size} bytes`, () =>
      this.device.createBuffer({ label: `taskloom ${label}`, size, usage }),
    );
    try {
      await done;
    } catch (error) {
      value.destroy();
      throw error;
    }
    return value;
  }

  /**
   * Encodes and submits commands, synchronously. `encode` may also write to buffers through the queue. The promise settles
   * when the device has validated the commands, which is before it has run them.
   */
  submit(label: string, encode: (encoder: GPUCommandEncoder) => void): Promise<void> {
    this.check();
    return this.#errors.run(label, () => {
      const encoder = this.device.createCommandEncoder({ label: `taskloom ${label}` });
      encode(encoder);
      this.device.queue.submit([encoder.finish()]);
    }).done;
  }

  /** Returns a typed error for a rejection of the device: its loss, if it was lost. */
  explain(cause: unknown, what: string): Promise<WebGpuError> {
    return this.#errors.explain(cause, what);
  }

  /** Destroys the device if it was made here. */
  destroy(): void {
    this.#pipelines.clear();
    if (this.owned) this.device.destroy();
  }

  async #compile(name: ShaderName, constants: Record<string, number>): Promise<GPUComputePipeline> {
    const prelude = (await this.packedDot()) ? "" : PACKED_DOT_PRELUDE;
    this.check();
    const label = `taskloom ${name}`;
    const { value: module, done } = this.#errors.run(`kernel ${name}`, () =>
      this.device.createShaderModule({ label, code: prelude + MINIFIED[name] }),
    );
    try {
      const compiled = this.device.createComputePipelineAsync({
        label,
        layout: "auto",
        compute: { module, constants },
      });
      const [pipeline] = await Promise.all([compiled, done]);
      return pipeline;
    } catch (cause) {
      if ((await this.explain(cause, label)).reason === "device lost") this.check();
      const messages = await compilationMessages(module);
      throw new WebGpuError("shader", `kernel ${name}: ${[messageOf(cause), ...messages].join("; ")}`, { cause });
    }
  }

  /** Compiles a probe: the list of language features belongs to `navigator.gpu`, which a device does not know. */
  async #findPackedDot(): Promise<boolean> {
    const code = "@compute @workgroup_size(1) fn main() { _ = dot4U8Packed(1u, 1u); }";
    const { done } = this.#errors.run("probe", () => this.device.createShaderModule({ label: "taskloom probe", code }));
    return done.then(
      () => true,
      () => false,
    );
  }
}

async function compilationMessages(module: GPUShaderModule): Promise<string[]> {
  const info = await module.getCompilationInfo?.().catch(() => undefined);
  return [...(info?.messages ?? [])].map((m) => `${m.lineNum}:${m.linePos} ${m.type}: ${m.message}`);
}
