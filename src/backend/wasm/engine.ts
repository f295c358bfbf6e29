import { bytesPerElement } from "../../base/tensor.js";
import { Draws, type MatrixChoice } from "../../draws/draws.js";
import { storeLabels, targetView } from "../../draws/labels.js";
import { isAlways } from "../../plan/curriculum.js";
import { hasLabels, itemBytes, labelCells, type Plan, rowLength } from "../../plan/plan.js";
import type { KernelExports } from "../../wasm/module.js";
import { instantiate } from "../../wasm/module.js";
import { Regions } from "../../wasm/regions.js";
import type { ItemBytes } from "../backend.js";

/** The examples and labels of a dataset as a kernel takes them; labels are uint16. */
export interface Examples {
  readonly images: Uint8Array | Float32Array;
  readonly targets: Uint16Array;
}

/** Positions projected at a time: more share one making of the matrix, but each needs a list in the workspace. */
const MAX_CHUNK = 4096;
const MAX_WORKSPACE = 24 * 2 ** 20;

const DTYPE_CODE = { float32: 1, float16: 2 } as const;

/** One WASM instance set up for a plan and a dataset: the whole CPU backend in one thread. */
export class Engine {
  readonly #exports: KernelExports;
  readonly #plan: Plan;
  readonly #images: Uint8Array | Float32Array;
  readonly #draws: Draws;
  /** Positions projected at a time. */
  readonly #chunk: number;
  /** Offsets of the regions in the module's memory. */
  readonly #at: Readonly<Record<"examples" | "out" | "workspace" | "matrix" | "generator", number>>;
  /** The seed of the matrix in memory, with the torch generator. */
  #matrix: number | undefined;

  static async create(plan: Plan, examples: Examples): Promise<Engine> {
    return new Engine(await instantiate(plan.seed), plan, examples);
  }

  private constructor(exports: KernelExports, plan: Plan, examples: Examples) {
    this.#exports = exports;
    this.#plan = plan;
    this.#images = examples.images;

    const chunk = Math.min(chunkLimit(exports, plan), Math.max(1, plan.itemsPerTask) * plan.length);
    this.#chunk = chunk;
    const layout = new Regions(exports);
    this.#draws = new Draws(exports, layout, plan, examples.targets, Math.max(1, Math.floor(chunk / plan.length)));
    this.#at = {
      examples: layout.place(chunk * paddedFeatures(plan) * (plan.exampleDtype === "uint8" ? 1 : 4)),
      out: layout.place(chunk * rowLength(plan) * bytesPerElement(plan.dtype)),
      workspace: layout.place(workspace(exports, plan, chunk)),
      matrix: layout.place(storesMatrix(plan) ? plan.outFeatures * plan.features * 4 : 0),
      generator: layout.place(storesMatrix(plan) ? exports.mtStateBytes() : 0),
    };
    layout.commit();
    this.#draws.start();
  }

  /** Makes items `[first, first + count)` of the plan, in the memory of `spare` if its size is right. */
  weave(first: number, count: number, spare?: ItemBytes): ItemBytes {
    const bytes = itemBytes(this.#plan);
    const inputs = sized(spare?.inputs, count * bytes.inputs);
    const targets = sized(spare?.targets, count * bytes.targets);
    const labels = hasLabels(this.#plan) ? sized(spare?.labels, count * bytes.labels) : undefined;
    const woven = labels ? { inputs, targets, labels } : { inputs, targets };
    this.fill(first, count, woven, 0);
    return woven;
  }

  /** The same in arrays that are there already, from item `place` of them on. */
  fill(first: number, count: number, { inputs, targets, labels }: ItemBytes, place: number): void {
    const bytes = itemBytes(this.#plan);
    const end = place + count;
    for (let at = place; at < end; ) {
      const run = this.#draws.run(first + at - place, end - at);
      const drawn = this.#draws.draw(run);
      targetView(this.#plan, targets, at).set(drawn.targets);
      if (labels) storeLabels(this.#plan, labels, at * this.#plan.length, drawn.given);
      this.#weaveRun(drawn.matrix, drawn.indices, new Uint8Array(inputs, at * bytes.inputs));
      at += run.count;
    }
  }

  /** Which task an item belongs to and which examples it has, in order. */
  examplesOf(item: number): { task: number; identity: boolean; indices: Uint32Array } {
    const run = this.#draws.run(item, 1);
    const { matrix, indices } = this.#draws.draw(run);
    return { task: run.task, identity: matrix.identity, indices: indices.slice() };
  }

  #weaveRun(matrix: MatrixChoice, indices: Uint32Array, to: Uint8Array): void {
    const { outFeatures, dtype } = this.#plan;
    const stride = rowLength(this.#plan) * bytesPerElement(dtype);
    const cells = labelCells(this.#plan);
    const { out } = this.#at;
    for (let start = 0; start < indices.length; start += this.#chunk) {
      const n = Math.min(this.#chunk, indices.length - start);
      this.#gather(indices.subarray(start, start + n));
      this.#project(matrix, n, stride);
      if (cells > 0) {
        this.#exports.packOneHot(out, n, outFeatures, cells, this.#draws.givenAt + 4 * start, DTYPE_CODE[dtype]);
      }
      to.set(new Uint8Array(this.#exports.memory.buffer, out, n * stride), start * stride);
    }
  }

  /** Copies examples into the examples region, each padded to whole blocks; the padding stays zero for ever. */
  #gather(indices: Uint32Array): void {
    const { features, exampleDtype } = this.#plan;
    const padded = paddedFeatures(this.#plan);
    const View = exampleDtype === "uint8" ? Uint8Array : Float32Array;
    const region = new View(this.#exports.memory.buffer, this.#at.examples, indices.length * padded);
    for (let i = 0; i < indices.length; i++) {
      const from = (indices[i] as number) * features;
      region.set(this.#images.subarray(from, from + features), i * padded);
    }
  }

  #project({ key, identity }: MatrixChoice, count: number, stride: number): void {
    const { exampleDtype, generator, features, outFeatures, grayOffset, scale, identityScale } = this.#plan;
    const { examples, out, workspace: space, matrix } = this.#at;
    const kernel = this.#exports;
    const dtype = DTYPE_CODE[this.#plan.dtype];
    if (exampleDtype === "uint8") {
      if (identity) {
        kernel.identityUint8(examples, count, features, outFeatures, grayOffset, identityScale, dtype, out, stride);
      } else {
        kernel.projectUint8(key, examples, count, features, outFeatures, grayOffset, scale, dtype, out, stride, space);
      }
    } else if (identity) {
      kernel.identityFloat32(examples, count, features, outFeatures, identityScale, dtype, out, stride);
    } else if (generator === "torch") {
      this.#makeMatrix(key);
      kernel.projectGiven(matrix, examples, count, features, outFeatures, scale, dtype, out, stride, space);
    } else {
      kernel.projectFloat32(key, examples, count, features, outFeatures, scale, dtype, out, stride, space);
    }
  }

  #makeMatrix(seed: number): void {
    if (this.#matrix === seed) return;
    const { features, outFeatures, matrixScale } = this.#plan;
    const { matrix, generator } = this.#at;
    this.#exports.mtSeed(generator, seed);
    this.#exports.torchNormal(generator, outFeatures * features, matrixScale, matrix);
    this.#matrix = seed;
  }
}

function storesMatrix(plan: Plan): boolean {
  return plan.generator === "torch" && !isAlways(plan.identityProjection);
}

function sized(spare: ArrayBuffer | undefined, bytes: number): ArrayBuffer {
  return spare?.byteLength === bytes ? spare : new ArrayBuffer(bytes);
}

function paddedFeatures(plan: Plan): number {
  return Math.ceil(plan.features / 16) * 16;
}

function workspace(exports: KernelExports, plan: Plan, count: number): number {
  if (isAlways(plan.identityProjection)) return 0;
  return plan.exampleDtype === "uint8"
    ? exports.workspaceUint8(count, plan.features)
    : exports.workspaceFloat32(count, plan.features);
}

function chunkLimit(exports: KernelExports, plan: Plan): number {
  const perPosition = workspace(exports, plan, 2) - workspace(exports, plan, 1) + rowLength(plan) * 4;
  return Math.max(16, Math.min(MAX_CHUNK, Math.floor(MAX_WORKSPACE / perPosition)));
}
