import type { Plan } from "../../../plan/plan.js";
import { rowLength } from "../../../plan/plan.js";
import { bindGroup } from "../device/bind-group.js";
import { type Loans, USAGE } from "../device/buffers.js";
import type { Gpu } from "../device/device.js";
import { ByteExamples, exampleBytes, INTEGERS, integerBytes } from "./examples.js";
import { type Dispatch, evenPositions, grid, type Path, type PreparedPath } from "./path.js";

/** The identity projection of uint8 and int16 examples: see shaders/project-identity.wgsl. */
export const identityPath: Path = {
  name: "identity",
  async prepare(gpu, plan, dataset) {
    const dtype = plan.exampleDtype === "int16" ? "int16" : "uint8";
    const { valueBytes, blockBytes } = INTEGERS[dtype];
    const constants = { HALF: plan.dtype === "float16" ? 1 : 0, INT16: dtype === "int16" ? 1 : 0 };
    const pipeline = await gpu.pipeline("project-identity", constants);
    const uniform = await gpu.buffer("plan", PLAN_BYTES, USAGE.UNIFORM | USAGE.COPY_DST);
    try {
      await gpu.submit("upload of the plan", () => gpu.device.queue.writeBuffer(uniform, 0, planBytes(plan)));
      const bytes = integerBytes(dataset, dtype);
      const examples = await ByteExamples.upload(gpu, bytes, plan.features * valueBytes, { blockBytes });
      return new Identity(gpu, plan, pipeline, examples, uniform);
    } catch (error) {
      uniform.destroy();
      throw error;
    }
  },
};

const PLAN_BYTES = 24;
const WORKGROUP = 64;

class Identity implements PreparedPath {
  readonly maxPositions: number;
  readonly #gpu: Gpu;
  readonly #plan: Plan;
  readonly #pipeline: GPUComputePipeline;
  readonly #examples: ByteExamples;
  readonly #uniform: GPUBuffer;

  constructor(gpu: Gpu, plan: Plan, pipeline: GPUComputePipeline, examples: ByteExamples, uniform: GPUBuffer) {
    this.#gpu = gpu;
    this.#plan = plan;
    this.#pipeline = pipeline;
    this.#examples = examples;
    this.#uniform = uniform;
    const perDispatch = (gpu.limits.maxComputeWorkgroupsPerDimension ** 2 * WORKGROUP) / rowLength(plan);
    const perBinding = gpu.limits.maxStorageBufferBindingSize / 4;
    this.maxPositions = evenPositions(Math.min(perDispatch, perBinding, examples.maxPositions));
  }

  async stage(dispatch: Dispatch, loans: Loans): Promise<(encoder: GPUCommandEncoder, output: GPUBuffer) => void> {
    const usage = USAGE.STORAGE | USAGE.COPY_DST;
    const examples = await this.#examples.gather(dispatch.indices, loans);
    const range = await loans.take("range", 8, usage);
    const indices = await loans.take("indices", examples.indices.byteLength, usage);
    const given =
      dispatch.given.length > 0 ? await loans.take("given labels", dispatch.given.byteLength, usage) : indices;
    const count = dispatch.indices.length;
    const values = count * rowLength(this.#plan);
    const words = this.#plan.dtype === "float16" ? Math.ceil(values / 2) : values;
    return (encoder, output) => {
      const { queue } = this.#gpu.device;
      examples.write();
      queue.writeBuffer(range, 0, Uint32Array.of(dispatch.outputFirst, count));
      queue.writeBuffer(indices, 0, examples.indices);
      if (dispatch.given.length > 0) queue.writeBuffer(given, 0, dispatch.given);
      const resources = [this.#uniform, range, examples.buffer, indices, given, output];
      const pass = encoder.beginComputePass({ label: "taskloom identity" });
      pass.setPipeline(this.#pipeline);
      pass.setBindGroup(0, bindGroup(this.#gpu, this.#pipeline, "identity", resources));
      pass.dispatchWorkgroups(...grid(Math.ceil(words / WORKGROUP), this.#gpu));
      pass.end();
    };
  }

  destroy(): void {
    this.#examples.destroy();
    this.#uniform.destroy();
  }
}

/** Returns the uniform `Plan` of shaders/project-identity.wgsl. */
function planBytes(plan: Plan): ArrayBuffer {
  const bytes = new ArrayBuffer(PLAN_BYTES);
  const { valueBytes, blockBytes } = INTEGERS[plan.exampleDtype === "int16" ? "int16" : "uint8"];
  const words = exampleBytes(plan.features * valueBytes, blockBytes) / 4;
  new Uint32Array(bytes, 0, 4).set([plan.features, words, plan.outFeatures, rowLength(plan)]);
  new Int32Array(bytes, 16, 1)[0] = plan.grayOffset;
  new Float32Array(bytes, 20, 1)[0] = plan.identityScale;
  return bytes;
}
