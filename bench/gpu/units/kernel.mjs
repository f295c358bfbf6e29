// The candidate on a device: pipelines, dispatches, and the comparison of its results with the WebAssembly backend's.
import { TaskAugmentor } from "../../../dist/index.js";
import { poison, readBack } from "../device.mjs";
import { derived, shader } from "./shader.mjs";
import { drawTasks, kernelPlan, paddedExamples, planBytes } from "./tasks.mjs";

const USAGE = { COPY_SRC: 4, COPY_DST: 8, UNIFORM: 0x40, STORAGE: 0x80 };

/** A value that differs from the WebAssembly backend's. */
export class WrongResult extends Error {}

/** @throws Error with the compiler's message if the device refuses the text */
export async function shaderModule(device, shape, blocks, emulated = false) {
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ label: "bench units", code: shader(shape, blocks, emulated) });
  const error = await device.popErrorScope();
  if (error) throw new Error(error.message);
  return module;
}

/** @throws Error if the device refuses the text, or if the kernel exceeds its limits */
export async function compile(device, shape, blocks, emulated = false) {
  const module = await shaderModule(device, shape, blocks, emulated);
  return device.createComputePipelineAsync({ label: "bench units", layout: "auto", compute: { module } });
}

/** Tasks of one dataset and one set of options, in the kernel's buffers. */
export class Setting {
  #device;
  #dataset;
  #options;
  #plan;
  #examples;
  #table;
  #made = [];

  /** @param table the 768 entries of the deviates' table */
  constructor(device, dataset, options, table) {
    this.#device = device;
    this.#dataset = dataset;
    this.#options = options;
    this.#plan = kernelPlan(dataset, options);
    this.#examples = this.#upload(paddedExamples(dataset), USAGE.STORAGE);
    this.#table = this.#upload(table, USAGE.STORAGE);
  }

  get blocks() {
    return this.#plan.blocks;
  }

  /** Prepares the dispatch of `count` tasks from `first` on for `timeRounds` of ../stages.mjs. Fills the output with 0xCD. */
  prepare(pipeline, shape, first, count) {
    const device = this.#device;
    const { rows, positions } = derived(shape);
    const drawn = drawTasks(this.#plan, this.#dataset, this.#options, first, count, positions);
    const size = 4 * this.#plan.width * drawn.indices.length;
    const output = device.createBuffer({ size, usage: USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST });
    this.#made.push(output);
    poison(device, output);
    const resources = [
      this.#upload(planBytes(this.#plan, rows), USAGE.UNIFORM),
      this.#table,
      this.#examples,
      ...[drawn.tiles, drawn.indices, drawn.given].map((words) => this.#upload(words, USAGE.STORAGE)),
      output,
    ];
    const entries = resources.map((buffer, binding) => ({ binding, resource: { buffer } }));
    const workgroups = (drawn.tiles.length / 5) * Math.ceil(this.#plan.rows / rows);
    const x = Math.min(workgroups, device.limits.maxComputeWorkgroupsPerDimension);
    return {
      output,
      bindGroup: device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }),
      grid: [x, Math.ceil(workgroups / x)],
    };
  }

  /** @throws WrongResult if a bit of the first or the last task differs from the WebAssembly backend's */
  async check({ output }, first, count) {
    const size = output.size / count;
    const set = { ...this.#options, taskOffset: first, taskCount: count };
    const wasm = new TaskAugmentor({ ...set, backend: "wasm", workers: 0 });
    try {
      for (const task of [first, first + count - 1]) {
        const { data } = (await wasm.batch(this.#dataset, task)).inputs;
        const expected = new Uint32Array(data.buffer, data.byteOffset, data.length);
        const got = new Uint32Array(await readBack(this.#device, output, (task - first) * size, size));
        const wrong = expected.findIndex((word, i) => word !== got[i]);
        if (got.length !== expected.length || wrong >= 0) {
          const [is, should] = [new Float32Array(got.buffer)[wrong], data[wrong]];
          throw new WrongResult(`value ${wrong} of task ${task} is ${is}, should be ${should}`);
        }
      }
    } finally {
      wasm.dispose();
    }
  }

  /** Destroys the buffers of prepared dispatches. */
  release() {
    // All buffers except the examples and the table.
    for (const buffer of this.#made.splice(2)) buffer.destroy();
  }

  destroy() {
    for (const buffer of this.#made) buffer.destroy();
  }

  #upload(data, usage) {
    const buffer = this.#device.createBuffer({ size: data.byteLength, usage: usage | USAGE.COPY_DST });
    this.#device.queue.writeBuffer(buffer, 0, data);
    this.#made.push(buffer);
    return buffer;
  }
}
