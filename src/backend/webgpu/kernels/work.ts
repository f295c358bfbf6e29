import { USAGE } from "../device/buffers.js";
import type { Gpu } from "../device/device.js";

/** The most workgroups along a dimension that every device accepts. */
export const MAX_GROUPS = 65535;

/** GPU dispatches that are being encoded, with their temporary buffers. A dispatch sees the writes of earlier ones. */
export class Work {
  readonly device: GPUDevice;
  readonly encoder: GPUCommandEncoder;
  readonly #label: string;
  readonly #buffers: GPUBuffer[] = [];

  constructor(device: GPUDevice, encoder: GPUCommandEncoder, label: string) {
    this.device = device;
    this.encoder = encoder;
    this.#label = label;
  }

  /** Creates a zeroed buffer of at least `bytes` for the dispatches of this work only. */
  temporary(what: string, bytes: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const size = Math.max(16, Math.ceil(bytes / 16) * 16);
    const buffer = this.device.createBuffer({ label: `${this.#label}: ${what}`, size, usage });
    this.#buffers.push(buffer);
    return buffer;
  }

  /** Creates a temporary buffer with contents. The bytes are copied before this returns. */
  upload(what: string, data: ArrayBufferView, usage: GPUBufferUsageFlags = USAGE.STORAGE): GPUBuffer {
    const size = Math.max(16, Math.ceil(data.byteLength / 16) * 16);
    const buffer = this.device.createBuffer({ label: `${this.#label}: ${what}`, size, usage, mappedAtCreation: true });
    this.#buffers.push(buffer);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    new Uint8Array(buffer.getMappedRange()).set(bytes);
    buffer.unmap();
    return buffer;
  }

  /**
   * Encodes a dispatch.
   *
   * @param parameters the words of the uniform at binding 0
   * @param storage the bindings from 1 on, in order
   * @param groups workgroups along x, y and z, each at most MAX_GROUPS
   */
  dispatch(
    pipeline: GPUComputePipeline,
    parameters: Uint32Array,
    storage: readonly GPUBufferBinding[],
    groups: readonly [number, number, number],
  ): void {
    const label = `${this.#label}: ${pipeline.label}`;
    const uniform = { buffer: this.upload(`parameters of ${pipeline.label}`, parameters, USAGE.UNIFORM) };
    const pass = this.encoder.beginComputePass({ label });
    pass.setPipeline(pipeline);
    pass.setBindGroup(
      0,
      this.device.createBindGroup({
        label,
        layout: pipeline.getBindGroupLayout(0),
        entries: [uniform, ...storage].map((resource, binding) => ({ binding, resource })),
      }),
    );
    pass.dispatchWorkgroups(...groups);
    pass.end();
  }

  /** Destroys the temporary buffers after the submission. The device keeps their memory until its commands have run. */
  discard(): void {
    for (const buffer of this.#buffers.splice(0)) buffer.destroy();
  }
}

/** Encodes and submits work; see `Gpu.submit`. */
export async function perform(gpu: Gpu, label: string, encode: (work: Work) => void): Promise<void> {
  let work: Work | undefined;
  try {
    await gpu.submit(label, (encoder) => {
      work = new Work(gpu.device, encoder, label);
      encode(work);
    });
  } finally {
    work?.discard();
  }
}

/** Returns the bits of an f32, for the words of a uniform. */
export function f32(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0] as number;
}

/** Returns the workgroups for `count` elements, `each` in a group. */
export function groupsFor(count: number, each: number): number {
  return Math.ceil(count / each);
}
