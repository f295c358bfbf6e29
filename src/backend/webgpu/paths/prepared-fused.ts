import { bytesPerElement } from "../../../base/tensor.js";
import { labelCells, type Plan, rowLength } from "../../../plan/plan.js";
import { bindGroup } from "../device/bind-group.js";
import { type Loans, USAGE } from "../device/buffers.js";
import type { Gpu } from "../device/device.js";
import { blocksOf } from "../kernels/matrix.js";
import type { FusedInputs } from "./fused-inputs.js";
import { type Dispatch, evenPositions, grid, MAX_WORK, type PreparedPath, typicalRun, workOf } from "./path.js";
import { TILE_KINDS } from "./tile-shape.js";
import type { Trial } from "./tuning.js";
import type { Variant } from "./variants.js";

/** Work of a trial on a software device: about a second. On hardware a trial is a whole dispatch, to fill the card. */
const SOFTWARE_TRIAL_WORK = 1e9;

const PLAN_BYTES = 48;
const TILE_WORDS = 5;

/** The fused path with one variant of its kernel. */
export class PreparedFused implements PreparedPath {
  readonly maxPositions: number;
  readonly variant: Variant;
  readonly #gpu: Gpu;
  readonly #plan: Plan;
  readonly #inputs: FusedInputs;
  readonly #tilePositions: number;
  readonly #rowBlocks: number;
  readonly #pipeline: GPUComputePipeline;
  readonly #uniform: GPUBuffer;

  static async create(
    gpu: Gpu,
    plan: Plan,
    inputs: FusedInputs,
    variant: Variant,
    maxWork: number,
  ): Promise<PreparedFused> {
    const name = `project-${variant.product}${plan.dtype === "float16" ? "-f16" : ""}` as const;
    const pipeline = await gpu.pipeline(name, {
      ...variant.shape,
      SKIP: inputs.problem.skip,
      IDENTITY: hasIdentity(plan) ? 1 : 0,
      ...offsetConstants(plan, variant),
    });
    const uniform = await gpu.buffer("plan", PLAN_BYTES, USAGE.UNIFORM | USAGE.COPY_DST);
    const prepared = new PreparedFused(gpu, plan, inputs, variant, maxWork, pipeline, uniform);
    try {
      await gpu.submit("upload of the plan", () =>
        gpu.device.queue.writeBuffer(uniform, 0, planBytes(plan, prepared.#rowBlocks)),
      );
      return prepared;
    } catch (error) {
      uniform.destroy();
      throw error;
    }
  }

  private constructor(
    gpu: Gpu,
    plan: Plan,
    inputs: FusedInputs,
    variant: Variant,
    maxWork: number,
    pipeline: GPUComputePipeline,
    uniform: GPUBuffer,
  ) {
    this.#gpu = gpu;
    this.#plan = plan;
    this.#inputs = inputs;
    this.variant = variant;
    const kind = TILE_KINDS[variant.product];
    this.#tilePositions = kind.positions * variant.shape.GROUPS;
    this.#rowBlocks = Math.ceil(plan.outFeatures / (kind.rows * variant.shape.ROW_GROUPS));
    this.#pipeline = pipeline;
    this.#uniform = uniform;
    // In the worst case each position has a tile of its own.
    const perDispatch = gpu.limits.maxComputeWorkgroupsPerDimension ** 2 / this.#rowBlocks;
    const perBinding = gpu.limits.maxStorageBufferBindingSize / (TILE_WORDS * 4);
    const work = workOf(plan, Math.min(typicalRun(plan), this.#tilePositions));
    this.maxPositions = evenPositions(Math.min(maxWork / work, perDispatch, perBinding, inputs.examples.maxPositions));
  }

  async stage(dispatch: Dispatch, loans: Loans): Promise<(encoder: GPUCommandEncoder, output: GPUBuffer) => void> {
    const { write, encode } = await this.#stage(dispatch, loans);
    return (encoder, output) => {
      write();
      encode(encoder, output);
    };
  }

  /**
   * Stages a trial of this variant on tasks of the plan's size. Returns it with its work, in the unit of `MAX_WORK`.
   *
   * @param output a buffer whose first `bytes` bytes may be overwritten
   */
  async trial(loans: Loans, output: GPUBuffer, bytes: number): Promise<{ trial: Trial; work: number }> {
    const gpu = this.#gpu;
    const rowBytes = rowLength(this.#plan) * bytesPerElement(this.#plan.dtype);
    const work = gpu.adapter.software ? SOFTWARE_TRIAL_WORK : MAX_WORK;
    const most = Math.min(this.maxPositions, Math.floor(bytes / rowBytes));
    const run = Math.min(typicalRun(this.#plan), most);
    const runs = Math.max(1, Math.min(Math.floor(work / (run * workOf(this.#plan, run))), Math.floor(most / run)));
    const positions = run * runs;
    const dispatch: Dispatch = {
      runs: Array.from({ length: runs }, (_, key) => ({
        matrix: { key, identity: false },
        first: key * run,
        count: run,
      })),
      // Examples from all parts of the dataset.
      indices: Uint32Array.from(
        { length: positions },
        (_, i) => (Math.imul(i, 2654435761) >>> 0) % this.#plan.examples,
      ),
      given: new Uint32Array(labelCells(this.#plan) > 0 ? positions : 0),
      outputFirst: 0,
    };
    const { write, encode } = await this.#stage(dispatch, loans);
    await gpu.submit("trial", write);
    const trial: Trial = async (repeats) => {
      const start = performance.now();
      await gpu.submit("trial", (encoder) => encode(encoder, output, repeats));
      await gpu.device.queue.onSubmittedWorkDone();
      return performance.now() - start;
    };
    return { trial, work: positions * workOf(this.#plan, run) };
  }

  async #stage(dispatch: Dispatch, loans: Loans) {
    const usage = USAGE.STORAGE | USAGE.COPY_DST;
    const tiles = this.#tiles(dispatch);
    const examples = await this.#inputs.examples.gather(dispatch.indices, loans);
    const tileBuffer = await loans.take("tiles", tiles.byteLength, usage);
    const indices = await loans.take("indices", examples.indices.byteLength, usage);
    const given =
      dispatch.given.length > 0 ? await loans.take("given labels", dispatch.given.byteLength, usage) : indices;
    const write = () => {
      const { queue } = this.#gpu.device;
      examples.write();
      queue.writeBuffer(tileBuffer, 0, tiles);
      queue.writeBuffer(indices, 0, examples.indices);
      if (dispatch.given.length > 0) queue.writeBuffer(given, 0, dispatch.given);
    };
    const encode = (encoder: GPUCommandEncoder, output: GPUBuffer, repeats = 1) => {
      if (this.#plan.dtype === "float16") this.#clear(encoder, dispatch, output);
      // The shader computes the number of tiles from the size of this binding.
      const tileBinding = { buffer: tileBuffer, size: tiles.byteLength };
      const { table } = this.#inputs;
      const masks = examples.masks ?? indices;
      const resources = [this.#uniform, table, examples.buffer, tileBinding, indices, given, output, masks];
      const pass = encoder.beginComputePass({ label: "taskloom fused projection" });
      pass.setPipeline(this.#pipeline);
      pass.setBindGroup(0, bindGroup(this.#gpu, this.#pipeline, "fused projection", resources));
      const workgroups = grid((tiles.length / TILE_WORDS) * this.#rowBlocks, this.#gpu);
      for (let i = 0; i < repeats; i++) pass.dispatchWorkgroups(...workgroups);
      pass.end();
    };
    return { write, encode };
  }

  destroy(): void {
    this.release();
    this.#inputs.destroy();
  }

  /** Destroys the buffers of this variant, but not the inputs that variants share. */
  release(): void {
    this.#uniform.destroy();
  }

  /** Clears the output for put-f16.wgsl, which ORs halves into words that they share. */
  #clear(encoder: GPUCommandEncoder, dispatch: Dispatch, output: GPUBuffer): void {
    const row = rowLength(this.#plan) * bytesPerElement(this.#plan.dtype);
    const bytes = Math.ceil((dispatch.indices.length * row) / 4) * 4;
    encoder.clearBuffer(output, dispatch.outputFirst * row, bytes);
  }

  /** Cuts each run into tiles of at most as many positions as the shape has: `Tile` of shaders/project-tile.wgsl. */
  #tiles({ runs, outputFirst }: Dispatch): Uint32Array<ArrayBuffer> {
    const size = this.#tilePositions;
    let count = 0;
    for (const run of runs) count += Math.ceil(run.count / size);
    const tiles = new Uint32Array(count * TILE_WORDS);
    let at = 0;
    // One assignment a word: this loop runs for every task, and arrays or spreads would slow it.
    for (const { matrix, first, count: positions } of runs) {
      for (let done = 0; done < positions; done += size) {
        tiles[at] = matrix.key;
        tiles[at + 1] = matrix.identity ? 1 : 0;
        tiles[at + 2] = first + done;
        tiles[at + 3] = Math.min(size, positions - done);
        tiles[at + 4] = outputFirst + first + done;
        at += TILE_WORDS;
      }
    }
    return tiles;
  }
}

/** Tells whether some tasks have the identity matrix. They share a dispatch with tasks that have their own matrix. */
function hasIdentity({ identityProjection }: Plan): boolean {
  return identityProjection.some(([, share]) => share > 0);
}

/** Returns the constants that say how an offset is subtracted, and how long sums are kept. */
function offsetConstants(plan: Plan, { product, shape }: Variant): Record<string, number> {
  const offset = plan.grayOffset === 0 ? 0 : 1;
  if (product !== "wide-int16") return { OFFSET: product === "packed-int16" ? 0 : offset };
  // Products of a block whose high part is taken: of single columns, or of pairs.
  const perBlock = offset ? 16 : 8;
  const blocks = Math.ceil(blocksOf(plan.features) / shape.DEPTH) * shape.DEPTH;
  const short = blocks * perBlock <= 2 ** 16;
  const carry = Math.floor((2 ** 8 - 1) / (perBlock * shape.DEPTH));
  return { CENTERED: offset, OFFSET: 0, SHIFT: short ? 16 : 24, CARRY: short ? 0 : carry };
}

/** Returns the uniform `Plan` of shaders/project-tile.wgsl. */
function planBytes(plan: Plan, rowBlocks: number): ArrayBuffer {
  const bytes = new ArrayBuffer(PLAN_BYTES);
  new BigUint64Array(bytes, 0, 1)[0] = plan.seed;
  new Uint32Array(bytes, 8, 6).set([
    plan.features,
    blocksOf(plan.features),
    plan.outFeatures,
    rowLength(plan),
    labelCells(plan),
    rowBlocks,
  ]);
  new Int32Array(bytes, 32, 1)[0] = plan.grayOffset;
  new Float32Array(bytes, 36, 2).set([plan.scale, plan.identityScale]);
  return bytes;
}
