import type { Dataset } from "../../dataset/index.js";
import { bytesPerElement } from "../../tensor.js";
import { labelCells, type Plan, rowLength } from "../plan.js";
import { type Loans, USAGE } from "./buffers.js";
import type { Gpu } from "./device.js";
import { ByteExamples } from "./examples.js";
import {
  type Batch,
  evenPositions,
  grid,
  MAKING,
  MAX_WORK,
  type Path,
  type PreparedPath,
  type TaskRun,
} from "./path.js";
import { POSITIONS_EACH, ROWS_EACH, type TileShape, tileShape } from "./tile-shape.js";

/**
 * The exact projection of uint8 examples, deviates and one-hots made in the same dispatch: see shaders/project-tile.wgsl.
 * Right for every mode; for a task with very many positions each tile of them makes the matrix again.
 */
export const fusedPath: Path = {
  name: "fused",
  prepare(gpu, plan, dataset, table) {
    const shape = tileShape(gpu.limits, plan.outFeatures, blocksOf(plan), typicalRun(plan));
    return prepareFused(gpu, plan, dataset, table, shape);
  },
};

/** The fused path with tiles of a given shape, for measurements and tests. */
export async function prepareFused(
  gpu: Gpu,
  plan: Plan,
  dataset: Dataset,
  table: Uint32Array<ArrayBuffer>,
  shape: TileShape,
): Promise<PreparedPath> {
  const name = plan.dtype === "float16" ? "project-f16" : "project";
  const pipeline = await gpu.pipeline(name, { ...shape });
  const shared: GPUBuffer[] = [];
  try {
    shared.push(
      await gpu.buffer("plan", PLAN_BYTES, USAGE.UNIFORM | USAGE.COPY_DST),
      await gpu.buffer("deviates' table", table.byteLength, USAGE.STORAGE | USAGE.COPY_DST),
    );
    const [uniform, normal] = shared as [GPUBuffer, GPUBuffer];
    await gpu.submit("upload of the plan", () => {
      gpu.device.queue.writeBuffer(uniform, 0, planBytes(plan, shape));
      gpu.device.queue.writeBuffer(normal, 0, table);
    });
    const examples = await ByteExamples.upload(gpu, images(dataset), plan.features);
    return new Fused(gpu, plan, shape, pipeline, examples, uniform, normal);
  } catch (error) {
    for (const buffer of shared) buffer.destroy();
    throw error;
  }
}

const PLAN_BYTES = 48;
const TILE_WORDS = 5;

class Fused implements PreparedPath {
  readonly maxPositions: number;
  readonly #gpu: Gpu;
  readonly #plan: Plan;
  readonly #tilePositions: number;
  readonly #rowBlocks: number;
  readonly #pipeline: GPUComputePipeline;
  readonly #examples: ByteExamples;
  readonly #uniform: GPUBuffer;
  readonly #table: GPUBuffer;

  constructor(
    gpu: Gpu,
    plan: Plan,
    shape: TileShape,
    pipeline: GPUComputePipeline,
    examples: ByteExamples,
    uniform: GPUBuffer,
    table: GPUBuffer,
  ) {
    this.#gpu = gpu;
    this.#plan = plan;
    this.#tilePositions = POSITIONS_EACH * shape.GROUPS;
    this.#rowBlocks = rowBlocks(plan, shape);
    this.#pipeline = pipeline;
    this.#examples = examples;
    this.#uniform = uniform;
    this.#table = table;
    const perPosition =
      plan.outFeatures * plan.features * (1 + MAKING / Math.min(typicalRun(plan), this.#tilePositions));
    // At worst a tile for each position.
    const perDispatch = gpu.limits.maxComputeWorkgroupsPerDimension ** 2 / this.#rowBlocks;
    const perBinding = gpu.limits.maxStorageBufferBindingSize / (TILE_WORDS * 4);
    this.maxPositions = evenPositions(
      Math.min(MAX_WORK / perPosition, perDispatch, perBinding, this.#examples.maxPositions),
    );
  }

  async stage(batch: Batch, loans: Loans): Promise<(encoder: GPUCommandEncoder, output: GPUBuffer) => void> {
    const usage = USAGE.STORAGE | USAGE.COPY_DST;
    const tiles = this.#tiles(batch);
    const examples = await this.#examples.gather(batch.indices, loans);
    const tileBuffer = await loans.take("tiles", tiles.byteLength, usage);
    const indices = await loans.take("indices", examples.indices.byteLength, usage);
    const given = batch.given.length > 0 ? await loans.take("given labels", batch.given.byteLength, usage) : indices;
    return (encoder, output) => {
      const { queue } = this.#gpu.device;
      examples.write();
      queue.writeBuffer(tileBuffer, 0, tiles);
      queue.writeBuffer(indices, 0, examples.indices);
      if (batch.given.length > 0) queue.writeBuffer(given, 0, batch.given);
      if (this.#plan.dtype === "float16") this.#clear(encoder, batch, output);
      // The shader takes the number of tiles from the size of their binding.
      const tileBinding = { buffer: tileBuffer, size: tiles.byteLength };
      const resources = [this.#uniform, this.#table, examples.buffer, tileBinding, indices, given, output];
      const pass = encoder.beginComputePass({ label: "taskloom fused projection" });
      pass.setPipeline(this.#pipeline);
      pass.setBindGroup(0, bindGroup(this.#gpu, this.#pipeline, "fused projection", resources));
      pass.dispatchWorkgroups(...grid((tiles.length / TILE_WORDS) * this.#rowBlocks, this.#gpu));
      pass.end();
    };
  }

  destroy(): void {
    this.#examples.destroy();
    this.#uniform.destroy();
    this.#table.destroy();
  }

  /** Zeros for the halves that project-f16.wgsl puts into words they share. */
  #clear(encoder: GPUCommandEncoder, batch: Batch, output: GPUBuffer): void {
    const row = rowLength(this.#plan) * bytesPerElement(this.#plan.dtype);
    const bytes = Math.ceil((batch.indices.length * row) / 4) * 4;
    encoder.clearBuffer(output, batch.outputFirst * row, bytes);
  }

  /** Each run in tiles of at most as many positions as the shape has: (matrix, first, count, place in the output). */
  #tiles({ runs, outputFirst }: Batch): Uint32Array<ArrayBuffer> {
    const size = this.#tilePositions;
    const count = runs.reduce((sum, run) => sum + Math.ceil(run.count / size), 0);
    const tiles = new Uint32Array(count * TILE_WORDS);
    let at = 0;
    const put = ({ matrix: { key, identity }, first, count }: TaskRun) => {
      tiles.set([key, identity ? 1 : 0, first, count, outputFirst + first], at);
      at += TILE_WORDS;
    };
    for (const { matrix, first, count } of runs) {
      for (let done = 0; done < count; done += size) {
        put({ matrix, first: first + done, count: Math.min(size, count - done) });
      }
    }
    return tiles;
  }
}

/** A bind group of whole buffers or parts of them, in the order of their bindings. */
export function bindGroup(
  { device }: Gpu,
  pipeline: GPUComputePipeline,
  label: string,
  resources: readonly (GPUBuffer | GPUBufferBinding)[],
): GPUBindGroup {
  return device.createBindGroup({
    label: `taskloom ${label}`,
    layout: pipeline.getBindGroupLayout(0),
    entries: resources.map((resource, binding) => ({
      binding,
      resource: "buffer" in resource ? resource : { buffer: resource },
    })),
  });
}

/** @throws TypeError for float32 examples, which this path is not for. */
export function images(dataset: Dataset): Uint8Array {
  if (dataset.images instanceof Uint8Array) return dataset.images;
  throw new TypeError("exact paths take uint8 examples");
}

/** Positions of a task that come together. */
function typicalRun(plan: Plan): number {
  return plan.mode === "samples" ? 1 : plan.itemsPerTask * plan.length;
}

function blocksOf(plan: Plan): number {
  return Math.ceil(plan.features / 16);
}

function rowBlocks(plan: Plan, { ROW_GROUPS }: TileShape): number {
  return Math.ceil(plan.outFeatures / (ROWS_EACH * ROW_GROUPS));
}

/** `Plan` of shaders/project-tile.wgsl. */
function planBytes(plan: Plan, shape: TileShape): ArrayBuffer {
  const bytes = new ArrayBuffer(PLAN_BYTES);
  new BigUint64Array(bytes, 0, 1)[0] = plan.seed;
  new Uint32Array(bytes, 8, 6).set([
    plan.features,
    blocksOf(plan),
    plan.outFeatures,
    rowLength(plan),
    labelCells(plan),
    rowBlocks(plan, shape),
  ]);
  new Int32Array(bytes, 32, 1)[0] = plan.offset;
  new Float32Array(bytes, 36, 2).set([plan.scale, plan.identityScale]);
  return bytes;
}
