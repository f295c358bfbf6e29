import type { Gpu } from "./device.js";

/** The most free buffers of one usage; more are destroyed. */
const KEPT = 6;
/** Sizes are multiples of this many bytes, so that similar sizes share buffers. */
const STEP = 65536;

/**
 * A pool of GPU buffers. The queue runs commands in order, so a buffer may be given back as soon as the work that uses it
 * is submitted. A mapped buffer may be given back when it is unmapped.
 */
export class Buffers {
  readonly #gpu: Gpu;
  readonly #free = new Map<GPUBufferUsageFlags, GPUBuffer[]>();
  readonly #taken = new Set<GPUBuffer>();
  #destroyed = false;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /**
   * Takes a buffer of at least `bytes`; its contents are undefined.
   *
   * @throws WebGpuError `"out of memory"`, after destroying free buffers to make room
   */
  async take(label: string, bytes: number, usage: GPUBufferUsageFlags): Promise<GPUBuffer> {
    const free = this.#free.get(usage) ?? [];
    // The smallest buffer that is large enough, unless most of it would be unused.
    let best = -1;
    free.forEach(({ size }, i) => {
      if (size >= bytes && size <= 4 * bytes + STEP && (best < 0 || size < (free[best]?.size ?? 0))) best = i;
    });
    const [reused] = best < 0 ? [] : free.splice(best, 1);
    const buffer = reused ?? (await this.#create(label, bytes, usage));
    if (this.#destroyed) buffer.destroy();
    this.#taken.add(buffer);
    return buffer;
  }

  /** Returns a buffer to the pool. */
  give(buffer: GPUBuffer): void {
    if (!this.#taken.delete(buffer)) return;
    const free = this.#free.get(buffer.usage) ?? [];
    this.#free.set(buffer.usage, free);
    free.push(buffer);
    if (free.length > KEPT || this.#destroyed) free.shift()?.destroy();
  }

  /** Destroys a buffer that cannot be used again, because it may be mapped. */
  discard(buffer: GPUBuffer): void {
    this.#taken.delete(buffer);
    buffer.destroy();
  }

  /** Destroys every buffer, including those in use. */
  destroy(): void {
    this.#destroyed = true;
    for (const buffer of this.#taken) buffer.destroy();
    this.#taken.clear();
    this.#destroyFree();
  }

  async #create(label: string, bytes: number, usage: GPUBufferUsageFlags): Promise<GPUBuffer> {
    // A binding must not be empty, and copies need multiples of 4.
    const size = Math.min(Math.ceil(Math.max(bytes, 4) / STEP) * STEP, this.#gpu.limits.maxBufferSize);
    try {
      return await this.#gpu.buffer(label, Math.max(size, Math.ceil(bytes / 4) * 4), usage);
    } catch (error) {
      if (this.#free.size === 0) throw error;
      this.#destroyFree();
      return this.#gpu.buffer(label, Math.max(size, Math.ceil(bytes / 4) * 4), usage);
    }
  }

  #destroyFree(): void {
    for (const free of this.#free.values()) for (const buffer of free) buffer.destroy();
    this.#free.clear();
  }
}

/** The buffers of one piece of work, which are given back together. */
export class Loans {
  readonly #buffers: Buffers;
  readonly #taken: GPUBuffer[] = [];

  constructor(buffers: Buffers) {
    this.#buffers = buffers;
  }

  async take(label: string, bytes: number, usage: GPUBufferUsageFlags): Promise<GPUBuffer> {
    const buffer = await this.#buffers.take(label, bytes, usage);
    this.#taken.push(buffer);
    return buffer;
  }

  giveBack(): void {
    for (const buffer of this.#taken.splice(0)) this.#buffers.give(buffer);
  }

  /** Destroys the buffers: after a failure a buffer may still be mapped. */
  discard(): void {
    for (const buffer of this.#taken.splice(0)) this.#buffers.discard(buffer);
  }
}

/** The flags of `GPUBufferUsage`: Node has no such global. */
export const USAGE = {
  MAP_READ: 0x0001,
  COPY_SRC: 0x0004,
  COPY_DST: 0x0008,
  UNIFORM: 0x0040,
  STORAGE: 0x0080,
} as const;

/**
 * Uploads the deviates' table. The caller destroys the buffer.
 *
 * @param table 768 u32
 */
export async function uploadTable(gpu: Gpu, table: Uint32Array<ArrayBuffer>): Promise<GPUBuffer> {
  const buffer = await gpu.buffer("deviates' table", table.byteLength, USAGE.STORAGE | USAGE.COPY_DST);
  await gpu.submit("upload of the deviates' table", () => gpu.device.queue.writeBuffer(buffer, 0, table));
  return buffer;
}
