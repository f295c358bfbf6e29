// A device like the one the library makes for itself, and GPU time.

/**
 * The limits and features that the library requests. This is a copy of src/backend/webgpu/device/adapter.ts, because the
 * benchmarks run on machines without the sources; test/unit/webgpu/limits.test.ts compares the two.
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
];
export const FEATURES = ["timestamp-query", "shader-f16"];
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|microsoft basic render/i;

/** Returns the runtime's own WebGPU if it has one, like Deno; else Dawn with some of its toggles enabled. */
async function findGpu(toggles) {
  const { gpu } = globalThis.navigator ?? {};
  if (gpu) return gpu;
  const { create } = await import("webgpu");
  // Without this toggle timestamps have a resolution of 0.1 ms.
  return create(["disable-dawn-features=timestamp_quantization", `enable-dawn-features=${toggles.join(",")}`]);
}

/**
 * Opens a device like the one that the library requests.
 *
 * @param wanted more features, requested if the adapter has them
 * @param toggles Dawn's toggles to enable
 * @throws Error if there is no adapter
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
  // The caller keeps `gpu`, because Dawn destroys its devices when it is collected.
  return { gpu, adapter, device, info, limits, features, timestamps: features.includes("timestamp-query"), failures };
}

const QUERIES = 4096;
const USAGE = { MAP_READ: 1, COPY_SRC: 4, COPY_DST: 8, QUERY_RESOLVE: 0x200 };

/** Measures the GPU time of compute passes by timestamp queries. */
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

  /** Returns the `timestampWrites` of the next pass, or undefined if all queries are used. */
  next() {
    if (this.#used === QUERIES) return undefined;
    const [begin, end] = [this.#used++, this.#used++];
    return { querySet: this.#querySet, beginningOfPassWriteIndex: begin, endOfPassWriteIndex: end };
  }

  /** Waits for the GPU and resolves to the milliseconds of each pass since the last call. */
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

/** Copies bytes of a buffer to the host. */
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
