import { bytesPerElement } from "../../base/tensor.js";
import type { Pixels } from "../../dataset/index.js";
import { Draws, type MatrixRun } from "../../draws/draws.js";
import { itemBytes, labelDtype, type Plan, rowLength, targetDtype } from "../../plan/plan.js";
import { instantiate, type KernelExports } from "../../wasm/module.js";
import type { ItemBytes } from "../backend.js";

/** The examples and labels of a dataset as an engine takes them; labels are uint16. */
export interface Examples {
  readonly images: Pixels;
  readonly targets: Uint16Array;
}

const VIEWS = { uint8: Uint8Array, int16: Int16Array, float32: Float32Array } as const;

/** Positions projected at a time at most; see assembly/start.ts. */
const MOST_POSITIONS = 4096;

/** One WASM instance set up for a plan and a dataset: the whole CPU backend in one thread. */
export class Engine {
  readonly #plan: Plan;
  readonly #images: Pixels;
  readonly #draws: Draws;

  static async create(plan: Plan, examples: Examples): Promise<Engine> {
    return new Engine(await instantiate(plan.seed), plan, examples);
  }

  private constructor(kernel: KernelExports, plan: Plan, examples: Examples) {
    this.#plan = plan;
    this.#images = examples.images;
    // The positions of one task share a matrix. Room for more would cost each thread some 30 MB and gain nothing.
    const mostPositions = Math.min(MOST_POSITIONS, Math.max(1, plan.itemsPerTask) * plan.length);
    this.#draws = new Draws(kernel, plan, examples.targets, { mostPositions });
  }

  /** Makes items `[first, first + count)` of the plan, in the memory of `spare` if its size is right. */
  weave(first: number, count: number, spare?: ItemBytes): ItemBytes {
    const bytes = itemBytes(this.#plan);
    const inputs = sized(spare?.inputs, count * bytes.inputs);
    const targets = sized(spare?.targets, count * bytes.targets);
    const labels = bytes.labels > 0 ? sized(spare?.labels, count * bytes.labels) : undefined;
    const woven = labels ? { inputs, targets, labels } : { inputs, targets };
    this.fill(first, count, woven, 0);
    return woven;
  }

  /** Like `weave`, but writes into existing arrays, from item `place` of them on. */
  fill(first: number, count: number, into: ItemBytes, place: number): void {
    const { length } = this.#plan;
    const { maxPositions } = this.#draws.regions;
    for (let done = 0; done < count; ) {
      const items = this.#draws.draw(first + done, count - done);
      const begin = (place + done) * length;
      let from = 0;
      // One run at a time: its results stay in the second-level cache until they are copied out.
      for (const positions of this.#draws.runPositions()) {
        for (const end = from + positions; from < end; ) {
          const some = Math.min(maxPositions, end - from);
          this.#weave(from, some, into, begin + from);
          from += some;
        }
      }
      done += items;
    }
  }

  /** Returns which task an item belongs to and which examples it has, in order. */
  examplesOf(item: number): { task: number; identity: boolean; indices: Uint32Array } {
    const { runs, indices } = this.#draws.drawn(this.#draws.draw(item, 1));
    const [run] = runs as [MatrixRun];
    return { task: run.task, identity: run.matrix.identity, indices: indices.slice() };
  }

  /** Makes drawn positions and copies them out, to position `to` of the results. */
  #weave(from: number, count: number, { inputs, targets, labels }: ItemBytes, to: number): void {
    const plan = this.#plan;
    const { kernel, regions } = this.#draws;
    this.#gather(from, count);
    kernel.weave(from, count);
    const { buffer } = kernel.memory;
    const copy = (region: number, bytes: number, result: ArrayBuffer) =>
      new Uint8Array(result, to * bytes, count * bytes).set(new Uint8Array(buffer, region, count * bytes));
    copy(regions.inputs, rowLength(plan) * bytesPerElement(plan.dtype), inputs);
    copy(regions.targets, bytesPerElement(targetDtype(plan)), targets);
    if (labels) copy(regions.labels, bytesPerElement(labelDtype(plan)), labels);
  }

  /** Copies the examples of drawn positions into the module, each at the start of its padded place. */
  #gather(from: number, count: number): void {
    const { features, exampleDtype } = this.#plan;
    const { kernel, regions } = this.#draws;
    const { buffer } = kernel.memory;
    const indices = new Uint32Array(buffer, regions.indices + 4 * from, count);
    const View = VIEWS[exampleDtype];
    const region = new View(buffer, regions.gathered, count * regions.gatheredStride);
    for (let i = 0; i < count; i++) {
      const start = (indices[i] as number) * features;
      region.set(this.#images.subarray(start, start + features), i * regions.gatheredStride);
    }
  }
}

function sized(spare: ArrayBuffer | undefined, bytes: number): ArrayBuffer {
  return spare?.byteLength === bytes ? spare : new ArrayBuffer(bytes);
}
