import { bytesPerElement } from "../../../base/tensor.js";
import type { Dataset } from "../../../dataset/index.js";
import { labelCells, type Plan, rowLength } from "../../../plan/plan.js";
import { Buffers, Loans, USAGE } from "../device/buffers.js";
import type { Gpu } from "../device/device.js";
import { ByteExamples } from "./examples.js";
import { type Dispatch, evenPositions, grid, MAKING, MAX_WORK, type Path, type PreparedPath } from "./path.js";
import { TILE_KINDS, type TileProblem } from "./tile-shape.js";
import { Choices, fastest, type Trial } from "./tuning.js";
import { candidates, defaultVariant, type Variant } from "./variants.js";

/**
 * The exact projection of uint8 examples, deviates and one-hots made in the same dispatch: see shaders/project-tile.wgsl.
 * Right for every mode; for a task with very many positions each tile of them makes the matrix again.
 */
export const fusedPath: Path = {
  name: "fused",
  prepare: (gpu, plan, dataset, table) => prepareFused(gpu, plan, dataset, table),
};

/**
 * @param fixed a variant, for measurements and tests; by default the one that was found to be the fastest on the adapter,
 *   or is expected to be
 */
export async function prepareFused(
  gpu: Gpu,
  plan: Plan,
  dataset: Dataset,
  table: Uint32Array<ArrayBuffer>,
  fixed?: Variant,
): Promise<PreparedPath> {
  const inputs = await Inputs.upload(gpu, plan, dataset, table);
  try {
    const { variant, maxWork } = fixed ? { variant: fixed, maxWork: MAX_WORK } : await choiceFor(gpu, plan, inputs);
    return await Fused.create(gpu, plan, inputs, variant, maxWork);
  } catch (error) {
    inputs.destroy();
    throw error;
  }
}

/** A variant, and how much work may be in one dispatch of it. */
interface Choice {
  readonly variant: Variant;
  readonly maxWork: number;
}

/** Variants that were found to be the fastest, by adapter and problem. */
const tuned = new Choices<Choice>();

/** Work, in multiplications as in `MAX_WORK`, from which on a set is worth a second of tuning: 2^16 tasks of MNIST. */
const TUNE_FROM = 2 ** 16 * (100 + MAKING) * 784 ** 2;
/** Of a trial on a software device, where it takes a second. Elsewhere a trial is a whole dispatch: it has to fill a card. */
const SOFTWARE_TRIAL_WORK = 1e9;
/** Bytes that the results of a trial take at most. */
const TRIAL_BYTES = 64 * 2 ** 20;
/** The longest dispatch on a device whose speed is known, in milliseconds: short ones leave it idle at each of their ends. */
const DISPATCH = 20;

async function choiceFor(gpu: Gpu, plan: Plan, inputs: Inputs): Promise<Choice> {
  const problem = inputs.problem;
  const device = { adapter: gpu.adapter, limits: gpu.limits, packedDot: await gpu.packedDot() };
  const key = JSON.stringify([device, problem, plan.dtype]);
  const untuned = () => ({ variant: defaultVariant(device, problem), maxWork: MAX_WORK });
  const work = plan.itemCount * plan.length * workOf(plan, problem.count);
  if (!(gpu.tune ?? (work >= TUNE_FROM && !gpu.adapter.software))) {
    return (await tuned.get(key)) ?? untuned();
  }
  try {
    return await tuned.of(key, () => tune(gpu, plan, inputs, candidates(device, problem)));
  } catch (error) {
    // What went wrong in a trial need not in the work itself; if it does, the work says so.
    if (gpu.lost) throw error;
    return untuned();
  }
}

/** The fastest of some variants; those that the device refuses are left out. */
async function tune(gpu: Gpu, plan: Plan, inputs: Inputs, variants: Variant[]): Promise<Choice> {
  const made = await Promise.allSettled(variants.map((variant) => Fused.create(gpu, plan, inputs, variant, MAX_WORK)));
  const kernels = made.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const buffers = new Buffers(gpu);
  try {
    if (kernels.length === 0) throw (made[0] as PromiseRejectedResult).reason;
    const trials: { trial: Trial; work: number }[] = [];
    const most = plan.itemCount * plan.length * rowLength(plan) * bytesPerElement(plan.dtype);
    const bytes = Math.min(most, TRIAL_BYTES, gpu.limits.maxStorageBufferBindingSize, gpu.limits.maxBufferSize);
    const loans = new Loans(buffers);
    const output = await loans.take("output of trials", Math.ceil(bytes / 4) * 4, USAGE.STORAGE | USAGE.COPY_DST);
    for (const kernel of kernels) trials.push(await kernel.trial(loans, output, bytes));
    const { number, milliseconds } = await fastest(trials.map(({ trial }) => trial));
    const perMillisecond = (trials[number] as { work: number }).work / milliseconds;
    return {
      variant: (kernels[number] as Fused).variant,
      maxWork: Math.max(MAX_WORK, perMillisecond * DISPATCH),
    };
  } catch (cause) {
    throw await gpu.explain(cause, "tuning");
  } finally {
    for (const kernel of kernels) kernel.release();
    buffers.destroy();
  }
}

const PLAN_BYTES = 48;
const TILE_WORDS = 5;
/** Places for blocks that are not zero: few sizes, as each is a compilation; small ones, as they are in workgroup memory. */
const SKIP_CAPACITIES = [64, 256, 1024];

function skipCapacity(blocks: number): number {
  return SKIP_CAPACITIES.find((capacity) => capacity >= blocks) ?? 0;
}

/** What all variants read. */
class Inputs {
  readonly examples: ByteExamples;
  readonly table: GPUBuffer;
  readonly problem: Omit<TileProblem, "product">;

  static async upload(gpu: Gpu, plan: Plan, dataset: Dataset, table: Uint32Array<ArrayBuffer>): Promise<Inputs> {
    const normal = await gpu.buffer("deviates' table", table.byteLength, USAGE.STORAGE | USAGE.COPY_DST);
    try {
      await gpu.submit("upload of the table", () => gpu.device.queue.writeBuffer(normal, 0, table));
      // Sums of whole rows of the matrix are needed to take an offset off.
      const maskCapacity = plan.grayOffset === 0 ? skipCapacity(blocksOf(plan)) : 0;
      const examples = await ByteExamples.upload(gpu, images(dataset), plan.features, { maskCapacity });
      return new Inputs(plan, examples, normal);
    } catch (error) {
      normal.destroy();
      throw error;
    }
  }

  private constructor(plan: Plan, examples: ByteExamples, table: GPUBuffer) {
    this.examples = examples;
    this.table = table;
    const { maskCapacity: skip } = examples;
    this.problem = { rows: plan.outFeatures, blocks: blocksOf(plan), count: typicalRun(plan), skip };
  }

  destroy(): void {
    this.examples.destroy();
    this.table.destroy();
  }
}

class Fused implements PreparedPath {
  readonly maxPositions: number;
  readonly variant: Variant;
  readonly #gpu: Gpu;
  readonly #plan: Plan;
  readonly #inputs: Inputs;
  readonly #tilePositions: number;
  readonly #rowBlocks: number;
  readonly #pipeline: GPUComputePipeline;
  readonly #uniform: GPUBuffer;

  static async create(gpu: Gpu, plan: Plan, inputs: Inputs, variant: Variant, maxWork: number): Promise<Fused> {
    const name = `project-${variant.product}${plan.dtype === "float16" ? "-f16" : ""}` as const;
    const pipeline = await gpu.pipeline(name, {
      ...variant.shape,
      SKIP: inputs.problem.skip,
      IDENTITY: hasIdentity(plan) ? 1 : 0,
      OFFSET: plan.grayOffset === 0 ? 0 : 1,
    });
    const uniform = await gpu.buffer("plan", PLAN_BYTES, USAGE.UNIFORM | USAGE.COPY_DST);
    const fused = new Fused(gpu, plan, inputs, variant, maxWork, pipeline, uniform);
    try {
      await gpu.submit("upload of the plan", () =>
        gpu.device.queue.writeBuffer(uniform, 0, planBytes(plan, fused.#rowBlocks)),
      );
      return fused;
    } catch (error) {
      uniform.destroy();
      throw error;
    }
  }

  private constructor(
    gpu: Gpu,
    plan: Plan,
    inputs: Inputs,
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
    // At worst a tile for each position.
    const perDispatch = gpu.limits.maxComputeWorkgroupsPerDimension ** 2 / this.#rowBlocks;
    const perBinding = gpu.limits.maxStorageBufferBindingSize / (TILE_WORDS * 4);
    const work = workOf(plan, Math.min(typicalRun(plan), this.#tilePositions));
    this.maxPositions = evenPositions(Math.min(maxWork / work, perDispatch, perBinding, inputs.examples.maxPositions));
  }

  async stage(batch: Dispatch, loans: Loans): Promise<(encoder: GPUCommandEncoder, output: GPUBuffer) => void> {
    const { write, encode } = await this.#stage(batch, loans);
    return (encoder, output) => {
      write();
      encode(encoder, output);
    };
  }

  /**
   * A trial of this variant, on tasks such as the plan has, and its work as `MAX_WORK` counts it.
   *
   * @param output of which `bytes` bytes may be written
   */
  async trial(loans: Loans, output: GPUBuffer, bytes: number): Promise<{ trial: Trial; work: number }> {
    const gpu = this.#gpu;
    const rowBytes = rowLength(this.#plan) * bytesPerElement(this.#plan.dtype);
    const work = gpu.adapter.software ? SOFTWARE_TRIAL_WORK : MAX_WORK;
    const most = Math.min(this.maxPositions, Math.floor(bytes / rowBytes));
    const run = Math.min(typicalRun(this.#plan), most);
    const runs = Math.max(1, Math.min(Math.floor(work / (run * workOf(this.#plan, run))), Math.floor(most / run)));
    const positions = run * runs;
    const batch: Dispatch = {
      runs: Array.from({ length: runs }, (_, key) => ({
        matrix: { key, identity: false },
        first: key * run,
        count: run,
      })),
      // Examples from all over the dataset.
      indices: Uint32Array.from(
        { length: positions },
        (_, i) => (Math.imul(i, 2654435761) >>> 0) % this.#plan.examples,
      ),
      given: new Uint32Array(labelCells(this.#plan) > 0 ? positions : 0),
      outputFirst: 0,
    };
    const { write, encode } = await this.#stage(batch, loans);
    await gpu.submit("trial", write);
    const trial: Trial = async (repeats) => {
      const start = performance.now();
      await gpu.submit("trial", (encoder) => encode(encoder, output, repeats));
      await gpu.device.queue.onSubmittedWorkDone();
      return performance.now() - start;
    };
    return { trial, work: positions * workOf(this.#plan, run) };
  }

  async #stage(batch: Dispatch, loans: Loans) {
    const usage = USAGE.STORAGE | USAGE.COPY_DST;
    const tiles = this.#tiles(batch);
    const examples = await this.#inputs.examples.gather(batch.indices, loans);
    const tileBuffer = await loans.take("tiles", tiles.byteLength, usage);
    const indices = await loans.take("indices", examples.indices.byteLength, usage);
    const given = batch.given.length > 0 ? await loans.take("given labels", batch.given.byteLength, usage) : indices;
    const write = () => {
      const { queue } = this.#gpu.device;
      examples.write();
      queue.writeBuffer(tileBuffer, 0, tiles);
      queue.writeBuffer(indices, 0, examples.indices);
      if (batch.given.length > 0) queue.writeBuffer(given, 0, batch.given);
    };
    const encode = (encoder: GPUCommandEncoder, output: GPUBuffer, repeats = 1) => {
      if (this.#plan.dtype === "float16") this.#clear(encoder, batch, output);
      // The shader takes the number of tiles from the size of their binding.
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

  /** Gives up what is this variant's own. */
  release(): void {
    this.#uniform.destroy();
  }

  /** Zeros for the halves that put-f16.wgsl puts into words they share. */
  #clear(encoder: GPUCommandEncoder, batch: Dispatch, output: GPUBuffer): void {
    const row = rowLength(this.#plan) * bytesPerElement(this.#plan.dtype);
    const bytes = Math.ceil((batch.indices.length * row) / 4) * 4;
    encoder.clearBuffer(output, batch.outputFirst * row, bytes);
  }

  /** Each run in tiles of at most as many positions as the shape has: `Tile` of shaders/project-tile.wgsl. */
  #tiles({ runs, outputFirst }: Dispatch): Uint32Array<ArrayBuffer> {
    const size = this.#tilePositions;
    let count = 0;
    for (const run of runs) count += Math.ceil(run.count / size);
    const tiles = new Uint32Array(count * TILE_WORDS);
    let at = 0;
    // Stored one by one, as this is done for every task.
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

/** Multiplications of a position, its share of the deviates counted as `MAKING` each. */
function workOf(plan: Plan, run: number): number {
  return plan.outFeatures * plan.features * (1 + MAKING / run);
}

/** Whether the tasks that have a matrix of their own share a dispatch with some that have the identity. */
function hasIdentity({ identityProjection }: Plan): boolean {
  return identityProjection.some(([, share]) => share > 0);
}

/** `Plan` of shaders/project-tile.wgsl. */
function planBytes(plan: Plan, rowBlocks: number): ArrayBuffer {
  const bytes = new ArrayBuffer(PLAN_BYTES);
  new BigUint64Array(bytes, 0, 1)[0] = plan.seed;
  new Uint32Array(bytes, 8, 6).set([
    plan.features,
    blocksOf(plan),
    plan.outFeatures,
    rowLength(plan),
    labelCells(plan),
    rowBlocks,
  ]);
  new Int32Array(bytes, 32, 1)[0] = plan.grayOffset;
  new Float32Array(bytes, 36, 2).set([plan.scale, plan.identityScale]);
  return bytes;
}
