import { type Plan, rowLength } from "../../../plan/plan.js";
import { type Loans, USAGE, uploadTable } from "../device/buffers.js";
import type { Gpu } from "../device/device.js";
import { MatrixKernel } from "../kernels/matrix.js";
import { type FloatBuffers, ProjectFloatKernel } from "../kernels/project-float.js";
import { TorchMatrixKernel } from "../kernels/torch-matrix.js";
import type { Work } from "../kernels/work.js";
import { ByteExamples, floatBytes } from "./examples.js";
import { Finish } from "./finish.js";
import { groupRuns, type RunGroup } from "./groups.js";
import { panelRows, panelsOf, panelTasks } from "./panels.js";
import { type Dispatch, evenPositions, MAKING, MAX_WORK, type Path, type PreparedPath } from "./path.js";

/** The projection of float32 examples, in every mode. It writes the f32 matrices of some tasks and multiplies. */
export const floatPath: Path = {
  name: "float",
  async prepare(gpu, plan, dataset, table) {
    const typical = plan.mode === "samples" ? 1 : plan.itemsPerTask * plan.length;
    const normalTable = await uploadTable(gpu, table);
    try {
      const [matrix, torch, project, finish] = await Promise.all([
        MatrixKernel.create(gpu, normalTable),
        plan.generator === "torch" ? TorchMatrixKernel.create(gpu) : undefined,
        ProjectFloatKernel.create(gpu, typical),
        Finish.create(gpu, plan),
      ]);
      const examples = await ByteExamples.upload(gpu, floatBytes(dataset), plan.features * 4);
      return new PreparedFloat(gpu, plan, typical, { matrix, torch, project, finish }, examples, normalTable);
    } catch (error) {
      normalTable.destroy();
      throw error;
    }
  },
};

interface Kernels {
  readonly matrix: MatrixKernel;
  /** The kernel of the torch generator. Identity matrices come from `matrix` with either generator. */
  readonly torch: TorchMatrixKernel | undefined;
  readonly project: ProjectFloatKernel;
  readonly finish: Finish;
}

class PreparedFloat implements PreparedPath {
  readonly maxPositions: number;
  readonly #gpu: Gpu;
  readonly #plan: Plan;
  readonly #kernels: Kernels;
  readonly #examples: ByteExamples;
  readonly #table: GPUBuffer;

  constructor(gpu: Gpu, plan: Plan, typical: number, kernels: Kernels, examples: ByteExamples, table: GPUBuffer) {
    this.#gpu = gpu;
    this.#plan = plan;
    this.#kernels = kernels;
    this.#examples = examples;
    this.#table = table;
    const perPosition = plan.outFeatures * plan.features * (1 + MAKING / typical);
    const { project, finish } = kernels;
    this.maxPositions = evenPositions(
      Math.min(MAX_WORK / perPosition, project.maxPositions, finish.maxPositions, examples.maxPositions),
    );
  }

  async stage(dispatch: Dispatch, loans: Loans): Promise<(encoder: GPUCommandEncoder, output: GPUBuffer) => void> {
    const { features, outFeatures } = this.#plan;
    const { limits, device } = this.#gpu;
    const { buffer, indices, write } = await this.#examples.gather(dispatch.indices, loans);
    const drawn = await loans.take("indices", indices.byteLength, USAGE.STORAGE | USAGE.COPY_DST);
    const rowBytes = MatrixKernel.rowBytes(features);
    const rows = panelRows(limits, outFeatures, features, rowBytes);
    const groups = groupRuns(dispatch.runs, panelTasks(limits, rows * rowBytes));
    const tasks = Math.max(...groups.map((group) => group.keys.length));
    const matrices = await loans.take("matrices", tasks * rows * rowBytes, USAGE.STORAGE);
    return this.#kernels.finish.stage("float projection", dispatch, loans, (work, { out, position }) => {
      write();
      device.queue.writeBuffer(drawn, 0, indices);
      const buffers = { examples: { buffer }, indices: { buffer: drawn }, matrices: { buffer: matrices }, out };
      for (const group of groups) this.#multiply(work, group, rows, position, buffers);
    });
  }

  destroy(): void {
    this.#examples.destroy();
    this.#table.destroy();
  }

  #multiply(work: Work, group: RunGroup, panelRows: number, position: number, buffers: FloatBuffers): void {
    const { seed, features: columns, outFeatures, scale, identityScale, matrixScale } = this.#plan;
    const { matrix, torch, project } = this.#kernels;
    const { keys: tasks, identity, first, positions } = group;
    for (const { row, rows } of panelsOf(outFeatures, panelRows)) {
      if (torch && !identity) {
        torch.encode(work, { seeds: tasks, row, rows, columns, outFeatures }, matrixScale, buffers.matrices);
      } else {
        // Unscaled deviates: the scale is applied to the sum, like in the WebAssembly backend.
        matrix.encode(work, { seed, tasks, row, rows, columns, identity }, 1, buffers.matrices);
      }
      const to = {
        position: position + first,
        column: row,
        stride: rowLength(this.#plan),
        scale: identity ? identityScale : scale,
      };
      project.encode(work, { tasks: tasks.length, first, positions, columns, rows, ...to }, buffers);
    }
  }
}
