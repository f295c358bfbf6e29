import { messageOf } from "../../../base/errors.js";
import { MINIFIED } from "../../../generated/shaders.js";
import { type AdapterText, adapterName, adapterText, FEATURES, type GpuLimits, limitsOf } from "./adapter.js";
import { failureOf, WebGpuError } from "./failure.js";
import { PACKED_DOT_PRELUDE } from "./packed-dot.js";

export type ShaderName = keyof typeof MINIFIED;

export interface GpuOptions {
  /** Limits to stay below, where the device has higher ones: smaller batches for shared memory, or for a test. */
  limits?: Partial<GpuLimits> | undefined;
  /** Whether `dot4U8Packed` is there. Default: found out. */
  packedDot?: boolean | undefined;
  /** Whether kernels' variants are timed to find the fastest. Default: where there is enough to do. */
  tune?: boolean | undefined;
}

export interface GpuRequest extends GpuOptions {
  /** Accepts an adapter that is a program on the CPU. Default: false. */
  software?: boolean | undefined;
  powerPreference?: GPUPowerPreference | undefined;
  /** Where adapters come from. Default: `navigator.gpu`. */
  gpu?: GPU | undefined;
  signal?: AbortSignal | undefined;
}

/** How long a failure waits for the loss of the device that explains it, in milliseconds. */
const LOSS_DELAY = 250;

/**
 * A GPU device, with its errors made to surface: a scope surrounds each creation and each submission, and what no scope
 * caught, and the loss of the device, is thrown by the next call.
 *
 * Every method throws or rejects with a {@link WebGpuError}.
 */
export class Gpu {
  readonly device: GPUDevice;
  readonly adapter: AdapterText;
  readonly limits: GpuLimits;
  /** Whether the device was made here; only then is it destroyed here. */
  readonly owned: boolean;
  /** Kept, as Dawn in Node takes its devices along when it is collected. */
  readonly host: GPU | undefined;
  readonly #options: GpuOptions;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  readonly #lost: Promise<void>;
  #loss: GPUDeviceLostInfo | undefined;
  #uncaptured: WebGpuError | undefined;
  #packedDot: Promise<boolean> | undefined;

  /**
   * A device of its own, with all that its adapter has to give.
   *
   * @throws WebGpuError `"unavailable"` where there is no WebGPU, no adapter, or, unless `software`, only a software one.
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

  /** A device that belongs to the caller: it is used, and never destroyed. Its uncaptured errors are the caller's. */
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
    this.#lost = device.lost.then((info) => {
      this.#loss = info;
    });
    if (owned) {
      device.addEventListener("uncapturederror", (event) => {
        event.preventDefault();
        this.#uncaptured ??= failureOf(event.error, "an operation failed");
      });
    }
  }

  /** Whether the device is gone for good. */
  get lost(): boolean {
    return this.#loss !== undefined;
  }

  get tune(): boolean | undefined {
    return this.#options.tune;
  }

  /** Whether the device's compiler knows `dot4U8Packed`. */
  packedDot(): Promise<boolean> {
    this.#packedDot ??= Promise.resolve(this.#options.packedDot ?? this.#findPackedDot());
    return this.#packedDot;
  }

  /** Throws what went wrong since the last call, if anything did. */
  check(): void {
    if (this.#loss) throw lossOf(this.#loss);
    const error = this.#uncaptured;
    this.#uncaptured = undefined;
    if (error) throw error;
  }

  /**
   * A kernel's pipeline, compiled once for its constants; calls meanwhile share the compilation, and a failed one is
   * forgotten.
   *
   * @throws WebGpuError `"shader"` with the compiler's messages.
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

  /** @throws WebGpuError `"out of memory"` when `size` bytes are not to be had. */
  async buffer(label: string, size: number, usage: GPUBufferUsageFlags): Promise<GPUBuffer> {
    this.check();
    const { value, done } = this.#scoped(`buffer ${label} of ${size} bytes`, () =>
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
   * Encodes and submits, at once; `encode` may also write to buffers through the queue. The promise settles when the
   * device has checked it all, which is before it has done the work.
   */
  submit(label: string, encode: (encoder: GPUCommandEncoder) => void): Promise<void> {
    this.check();
    return this.#scoped(label, () => {
      const encoder = this.device.createCommandEncoder({ label: `taskloom ${label}` });
      encode(encoder);
      this.device.queue.submit([encoder.finish()]);
    }).done;
  }

  /** What a promise of the device rejected with, as an error: if the device was lost, that. */
  async explain(cause: unknown, what: string): Promise<WebGpuError> {
    if (cause instanceof WebGpuError && cause.reason !== "validation") return cause;
    // The loss is reported after the promises that it rejects.
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([
      this.#lost,
      new Promise((resolve) => {
        timer = setTimeout(resolve, LOSS_DELAY);
      }),
    ]);
    clearTimeout(timer);
    if (this.#loss) return lossOf(this.#loss);
    return cause instanceof WebGpuError
      ? cause
      : new WebGpuError("internal", `${what}: ${messageOf(cause)}`, { cause });
  }

  /** Destroys the device, if it was made here. */
  destroy(): void {
    this.#pipelines.clear();
    if (this.owned) this.device.destroy();
  }

  async #compile(name: ShaderName, constants: Record<string, number>): Promise<GPUComputePipeline> {
    const prelude = (await this.packedDot()) ? "" : PACKED_DOT_PRELUDE;
    this.check();
    const label = `taskloom ${name}`;
    const { value: module, done } = this.#scoped(`kernel ${name}`, () =>
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

  /** Asked by compiling, as the list of language features belongs to `navigator.gpu`, which a device does not know. */
  async #findPackedDot(): Promise<boolean> {
    const code = "@compute @workgroup_size(1) fn main() { _ = dot4U8Packed(1u, 1u); }";
    const { done } = this.#scoped("probe", () => this.device.createShaderModule({ label: "taskloom probe", code }));
    return done.then(
      () => true,
      () => false,
    );
  }

  /** Runs `work` in error scopes; `done` rejects with the first error of it. */
  #scoped<T>(what: string, work: () => T): { value: T; done: Promise<void> } {
    const { device } = this;
    const filters = ["internal", "out-of-memory", "validation"] as const;
    for (const filter of filters) device.pushErrorScope(filter);
    let popped: Promise<GPUError | null>[];
    let value: T;
    try {
      value = work();
    } finally {
      popped = filters.map(() => device.popErrorScope());
      for (const scope of popped) scope.catch(() => undefined);
    }
    return { value, done: this.#settle(what, popped) };
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

/**
 * An adapter and what it says of itself.
 *
 * @throws WebGpuError `"unavailable"` where there is none, or, unless `software`, only a software one
 */
export async function findAdapter(
  gpu: GPU,
  { powerPreference, software = false }: Pick<GpuRequest, "powerPreference" | "software">,
): Promise<{ adapter: GPUAdapter; text: AdapterText }> {
  let adapter: GPUAdapter | null;
  try {
    const options: GPURequestAdapterOptions = powerPreference ? { powerPreference } : {};
    adapter = await gpu.requestAdapter(options);
    // Browsers keep their software adapter for those who ask for it.
    if (!adapter && software) adapter = await gpu.requestAdapter({ ...options, forceFallbackAdapter: true });
  } catch (cause) {
    throw new WebGpuError("unavailable", `there is no WebGPU adapter here: ${messageOf(cause)}`, { cause });
  }
  if (!adapter) throw new WebGpuError("unavailable", "there is no WebGPU adapter here");
  const { isFallbackAdapter } = adapter as { isFallbackAdapter?: boolean };
  const text = adapterText(adapter.info, isFallbackAdapter);
  if (!text.software || software) return { adapter, text };
  throw new WebGpuError(
    "unavailable",
    `the only WebGPU adapter is software (${adapterName(text)}), which is slower than wasm on the same cores`,
  );
}

function lossOf(info: GPUDeviceLostInfo): WebGpuError {
  return new WebGpuError("device lost", info.message || info.reason || "the device is gone");
}

async function compilationMessages(module: GPUShaderModule): Promise<string[]> {
  const info = await module.getCompilationInfo?.().catch(() => undefined);
  return [...(info?.messages ?? [])].map((m) => `${m.lineNum}:${m.linePos} ${m.type}: ${m.message}`);
}
