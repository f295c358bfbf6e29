import { type Plan, rowLength } from "../../../plan/plan.js";
import { type Loans, USAGE } from "../device/buffers.js";
import type { Gpu } from "../device/device.js";
import { IdentityFloatKernel } from "../kernels/identity-float.js";
import { ByteExamples, floatBytes } from "./examples.js";
import { Finish } from "./finish.js";
import { type Dispatch, evenPositions, type Path, type PreparedPath } from "./path.js";

/** The identity projection of float32 examples, in every mode. */
export const identityFloatPath: Path = {
  name: "identity-float",
  async prepare(gpu, plan, dataset) {
    const [identity, finish] = await Promise.all([IdentityFloatKernel.create(gpu), Finish.create(gpu, plan)]);
    const examples = await ByteExamples.upload(gpu, floatBytes(dataset), plan.features * 4);
    return new PreparedIdentityFloat(gpu, plan, identity, finish, examples);
  },
};

class PreparedIdentityFloat implements PreparedPath {
  readonly maxPositions: number;
  readonly #gpu: Gpu;
  readonly #plan: Plan;
  readonly #identity: IdentityFloatKernel;
  readonly #finish: Finish;
  readonly #examples: ByteExamples;

  constructor(gpu: Gpu, plan: Plan, identity: IdentityFloatKernel, finish: Finish, examples: ByteExamples) {
    this.#gpu = gpu;
    this.#plan = plan;
    this.#identity = identity;
    this.#finish = finish;
    this.#examples = examples;
    this.maxPositions = evenPositions(Math.min(finish.maxPositions, examples.maxPositions));
  }

  async stage(dispatch: Dispatch, loans: Loans): Promise<(encoder: GPUCommandEncoder, output: GPUBuffer) => void> {
    const { features: columns, outFeatures: rows, identityScale: scale } = this.#plan;
    const { buffer, indices, write } = await this.#examples.gather(dispatch.indices, loans);
    const drawn = await loans.take("indices", indices.byteLength, USAGE.STORAGE | USAGE.COPY_DST);
    return this.#finish.stage("identity", dispatch, loans, (work, { out, position }) => {
      write();
      this.#gpu.device.queue.writeBuffer(drawn, 0, indices);
      const range = { positions: indices.length, columns, rows, position, stride: rowLength(this.#plan), scale };
      this.#identity.encode(work, range, { buffer }, { buffer: drawn }, out);
    });
  }

  destroy(): void {
    this.#examples.destroy();
  }
}
