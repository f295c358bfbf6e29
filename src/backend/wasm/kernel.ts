import { bytesPerElement } from "../../tensor.js";
import type { Woven } from "../backend.js";
import type { Plan } from "../plan.js";
import { itemBytes, rowLength, targetDtype } from "../plan.js";
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
  /** Offsets of the regions in the module's memory. */
  readonly #at: Regions;
  /** Sequences drawn at a time, and positions projected at a time. */
  readonly #group: number;
  readonly #chunk: number;
  /** The task whose permutation is in memory. */
  #permuted: number | undefined;

  static async create(plan: Plan, examples: Examples): Promise<Kernel> {
    return new Kernel(await instantiate(plan.seed), plan, examples);
  }

  private constructor(exports: KernelExports, plan: Plan, examples: Examples) {
    this.#exports = exports;
    this.#plan = plan;
    this.#images = examples.images;

    const chunk = Math.min(chunkLimit(exports, plan), Math.max(plan.length, itemsAtOnce(plan) * plan.length));
    this.#chunk = chunk;
    this.#group = Math.max(1, Math.floor(chunk / plan.length));
    const positions = this.#group * plan.length;

    const layout = new Layout(exports);
    this.#at = {
      labels: layout.place(plan.examples * 2),
      permutation: layout.place(plan.classes * 4),
      taken: layout.place(plan.mode === "sequence" && !plan.replacement ? Math.ceil(plan.examples / 8) : 0),
      indices: layout.place(Math.max(positions, 2) * 4),
      targets: layout.place(positions * 2),
      examples: layout.place(chunk * paddedFeatures(plan) * (plan.exampleDtype === "uint8" ? 1 : 4)),
      out: layout.place(chunk * rowLength(plan) * bytesPerElement(plan.dtype)),
      workspace: layout.place(workspace(exports, plan, chunk)),
    };
    layout.commit();
    new Uint16Array(exports.memory.buffer, this.#at.labels, plan.examples).set(examples.targets);
  }

  /** Makes items `[first, first + count)` of the plan. */
  weave(first: number, count: number): Woven {
    const bytes = itemBytes(this.#plan);
    const inputs = new ArrayBuffer(count * bytes.inputs);
    const targets = new ArrayBuffer(count * bytes.targets);
    let done = 0;
    while (done < count) {
      const run = this.#nextRun(first + done, count - done);
      const to = {
        inputs: new Uint8Array(inputs, done * bytes.inputs),
        targets: targetView(this.#plan, targets, done),
      };
      this.#weaveRun(run, to);
      done += run.count;
    }
    return { inputs, targets };
  }

  /** Which task an item belongs to and which examples it has, in order. */
  examplesOf(item: number): { task: number; indices: Uint32Array } {
    const run = this.#nextRun(item, 1);
    this.#draw(run);
    const { memory } = this.#exports;
    return { task: run.task, indices: new Uint32Array(memory.buffer, this.#at.indices, this.#plan.length).slice() };
  }

  /** As many of the items from `item` on as belong to one task and fit into the regions. */
  #nextRun(item: number, most: number): Run {
    const plan = this.#plan;
    if (plan.mode === "samples") {
      // Each sample has a task of its own.
      this.#exports.drawSample(item, plan.taskCount % 2 ** 32, plan.examples, this.#at.indices);
      const drawn = new Uint32Array(this.#exports.memory.buffer, this.#at.indices, 2);
      const [task, example] = drawn as unknown as [number, number];
      drawn[0] = example;
      return { task: plan.taskOffset + task, item: 0, count: 1 };
    }
    const task = Math.floor(item / plan.itemsPerTask);
    const inTask = item - task * plan.itemsPerTask;
    return {
      task: plan.taskOffset + task,
      item: inTask,
      count: Math.min(most, plan.itemsPerTask - inTask, this.#group),
    };
  }

  #weaveRun(run: Run, to: { inputs: Uint8Array; targets: Uint8Array | Uint16Array }): void {
    const plan = this.#plan;
    const { memory, permuteLabels, packOneHot } = this.#exports;
    const at = this.#at;
    const positions = run.count * plan.length;
    this.#permute(run.task);
    this.#draw(run);
    permuteLabels(at.indices, positions, at.labels, at.permutation, at.targets);
    to.targets.set(new Uint16Array(memory.buffer, at.targets, positions));

    const indices = new Uint32Array(memory.buffer, at.indices, positions);
    const stride = rowLength(plan) * bytesPerElement(plan.dtype);
    for (let start = 0; start < positions; start += this.#chunk) {
      const n = Math.min(this.#chunk, positions - start);
      this.#gather(indices.subarray(start, start + n));
      this.#project(run.task, n, stride);
      if (plan.mode === "sequence") {
        const { outFeatures, classes, length, dtype } = plan;
        packOneHot(at.out, n, outFeatures, classes, at.targets + 2 * start, start % length, length, DTYPE_CODE[dtype]);
      }
      to.inputs.set(new Uint8Array(memory.buffer, at.out, n * stride), start * stride);
    }
  }

  #permute(task: number): void {
    if (this.#permuted === task) return;
    const { classes, identityPermutation } = this.#plan;
    if (!identityPermutation) this.#exports.permutation(task, classes, this.#at.permutation);
    else if (this.#permuted === undefined) {
      new Uint32Array(this.#exports.memory.buffer, this.#at.permutation, classes).forEach((_, i, labels) => {
        labels[i] = i;
      });
    }
    this.#permuted = task;
  }

  /** The example numbers of a run, into the indices region; a sample's is there already. */
  #draw(run: Run): void {
    const { mode, length, examples, replacement } = this.#plan;
    const { indices, taken } = this.#at;
    if (mode === "dataset") {
      const numbers = new Uint32Array(this.#exports.memory.buffer, indices, run.count);
      for (let i = 0; i < run.count; i++) numbers[i] = run.item + i;
    } else if (mode === "sequence") {
      for (let i = 0; i < run.count; i++) {
        const out = indices + i * length * 4;
        if (replacement) this.#exports.drawWithReplacement(run.task, run.item + i, examples, length, out);
        else this.#exports.drawWithoutReplacement(run.task, run.item + i, examples, length, out, taken);
      }
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

interface Regions {
  readonly labels: number;
  readonly permutation: number;
  readonly taken: number;
  readonly indices: number;
  readonly targets: number;
  readonly examples: number;
  readonly out: number;
  readonly workspace: number;
}

/** Items of one task: `item` is the first one's number within the task. */
interface Run {
  readonly task: number;
  readonly item: number;
  readonly count: number;
}

/** Items of a task that are worth making together. */
function itemsAtOnce(plan: Plan): number {
  return plan.mode === "samples" ? 1 : plan.itemsPerTask;
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

function targetView(plan: Plan, buffer: ArrayBuffer, item: number): Uint8Array | Uint16Array {
  const start = item * itemBytes(plan).targets;
  return targetDtype(plan) === "uint8" ? new Uint8Array(buffer, start) : new Uint16Array(buffer, start);
}
