// A device like the one the library makes for itself, and GPU time.

/** What the library asks for: see src/backend/webgpu/adapter.ts. */
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
];
const FEATURES = ["timestamp-query", "shader-f16"];
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|microsoft basic render/i;

/** The runtime's own WebGPU where it has one, as Deno does; else Dawn, with some of its toggles enabled. */
async function findGpu(toggles) {
  const { gpu } = globalThis.navigator ?? {};
  if (gpu) return gpu;
  const { create } = await import("webgpu");
  // Timestamps are else in steps of a tenth of a millisecond.
  return create(["disable-dawn-features=timestamp_quantization", `enable-dawn-features=${toggles.join(",")}`]);
}

/**
 * @param wanted features to ask for besides the library's, where the adapter has them
 * @param toggles Dawn's, to be enabled
 * @throws Error where there is no adapter
 */
export async function openDevice(wanted = [], toggles = []) {
  const gpu = await findGpu(toggles);
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("there is no WebGPU adapter here");
  const limits = Object.fromEntries(LIMITS.map((name) => [name, Number(adapter.limits[name])]));
  const features = [...FEATURES, ...wanted].filter((feature) => adapter.features.has(feature));
  const device = await adapter.requestDevice({ label: "bench", requiredLimits: limits, requiredFeatures: features });
  const failures = [];
  device.addEventListener("uncapturederror", ({ error }) => failures.push(error.message));
  const { vendor, architecture, device: name, description, isFallbackAdapter } = adapter.info;
  const software = isFallbackAdapter || SOFTWARE.test(`${architecture} ${name} ${description}`);
  const info = { vendor, architecture, device: name, description, software };
  // `gpu` is kept by the caller: Dawn takes its devices along when it is collected.
  return { gpu, adapter, device, info, limits, features, timestamps: features.includes("timestamp-query"), failures };
}

const QUERIES = 4096;
const USAGE = { MAP_READ: 1, COPY_SRC: 4, COPY_DST: 8, QUERY_RESOLVE: 0x200 };

/** GPU time of compute passes, by timestamp queries. */
export class Clock {
  #device;
  #querySet;
  #resolved;
  #staging;
  #used = 0;

  constructor(device) {
    this.#device = device;
    this.#querySet = device.createQuerySet({ type: "timestamp", count: QUERIES });
    this.#resolved = device.createBuffer({ size: QUERIES * 8, usage: USAGE.QUERY_RESOLVE | USAGE.COPY_SRC });
    this.#staging = device.createBuffer({ size: QUERIES * 8, usage: USAGE.MAP_READ | USAGE.COPY_DST });
  }

  /** The `timestampWrites` of the next pass, or undefined when all are used. */
  next() {
    if (this.#used === QUERIES) return undefined;
    const [begin, end] = [this.#used++, this.#used++];
    return { querySet: this.#querySet, beginningOfPassWriteIndex: begin, endOfPassWriteIndex: end };
  }

  /** Milliseconds of each pass since the last call, when the GPU has done them. */
  async read() {
    const count = this.#used;
    if (count === 0) return [];
    const encoder = this.#device.createCommandEncoder();
    encoder.resolveQuerySet(this.#querySet, 0, count, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#staging, 0, count * 8);
    this.#device.queue.submit([encoder.finish()]);
    await this.#staging.mapAsync(1, 0, count * 8);
    const ticks = new BigUint64Array(this.#staging.getMappedRange(0, count * 8).slice(0));
    this.#staging.unmap();
    this.#used = 0;
    return Array.from({ length: count / 2 }, (_, i) => Number(ticks[2 * i + 1] - ticks[2 * i]) / 1e6);
  }
}

/** The bytes of a buffer. */
export async function readBack(device, buffer, offset, size) {
  const staging = device.createBuffer({ size, usage: USAGE.MAP_READ | USAGE.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(1);
  const bytes = staging.getMappedRange().slice(0);
  staging.destroy();
  return bytes;
}

const POISON_SLICE = 2 ** 24;

/** Fills a buffer with 0xCD, which as a float is -4.3e8: no value of any task. */
export function poison(device, buffer) {
  const bytes = new Uint8Array(Math.min(buffer.size, POISON_SLICE)).fill(0xcd);
  for (let at = 0; at < buffer.size; at += bytes.length) {
    device.queue.writeBuffer(buffer, at, bytes, 0, Math.min(bytes.length, buffer.size - at));
  }
}
