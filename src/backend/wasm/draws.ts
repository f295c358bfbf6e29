import { type Plan, targetDtype } from "../plan.js";
import type { Layout } from "./memory.js";
import type { KernelExports } from "./module.js";

/** Items of one task: `item` is the first one's number within the task. */
export interface Run {
  readonly task: number;
  readonly item: number;
  readonly count: number;
}

/** What is drawn for a run, views of the module's memory: valid until the next draw. */
export interface Drawn {
  /** Example numbers, `count * length`. */
  readonly indices: Uint32Array;
  /** Permuted labels, `count * length`. */
  readonly targets: Uint16Array;
}

/**
 * The small integers of a plan, which every backend takes from here: which task an item belongs to, which examples it
 * has, and what their labels become. One task after the other, in a WASM module.
 */
export class Draws {
  readonly #exports: KernelExports;
  readonly #plan: Plan;
  readonly #labels: Uint16Array;
  readonly #group: number;
  readonly #at: { labels: number; permutation: number; taken: number; indices: number; targets: number };
  /** The task whose permutation is in memory. */
  #permuted: number | undefined;

  /**
   * Places its regions in a layout; `start` is to be called when that is committed.
   *
   * @param group the most items of a run
   */
  constructor(exports: KernelExports, layout: Layout, plan: Plan, labels: Uint16Array, group: number) {
    this.#exports = exports;
    this.#plan = plan;
    this.#labels = labels;
    this.#group = group;
    const positions = group * plan.length;
    this.#at = {
      labels: layout.place(plan.examples * 2),
      permutation: layout.place(plan.classes * 4),
      taken: layout.place(plan.mode === "sequence" && !plan.replacement ? Math.ceil(plan.examples / 8) : 0),
      indices: layout.place(Math.max(positions, 2) * 4),
      targets: layout.place(positions * 2),
    };
  }

  start(): void {
    new Uint16Array(this.#exports.memory.buffer, this.#at.labels, this.#plan.examples).set(this.#labels);
  }

  /** Where the permuted labels of the last draw are in the module's memory. */
  get targetsAt(): number {
    return this.#at.targets;
  }

  /** As many of the items from `item` on as belong to one task, at most `most`. */
  run(item: number, most: number): Run {
    const { mode, taskOffset, taskCount, itemsPerTask, examples } = this.#plan;
    if (mode === "samples") {
      // Each sample has a task of its own, and its example is drawn with it.
      this.#exports.drawSample(item, taskCount % 2 ** 32, examples, this.#at.indices);
      const [task] = new Uint32Array(this.#exports.memory.buffer, this.#at.indices, 1) as unknown as [number];
      return { task: taskOffset + task, item, count: 1 };
    }
    const task = Math.floor(item / itemsPerTask);
    const inTask = item - task * itemsPerTask;
    return { task: taskOffset + task, item: inTask, count: Math.min(most, itemsPerTask - inTask, this.#group) };
  }

  draw(run: Run): Drawn {
    const { memory, permuteLabels } = this.#exports;
    const at = this.#at;
    const positions = run.count * this.#plan.length;
    this.#permute(run.task);
    this.#drawIndices(run);
    permuteLabels(at.indices, positions, at.labels, at.permutation, at.targets);
    return {
      indices: new Uint32Array(memory.buffer, at.indices, positions),
      targets: new Uint16Array(memory.buffer, at.targets, positions),
    };
  }

  #permute(task: number): void {
    if (this.#permuted === task) return;
    const { classes, identityPermutation } = this.#plan;
    if (!identityPermutation) this.#exports.permutation(task, classes, this.#at.permutation);
    else if (this.#permuted === undefined) {
      const labels = new Uint32Array(this.#exports.memory.buffer, this.#at.permutation, classes);
      for (let label = 0; label < classes; label++) labels[label] = label;
    }
    this.#permuted = task;
  }

  #drawIndices(run: Run): void {
    const { mode, length, examples, taskCount, replacement } = this.#plan;
    const { indices, taken } = this.#at;
    if (mode === "dataset") {
      const numbers = new Uint32Array(this.#exports.memory.buffer, indices, run.count);
      for (let i = 0; i < run.count; i++) numbers[i] = run.item + i;
    } else if (mode === "samples") {
      this.#exports.drawSample(run.item, taskCount % 2 ** 32, examples, indices);
      const drawn = new Uint32Array(this.#exports.memory.buffer, indices, 2);
      drawn[0] = drawn[1] as number;
    } else {
      for (let i = 0; i < run.count; i++) {
        const out = indices + i * length * 4;
        if (replacement) this.#exports.drawWithReplacement(run.task, run.item + i, examples, length, out);
        else this.#exports.drawWithoutReplacement(run.task, run.item + i, examples, length, out, taken);
      }
    }
  }
}

/** The targets of items from `item` on in a buffer, to be filled from `Drawn.targets`. */
export function targetView(plan: Plan, buffer: ArrayBuffer, item: number): Uint8Array | Uint16Array {
  const start = item * plan.length;
  return targetDtype(plan) === "uint8" ? new Uint8Array(buffer, start) : new Uint16Array(buffer, start * 2);
}
