// Listens to what the library does with a device: the time of each of its passes, and what it writes and compiles, so
// that stages alone have the shape, the tiles and the table of the kernel as it is dispatched.
import { poison } from "./device.mjs";

const SMALL = 2 ** 20;

export class Recorder {
  /** Override constants of each pipeline, by its label. */
  constants = new Map();
  /** The text of each shader module, by its label. */
  code = new Map();
  /** How many bindings bind groups of each label have. */
  bindings = new Map();
  /** The bytes first written to buffers of each label. */
  writes = new Map();
  /** Whether outputs are filled with 0xCD when they are made, and how many were. */
  poisoning = false;
  poisoned = 0;
  #device;
  #clock;
  #labels;

  /** @param clock undefined where there are no timestamps */
  constructor(device, clock) {
    this.#device = device;
    this.#clock = clock;
    this.#watchPipelines();
    this.#watchBuffers();
    this.#watchPasses();
  }

  /** Begins to time passes. */
  start() {
    this.#labels = [];
  }

  /** Ends it: the passes' milliseconds in order, by label. Empty without timestamps. */
  async stop() {
    const labels = this.#labels;
    this.#labels = undefined;
    const passes = new Map();
    if (!this.#clock) return passes;
    const times = await this.#clock.read();
    for (const [i, time] of times.entries()) passes.set(labels[i], [...(passes.get(labels[i]) ?? []), time]);
    return passes;
  }

  #watchPipelines() {
    const device = this.#device;
    const compile = device.createComputePipelineAsync;
    device.createComputePipelineAsync = (descriptor) => {
      this.constants.set(descriptor.label, descriptor.compute.constants);
      return compile.call(device, descriptor);
    };
    const { createShaderModule, createBindGroup } = device;
    device.createShaderModule = (descriptor) => {
      this.code.set(descriptor.label, descriptor.code);
      return createShaderModule.call(device, descriptor);
    };
    device.createBindGroup = (descriptor) => {
      this.bindings.set(descriptor.label, descriptor.entries.length);
      return createBindGroup.call(device, descriptor);
    };
  }

  #watchBuffers() {
    const device = this.#device;
    const { createBuffer } = device;
    device.createBuffer = (descriptor) => {
      const buffer = createBuffer.call(device, descriptor);
      if (this.poisoning && descriptor.label?.includes("woven")) {
        poison(device, buffer);
        this.poisoned++;
      }
      return buffer;
    };
    const { queue } = device;
    const { writeBuffer } = queue;
    queue.writeBuffer = (buffer, offset, data, ...rest) => {
      const { label } = buffer;
      if (label && data.byteLength <= SMALL && !this.writes.has(label)) {
        const bytes = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : data;
        this.writes.set(label, new Uint8Array(bytes).slice().buffer);
      }
      return writeBuffer.call(queue, buffer, offset, data, ...rest);
    };
  }

  #watchPasses() {
    const device = this.#device;
    const { createCommandEncoder } = device;
    device.createCommandEncoder = (descriptor) => {
      const encoder = createCommandEncoder.call(device, descriptor);
      const begin = encoder.beginComputePass;
      encoder.beginComputePass = (pass) => {
        const timestampWrites = this.#labels && this.#clock?.next();
        if (!timestampWrites) return begin.call(encoder, pass);
        this.#labels.push(pass.label);
        return begin.call(encoder, { ...pass, timestampWrites });
      };
      return encoder;
    };
  }
}
