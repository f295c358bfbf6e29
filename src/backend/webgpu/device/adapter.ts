import { messageOf } from "../../../base/errors.js";
import { WebGpuError } from "./failure.js";

/** The adapter that a device belongs to, as far as the host describes it. */
export interface AdapterText {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** True if the adapter is a program on the CPU. The WebAssembly backend is faster than such an adapter. */
  readonly software: boolean;
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|microsoft basic render/i;

export function adapterText(info: GPUAdapterInfo | undefined, fallback = false): AdapterText {
  const { vendor = "", architecture = "", description = "", device = "" } = info ?? {};
  const software =
    fallback || (info?.isFallbackAdapter ?? false) || SOFTWARE.test(`${architecture} ${description} ${device}`);
  return { vendor, architecture, description: description || device, software };
}

/** Returns a name for an adapter. Browsers give at most the vendor and the architecture; other hosts give the model. */
export function adapterName({ vendor, architecture, description }: AdapterText): string {
  return description || [vendor, architecture].filter(Boolean).join(" ") || "an adapter without a name";
}

/**
 * The limits that kernels depend on, in bytes, invocations and workgroups; the WebGPU specification defines each. A copy
 * is in bench/gpu/device.mjs, which runs without the sources; test/unit/webgpu/limits.test.ts compares the two.
 */
export const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupsPerDimension",
] as const;

export type GpuLimits = Readonly<Record<(typeof LIMITS)[number], number>>;

/** Returns the limits of an adapter or a device as plain numbers: Deno has some of them as BigInt. */
export function limitsOf(limits: GPUSupportedLimits, lower: Partial<GpuLimits> = {}): GpuLimits {
  return Object.fromEntries(
    LIMITS.map((name) => [name, Math.min(Number(limits[name]), lower[name] ?? Number.POSITIVE_INFINITY)]),
  ) as GpuLimits;
}

/** The features that are requested where an adapter has them. No result depends on one. */
export const FEATURES: readonly GPUFeatureName[] = ["timestamp-query", "shader-f16"];

/** Options of a device, of the caller's or of the library's. */
export interface GpuOptions {
  /** Limits below those of the device: smaller dispatches for shared memory, or for a test. Default: the device's. */
  limits?: Partial<GpuLimits> | undefined;
  /** Says that the compiler knows `dot4U8Packed`, or that it does not. Default: a trial compilation tells. */
  packedDot?: boolean | undefined;
  /** Times the variants of a kernel to find the fastest. Default: true for large sets on hardware. */
  tune?: boolean | undefined;
}

/** Options of a device that is requested here. */
export interface GpuRequest extends GpuOptions {
  /** Accepts an adapter that is a program on the CPU. Default: false. */
  software?: boolean | undefined;
  powerPreference?: GPUPowerPreference | undefined;
  /** The source of adapters. Default: `navigator.gpu`. */
  gpu?: GPU | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Requests an adapter and its description.
 *
 * @throws WebGpuError `"unavailable"` if there is no adapter, or only a software one and `software` is false
 */
export async function findAdapter(
  gpu: GPU,
  { powerPreference, software = false }: Pick<GpuRequest, "powerPreference" | "software">,
): Promise<{ adapter: GPUAdapter; text: AdapterText }> {
  let adapter: GPUAdapter | null;
  try {
    const options: GPURequestAdapterOptions = powerPreference ? { powerPreference } : {};
    adapter = await gpu.requestAdapter(options);
    // Browsers give their software adapter only on this request.
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
