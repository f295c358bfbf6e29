import type { Gpu } from "./device.js";

/** Free buffers kept of one usage; more are destroyed. */
const KEPT = 6;
const STEP = 65536;

/**
 * GPU buffers to be used again. The queue works in order, so a buffer may be given back as soon as the work that uses it
 * is submitted; one that was mapped, when it is unmapped.
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
   * A buffer of at least `bytes`, with anything in it.
   *
   * @throws WebGpuError `"out of memory"`, after free buffers were destroyed to make room.
   */
  async take(label: string, bytes: number, usage: GPUBufferUsageFlags): Promise<GPUBuffer> {
    const free = this.#free.get(usage) ?? [];
    // The smallest that is large enough, unless most of it would be idle.
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

  give(buffer: GPUBuffer): void {
    if (!this.#taken.delete(buffer)) return;
    const free = this.#free.get(buffer.usage) ?? [];
    this.#free.set(buffer.usage, free);
    free.push(buffer);
    if (free.length > KEPT || this.#destroyed) free.shift()?.destroy();
  }

  /** Destroys a buffer whose state is unknown. */
  discard(buffer: GPUBuffer): void {
    this.#taken.delete(buffer);
    buffer.destroy();
  }

  /** Destroys every buffer, those in use too. */
  destroy(): void {
    this.#destroyed = true;
    for (const buffer of this.#taken) buffer.destroy();
    this.#taken.clear();
    this.#destroyFree();
  }

  async #create(label: string, bytes: number, usage: GPUBufferUsageFlags): Promise<GPUBuffer> {
    // Bindings must not be empty, copies need multiples of 4.
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

/** Buffers taken for one piece of work, given back together. */
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

  /** Destroys them instead: after a failure a buffer may still be mapped. */
  discard(): void {
    for (const buffer of this.#taken.splice(0)) this.#buffers.discard(buffer);
  }
}

/** `GPUBufferUsage` by name: Node has no such global. */
export const USAGE = {
  MAP_READ: 0x0001,
  COPY_SRC: 0x0004,
  COPY_DST: 0x0008,
  UNIFORM: 0x0040,
  STORAGE: 0x0080,
} as const;
