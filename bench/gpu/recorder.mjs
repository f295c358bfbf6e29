// Records the library's use of a device: the time of each pass, the compiled pipelines and the dispatches. So stages and
// other variants are measured with the shape and the buffers of the library's kernel.
import { poison } from "./device.mjs";

const USAGE = { COPY_SRC: 4, UNIFORM: 0x40, STORAGE: 0x80 };

/** The methods of a device that are replaced; its own are those of its class. */
const WATCHED = [
  "createShaderModule",
  "createComputePipelineAsync",
  "createBuffer",
  "createBindGroup",
  "createCommandEncoder",
];

export class Recorder {
  /** The label, override constants and text of each pipeline. */
  pipelines = new Map();
  /** True to keep dispatches. The last dispatch of each pass label: its pipeline, and its buffers by binding. */
  listening = false;
  dispatches = new Map();
  /** True to fill new outputs with 0xCD, and the number of filled ones. */
  poisoning = false;
  poisoned = 0;
  #device;
  #clock;
  #labels;
  #code = new WeakMap();
  #resources = new WeakMap();

  /** @param clock undefined if the device has no timestamps */
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

  /** Stops timing. Returns the milliseconds of the passes in order, by label; empty without timestamps. */
  async stop() {
    const labels = this.#labels;
    this.#labels = undefined;
    const passes = new Map();
    if (!this.#clock) return passes;
    const times = await this.#clock.read();
    for (const [i, time] of times.entries()) passes.set(labels[i], [...(passes.get(labels[i]) ?? []), time]);
    return passes;
  }

  /** Gives the device its own methods back: some libraries look for the usage of a buffer that they asked for. */
  detach() {
    for (const method of WATCHED) delete this.#device[method];
  }

  #watchPipelines() {
    const device = this.#device;
    const { createShaderModule, createComputePipelineAsync } = device;
    device.createShaderModule = (descriptor) => {
      const module = createShaderModule.call(device, descriptor);
      this.#code.set(module, descriptor.code);
      return module;
    };
    device.createComputePipelineAsync = async (descriptor) => {
      const pipeline = await createComputePipelineAsync.call(device, descriptor);
      const { label, compute } = descriptor;
      this.pipelines.set(pipeline, { label, constants: compute.constants ?? {}, code: this.#code.get(compute.module) });
      return pipeline;
    };
  }

  #watchBuffers() {
    const device = this.#device;
    const { createBuffer, createBindGroup } = device;
    device.createBuffer = (descriptor) => {
      // The buffers that kernels read can be read back.
      const readable = descriptor.usage & (USAGE.UNIFORM | USAGE.STORAGE) ? USAGE.COPY_SRC : 0;
      const buffer = createBuffer.call(device, { ...descriptor, usage: descriptor.usage | readable });
      if (this.poisoning && descriptor.label?.includes("woven")) {
        poison(device, buffer);
        this.poisoned++;
      }
      return buffer;
    };
    device.createBindGroup = (descriptor) => {
      const group = createBindGroup.call(device, descriptor);
      const sorted = [...descriptor.entries].sort((a, b) => a.binding - b.binding);
      this.#resources.set(
        group,
        sorted.map(({ resource }) => resource),
      );
      return group;
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
        if (timestampWrites) this.#labels.push(pass.label);
        const begun = begin.call(encoder, timestampWrites ? { ...pass, timestampWrites } : pass);
        if (this.listening) this.#listen(begun, pass.label);
        return begun;
      };
      return encoder;
    };
  }

  #listen(pass, label) {
    const { setPipeline, setBindGroup } = pass;
    const dispatch = {};
    this.dispatches.set(label, dispatch);
    pass.setPipeline = (pipeline) => {
      dispatch.pipeline = pipeline;
      setPipeline.call(pass, pipeline);
    };
    pass.setBindGroup = (index, group, ...offsets) => {
      dispatch.resources = this.#resources.get(group);
      setBindGroup.call(pass, index, group, ...offsets);
    };
  }
}
