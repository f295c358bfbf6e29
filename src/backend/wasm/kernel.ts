import { bytesPerElement } from "../../tensor.js";
import type { Woven } from "../backend.js";
import type { Plan } from "../plan.js";
import { itemBytes, rowLength } from "../plan.js";
import { Draws, type Run, targetView } from "./draws.js";
import { Layout } from "./memory.js";
import type { KernelExports } from "./module.js";
import { instantiate } from "./module.js";

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
export class Kernel {
  readonly #exports: KernelExports;
  readonly #plan: Plan;
  readonly #images: Uint8Array | Float32Array;
  readonly #draws: Draws;
  /** Positions projected at a time. */
  readonly #chunk: number;
  /** Offsets of the regions in the module's memory. */
  readonly #at: { readonly examples: number; readonly out: number; readonly workspace: number };

  static async create(plan: Plan, examples: Examples): Promise<Kernel> {
    return new Kernel(await instantiate(plan.seed), plan, examples);
  }

  private constructor(exports: KernelExports, plan: Plan, examples: Examples) {
    this.#exports = exports;
    this.#plan = plan;
    this.#images = examples.images;

    const chunk = Math.min(chunkLimit(exports, plan), Math.max(1, plan.itemsPerTask) * plan.length);
    this.#chunk = chunk;
    const layout = new Layout(exports);
    this.#draws = new Draws(exports, layout, plan, examples.targets, Math.max(1, Math.floor(chunk / plan.length)));
    this.#at = {
      examples: layout.place(chunk * paddedFeatures(plan) * (plan.exampleDtype === "uint8" ? 1 : 4)),
      out: layout.place(chunk * rowLength(plan) * bytesPerElement(plan.dtype)),
      workspace: layout.place(workspace(exports, plan, chunk)),
    };
    layout.commit();
    this.#draws.start();
  }

  /** Makes items `[first, first + count)` of the plan, in the memory of `spare` if its size is right. */
  weave(first: number, count: number, spare?: Woven): Woven {
    const bytes = itemBytes(this.#plan);
    const inputs = sized(spare?.inputs, count * bytes.inputs);
    const targets = sized(spare?.targets, count * bytes.targets);
    for (let done = 0; done < count; ) {
      const run = this.#draws.run(first + done, count - done);
      const drawn = this.#draws.draw(run);
      targetView(this.#plan, targets, done).set(drawn.targets);
      this.#weaveRun(run, drawn.indices, new Uint8Array(inputs, done * bytes.inputs));
      done += run.count;
    }
    return { inputs, targets };
  }

  /** Which task an item belongs to and which examples it has, in order. */
  examplesOf(item: number): { task: number; indices: Uint32Array } {
    const run = this.#draws.run(item, 1);
    return { task: run.task, indices: this.#draws.draw(run).indices.slice() };
  }

  #weaveRun({ task }: Run, indices: Uint32Array, to: Uint8Array): void {
    const { mode, outFeatures, classes, length, dtype } = this.#plan;
    const stride = rowLength(this.#plan) * bytesPerElement(dtype);
    const { out } = this.#at;
    for (let start = 0; start < indices.length; start += this.#chunk) {
      const n = Math.min(this.#chunk, indices.length - start);
      this.#gather(indices.subarray(start, start + n));
      this.#project(task, n, stride);
      if (mode === "sequence") {
        const targets = this.#draws.targetsAt + 2 * start;
        this.#exports.packOneHot(out, n, outFeatures, classes, targets, start % length, length, DTYPE_CODE[dtype]);
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

  #project(task: number, count: number, stride: number): void {
    const { exampleDtype, identityProjection, features, outFeatures, offset, scale } = this.#plan;
    const { examples, out, workspace: space } = this.#at;
    const kernel = this.#exports;
    const dtype = DTYPE_CODE[this.#plan.dtype];
    if (exampleDtype === "uint8") {
      if (identityProjection) {
        kernel.identityUint8(examples, count, features, outFeatures, offset, scale, dtype, out, stride);
      } else {
        kernel.projectUint8(task, examples, count, features, outFeatures, offset, scale, dtype, out, stride, space);
      }
    } else if (identityProjection) {
      kernel.identityFloat32(examples, count, features, outFeatures, scale, dtype, out, stride);
    } else {
      kernel.projectFloat32(task, examples, count, features, outFeatures, scale, dtype, out, stride, space);
    }
  }
}

function sized(spare: ArrayBuffer | undefined, bytes: number): ArrayBuffer {
  return spare?.byteLength === bytes ? spare : new ArrayBuffer(bytes);
}

function paddedFeatures(plan: Plan): number {
  return Math.ceil(plan.features / 16) * 16;
}

function workspace(exports: KernelExports, plan: Plan, count: number): number {
  if (plan.identityProjection) return 0;
  return plan.exampleDtype === "uint8"
    ? exports.workspaceUint8(count, plan.features)
    : exports.workspaceFloat32(count, plan.features);
}

function chunkLimit(exports: KernelExports, plan: Plan): number {
  const perPosition = workspace(exports, plan, 2) - workspace(exports, plan, 1) + rowLength(plan) * 4;
  return Math.max(16, Math.min(MAX_CHUNK, Math.floor(MAX_WORKSPACE / perPosition)));
}
