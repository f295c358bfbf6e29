/** Which adapter a device belongs to, as far as the host tells. */
export interface AdapterText {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** Whether the "GPU" is a program on the CPU; the WebAssembly backend is faster than that. */
  readonly software: boolean;
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|microsoft basic render/i;

export function adapterText(info: GPUAdapterInfo | undefined, fallback = false): AdapterText {
  const { vendor = "", architecture = "", description = "", device = "" } = info ?? {};
  const software =
    fallback || (info?.isFallbackAdapter ?? false) || SOFTWARE.test(`${architecture} ${description} ${device}`);
  return { vendor, architecture, description: description || device, software };
}

/** What to call an adapter: browsers tell the vendor and the architecture at most, others the model. */
export function adapterName({ vendor, architecture, description }: AdapterText): string {
  return description || [vendor, architecture].filter(Boolean).join(" ") || "an adapter without a name";
}

/** The limits that kernels are shaped by; see the WebGPU specification for each. Bytes, invocations, workgroups. */
const LIMITS = [
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

/** Limits of an adapter or a device as plain numbers: Deno has some of them as BigInt. */
export function limitsOf(limits: GPUSupportedLimits, lower: Partial<GpuLimits> = {}): GpuLimits {
  return Object.fromEntries(
    LIMITS.map((name) => [name, Math.min(Number(limits[name]), lower[name] ?? Number.POSITIVE_INFINITY)]),
  ) as GpuLimits;
}

/** Features that are asked for where an adapter has them; nothing depends on one. */
export const FEATURES: readonly GPUFeatureName[] = ["timestamp-query", "shader-f16"];
