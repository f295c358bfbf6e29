import type { MatrixChoice } from "../../../draws/draws.js";
import { type Plan, rowLength } from "../../../plan/plan.js";
import { type Loans, USAGE, uploadTable } from "../device/buffers.js";
import type { Gpu } from "../device/device.js";
import { LimbsKernel } from "../kernels/limbs.js";
import { ProductKernel } from "../kernels/product.js";
import { MAX_GROUPS, type Work } from "../kernels/work.js";
import { ByteExamples, integerBytes } from "./examples.js";
import { Finish, type Values } from "./finish.js";
import { type Panel, panelRows, panelsOf } from "./panels.js";
import { type Dispatch, evenPositions, MAX_WORK, type Path, type PreparedPath } from "./path.js";

/**
 * The exact projection of whole uint8 datasets. Each dispatch writes a task's matrix once and multiplies all its examples.
 * For `mode: "dataset"`, where a run has consecutive examples.
 */
export const productPath: Path = {
  name: "product",
  async prepare(gpu, plan, dataset, table) {
    const normalTable = await uploadTable(gpu, table);
    try {
      const [limbs, product, finish] = await Promise.all([
        LimbsKernel.create(gpu, normalTable),
        ProductKernel.create(gpu),
        Finish.create(gpu, plan),
      ]);
      const examples = await ByteExamples.upload(gpu, integerBytes(dataset, "uint8"), plan.features);
      return new PreparedProduct(gpu, plan, { limbs, product, finish }, examples, normalTable);
    } catch (error) {
      normalTable.destroy();
      throw error;
    }
  },
};

interface Kernels {
  readonly limbs: LimbsKernel;
  readonly product: ProductKernel;
  readonly finish: Finish;
}

class PreparedProduct implements PreparedPath {
  readonly maxPositions: number;
  readonly #gpu: Gpu;
  readonly #plan: Plan;
  readonly #kernels: Kernels;
  readonly #examples: ByteExamples;
  readonly #table: GPUBuffer;

  constructor(gpu: Gpu, plan: Plan, kernels: Kernels, examples: ByteExamples, table: GPUBuffer) {
    this.#gpu = gpu;
    this.#plan = plan;
    this.#kernels = kernels;
    this.#examples = examples;
    this.#table = table;
    const perWork = MAX_WORK / (plan.outFeatures * plan.features);
    this.maxPositions = evenPositions(
      Math.min(perWork, kernels.finish.maxPositions, examples.maxPositions, 128 * MAX_GROUPS),
    );
  }

  async stage(dispatch: Dispatch, loans: Loans): Promise<(encoder: GPUCommandEncoder, output: GPUBuffer) => void> {
    const { features, outFeatures } = this.#plan;
    const { buffer, indices, write } = await this.#examples.gather(dispatch.indices, loans);
    const rowBytes = LimbsKernel.rowBytes(features);
    const rows = panelRows(this.#gpu.limits, outFeatures, features, rowBytes);
    const panel = {
      limbs: { buffer: await loans.take("limbs", rows * rowBytes, USAGE.STORAGE) },
      initial: { buffer: await loans.take("initial sums", rows * 4, USAGE.STORAGE | USAGE.COPY_DST) },
    };
    return this.#kernels.finish.stage("whole-dataset projection", dispatch, loans, (work, values) => {
      write();
      for (const run of dispatch.runs) {
        const range = { first: indices[run.first] as number, examples: run.count, from: run.first };
        for (const part of panelsOf(outFeatures, rows)) {
          this.#multiply(work, run.matrix, range, part, { buffer }, panel, values);
        }
      }
    });
  }

  destroy(): void {
    this.#examples.destroy();
    this.#table.destroy();
  }

  #multiply(
    work: Work,
    { key, identity }: MatrixChoice,
    range: { first: number; examples: number; from: number },
    { row, rows }: Panel,
    examples: GPUBufferBinding,
    panel: { limbs: GPUBufferBinding; initial: GPUBufferBinding },
    { out, position }: Values,
  ): void {
    const { seed, features: columns, grayOffset, scale, identityScale } = this.#plan;
    const { limbs, product } = this.#kernels;
    limbs.encode(work, { seed, tasks: [key], row, rows, columns, identity }, grayOffset, panel);
    const { first, examples: count, from } = range;
    const to = { position: position + from, column: row, stride: rowLength(this.#plan) };
    product.encode(
      work,
      { first, examples: count, columns, rows, ...to, scale: identity ? identityScale : scale },
      examples,
      panel,
      out,
    );
  }
}
