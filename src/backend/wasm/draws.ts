import { chooseTask } from "../../curriculum.js";
import { firstHidden, labelDtype, labelValues, type Plan, targetDtype } from "../plan.js";
import type { Layout } from "./memory.js";
import type { KernelExports } from "./module.js";
import { TorchStreams } from "./torch-streams.js";

/** Items of one task: `item` is the first one's number within the task. */
export interface Run {
  readonly task: number;
  readonly item: number;
  readonly count: number;
}

/** The matrix of a run. */
export interface MatrixChoice {
  /** What it follows from besides the seed: a task, or with the torch generator the seed of one. 0 for the identity. */
  readonly key: number;
  readonly identity: boolean;
}

/** What is drawn for a run; the arrays are views of the module's memory, valid until the next draw. */
export interface Drawn {
  readonly matrix: MatrixChoice;
  /** Example numbers, `count * length`. */
  readonly indices: Uint32Array;
  /** The labels of the positions as results have them, `count * length`. */
  readonly targets: Uint16Array;
  /** The labels that positions are given, `NO_LABEL` for none; empty where the plan gives none. */
  readonly given: Uint32Array;
}

/** No label is given at a position. */
export const NO_LABEL = 0xffffffff;

/**
 * The small integers of a plan, which every backend takes from here: which task an item belongs to, which examples it
 * has, what their labels become, and which of them are given. One task after the other, in a WASM module.
 */
export class Draws {
  readonly #exports: KernelExports;
  readonly #plan: Plan;
  readonly #labels: Uint16Array;
  readonly #group: number;
  readonly #at: Readonly<Record<"labels" | "permutation" | "taken" | "indices" | "targets" | "given", number>>;
  readonly #classes: ClassLists | undefined;
  readonly #torch: TorchStreams | undefined;
  /** The task whose permutation is in memory, `"identity"` where none has changed it. */
  #permuted: number | "identity" | undefined;

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
    const distinct = plan.mode === "sequence" && (!plan.replacement || plan.episode);
    this.#at = {
      labels: layout.place(plan.examples * 2),
      permutation: layout.place(Math.max(plan.classes, plan.exampleClasses) * 4),
      taken: layout.place(distinct ? Math.ceil(plan.examples / 8) : 0),
      indices: layout.place(Math.max(positions, 2) * 4),
      targets: layout.place(positions * 2),
      given: layout.place(plan.labelLayout === "none" ? 0 : positions * 4),
    };
    if (plan.episode) this.#classes = new ClassLists(layout, plan, labels, positions);
    if (plan.generator === "torch") this.#torch = new TorchStreams(exports, layout, plan);
  }

  start(): void {
    new Uint16Array(this.#exports.memory.buffer, this.#at.labels, this.#plan.examples).set(this.#labels);
    this.#classes?.write(this.#exports.memory.buffer);
  }

  /** Where the given labels of the last draw are in the module's memory. */
  get givenAt(): number {
    return this.#at.given;
  }

  /** As many of the items from `item` on as belong to one task, at most `most`. */
  run(item: number, most: number): Run {
    const { mode, taskOffset, itemsPerTask } = this.#plan;
    // Each sample has a task of its own, and its example is drawn with it.
    if (mode === "samples") return { task: taskOffset + this.#sample(item).task, item, count: 1 };
    const task = Math.floor(item / itemsPerTask);
    const inTask = item - task * itemsPerTask;
    return { task: taskOffset + task, item: inTask, count: Math.min(most, itemsPerTask - inTask, this.#group) };
  }

  draw(run: Run): Drawn {
    const { memory } = this.#exports;
    const at = this.#at;
    const plan = this.#plan;
    const positions = run.count * plan.length;
    const choice = chooseTask(plan, run.task);
    this.#permute(choice.identityPermutation ? "identity" : choice.permutationTask);
    this.#drawIndices(run);
    this.#label(positions);
    if (plan.labelLayout !== "none") this.#give(positions);
    const { identityProjection: identity, projectionTask: task } = choice;
    return {
      matrix: { key: identity ? 0 : (this.#torch?.seedOf(task) ?? task), identity },
      indices: new Uint32Array(memory.buffer, at.indices, positions),
      targets: new Uint16Array(memory.buffer, at.targets, positions),
      given: new Uint32Array(memory.buffer, at.given, plan.labelLayout === "none" ? 0 : positions),
    };
  }

  /** Brings the permutation of a task into memory, raised by the special tokens. */
  #permute(task: number | "identity"): void {
    if (this.#permuted === task) return;
    const { classes, specialTokens } = this.#plan;
    const out = this.#at.permutation;
    const labels = new Uint32Array(this.#exports.memory.buffer, out, classes);
    if (task === "identity") for (let label = 0; label < classes; label++) labels[label] = label;
    else if (this.#torch) this.#torch.permutation(task, classes, out);
    else this.#exports.permutation(task, classes, out);
    if (specialTokens > 0) for (let i = 0; i < classes; i++) labels[i] = (labels[i] as number) + specialTokens;
    this.#permuted = task;
  }

  #drawIndices(run: Run): void {
    const { mode, length, examples, replacement, itemsPerTask } = this.#plan;
    const { indices, taken } = this.#at;
    if (mode === "dataset") {
      const numbers = new Uint32Array(this.#exports.memory.buffer, indices, run.count);
      for (let i = 0; i < run.count; i++) numbers[i] = run.item + i;
      return;
    }
    if (mode === "samples") {
      const { example } = this.#sample(run.item);
      new Uint32Array(this.#exports.memory.buffer, indices, 1)[0] = example;
      return;
    }
    for (let i = 0; i < run.count; i++) {
      const out = indices + i * length * 4;
      const item = run.item + i;
      if (this.#torch) this.#torch.sequence(run.task * itemsPerTask + item, out);
      else if (this.#classes) this.#classes.draw(this.#exports, run.task, item, taken, out, i * length);
      else if (replacement) this.#exports.drawWithReplacement(run.task, item, examples, length, out);
      else this.#exports.drawWithoutReplacement(run.task, item, examples, length, out, taken);
    }
  }

  /** The task of a sample, counted from the first of the set, and its example. */
  #sample(item: number): { task: number; example: number } {
    if (this.#torch) return this.#torch.sample(item);
    const { taskCount, examples } = this.#plan;
    this.#exports.drawSample(item, taskCount % 2 ** 32, examples, this.#at.indices);
    const [task, example] = new Uint32Array(this.#exports.memory.buffer, this.#at.indices, 2) as unknown as [
      number,
      number,
    ];
    return { task, example };
  }

  #label(positions: number): void {
    const { indices, labels, permutation, targets } = this.#at;
    if (this.#plan.episode?.relabel && this.#classes) {
      this.#exports.permuteRanks(this.#classes.ranks, positions, permutation, targets);
    } else this.#exports.permuteLabels(indices, positions, labels, permutation, targets);
  }

  #give(positions: number): void {
    const { labelLayout, length, startToken } = this.#plan;
    const shifted = labelLayout === "shifted" ? 1 : 0;
    const { targets, given } = this.#at;
    this.#exports.giveLabels(
      targets,
      positions,
      length,
      shifted,
      firstHidden(this.#plan),
      startToken ?? NO_LABEL,
      given,
    );
  }
}

/** The examples of each class, and what drawing an episode needs. */
class ClassLists {
  /** Where the ranks of the drawn positions are, u32. */
  readonly ranks: number;
  readonly #plan: Plan;
  readonly #labels: Uint16Array;
  readonly #starts: number;
  readonly #members: number;
  readonly #scratch: number;

  constructor(layout: Layout, plan: Plan, labels: Uint16Array, positions: number) {
    this.#plan = plan;
    this.#labels = labels;
    this.#starts = layout.place((plan.exampleClasses + 1) * 4);
    this.#members = layout.place(plan.examples * 4);
    this.#scratch = layout.place(plan.exampleClasses * 8);
    this.ranks = layout.place(positions * 4);
  }

  /** Examples sorted by class, in order within each. */
  write(memory: ArrayBuffer): void {
    const starts = new Uint32Array(memory, this.#starts, this.#plan.exampleClasses + 1);
    const members = new Uint32Array(memory, this.#members, this.#labels.length);
    for (const label of this.#labels) starts[label + 1] = (starts[label + 1] as number) + 1;
    for (let label = 1; label < starts.length; label++) {
      starts[label] = (starts[label] as number) + (starts[label - 1] as number);
    }
    const next = starts.slice();
    this.#labels.forEach((label, example) => {
      const at = next[label] as number;
      members[at] = example;
      next[label] = at + 1;
    });
  }

  /** Draws sequence `item` of a task: its examples at `out`, its ranks from place `first` of them on. */
  draw(exports: KernelExports, task: number, item: number, taken: number, out: number, first: number): void {
    const { episode, exampleClasses } = this.#plan;
    if (!episode) return;
    const { ways, shots, queries } = episode;
    const lists = [this.#starts, this.#members, taken, this.#scratch] as const;
    exports.drawEpisode(task, item, ways, shots, queries, exampleClasses, ...lists, out, this.ranks + first * 4);
  }
}

/** The targets of items from `item` on in a buffer, to be filled from `Drawn.targets`. */
export function targetView(plan: Plan, buffer: ArrayBuffer, item: number): Uint8Array | Uint16Array {
  const start = item * plan.length;
  return targetDtype(plan) === "uint8" ? new Uint8Array(buffer, start) : new Uint16Array(buffer, start * 2);
}

/** Writes given labels from position `position` on, one value above the others standing for none. */
export function storeLabels(plan: Plan, buffer: ArrayBuffer, position: number, given: Uint32Array): void {
  const view = labelDtype(plan) === "uint8" ? new Uint8Array(buffer) : new Uint16Array(buffer);
  const none = labelValues(plan);
  for (let i = 0; i < given.length; i++) view[position + i] = Math.min(given[i] as number, none);
}
