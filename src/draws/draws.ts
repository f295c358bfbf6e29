import { chooseTask, type SettledChoice, settledChoice } from "../plan/curriculum.js";
import { firstHidden, type Plan } from "../plan/plan.js";
import type { KernelExports } from "../wasm/module.js";
import type { Regions } from "../wasm/regions.js";
import { ClassLists } from "./class-lists.js";
import type { Items } from "./items.js";
import { NO_LABEL } from "./labels.js";
import { TorchStreams } from "./torch-streams.js";

/** Items of one task: `item` is the first one's number within the task. */
export interface Run {
  readonly task: number;
  readonly item: number;
  readonly count: number;
}

/** The matrix of a run. */
export interface MatrixChoice {
  /** The source of the matrix besides the seed: a task, or with the torch generator the seed of one. 0 for the identity. */
  readonly key: number;
  readonly identity: boolean;
}

/** Neighbouring positions with the same matrix. */
export interface MatrixRun {
  readonly matrix: MatrixChoice;
  readonly positions: number;
}

/** The draws of some items; the arrays are views of the module's memory, valid until the next draw. */
export interface Drawn {
  /** Example numbers, `count * length`. */
  readonly indices: Uint32Array;
  /** The labels of the positions as results have them, `count * length`. */
  readonly targets: Uint16Array;
  /** The labels that positions are given, `NO_LABEL` for none; empty where the plan gives none. */
  readonly given: Uint32Array;
}

/** A run as assembly/runs.ts has it. */
const RUN_WORDS = 5;
const PERMUTATION = { own: 0, identity: 1, given: 2 } as const;
const IDENTITY: MatrixChoice = { key: 0, identity: true };
/** Words behind the examples of sequences that may be written over. */
const SLACK = 64;

/**
 * The small integers of a plan, which every backend takes from here: which task an item belongs to, which examples it
 * has, what their labels become, and which of them are given. Drawn in a WASM module, of many items at a time.
 */
export class Draws {
  readonly #exports: KernelExports;
  readonly #plan: Plan;
  readonly #labels: Uint16Array;
  readonly #group: number;
  /** The choice that all tasks have alike, if they have. */
  readonly #settled: SettledChoice | undefined;
  readonly #at: Readonly<
    Record<"runs" | "labels" | "permutation" | "taken" | "sample" | "indices" | "targets" | "given", number>
  >;
  readonly #classes: ClassLists | undefined;
  readonly #torch: TorchStreams | undefined;
  /** The runs that are drawn next, in memory. */
  #runs = new Uint32Array();
  #runCount = 0;

  /**
   * Places its regions in a layout; `start` is to be called when that is committed.
   *
   * @param group the most items drawn at a time
   */
  constructor(exports: KernelExports, layout: Regions, plan: Plan, labels: Uint16Array, group: number) {
    this.#exports = exports;
    this.#plan = plan;
    this.#labels = labels;
    this.#group = group;
    this.#settled = settledChoice(plan);
    const positions = group * plan.length;
    const distinct = plan.mode === "sequence" && (!plan.replacement || plan.episode);
    this.#at = {
      runs: layout.place(group * RUN_WORDS * 4),
      labels: layout.place(plan.examples * 2),
      permutation: layout.place(Math.max(plan.classes, plan.exampleClasses) * 4),
      // 0 says that there is none.
      taken: distinct ? layout.place(Math.ceil(plan.examples / 8)) : 0,
      sample: layout.place(8),
      indices: layout.place((positions + SLACK) * 4),
      targets: layout.place(positions * 2),
      given: layout.place(plan.labelLayout === "none" ? 0 : positions * 4),
    };
    if (plan.episode) this.#classes = new ClassLists(layout, plan, labels, positions);
    if (plan.generator === "torch") this.#torch = new TorchStreams(exports, layout, plan);
  }

  start(): void {
    const { buffer } = this.#exports.memory;
    new Uint16Array(buffer, this.#at.labels, this.#plan.examples).set(this.#labels);
    this.#runs = new Uint32Array(buffer, this.#at.runs, this.#group * RUN_WORDS);
    this.#classes?.write(buffer);
  }

  /** The place of the given labels of the last draw in the module's memory. */
  get givenAt(): number {
    return this.#at.given;
  }

  /** The items from `item` on that belong to one task, at most `most`. */
  run(item: number, most: number): Run {
    const { mode, taskOffset, itemsPerTask } = this.#plan;
    // Each sample has a task of its own, and its example is drawn with it.
    if (mode === "samples") return { task: taskOffset + this.#sample(item).task, item, count: 1 };
    const task = Math.floor(item / itemsPerTask);
    const inTask = item - task * itemsPerTask;
    return { task: taskOffset + task, item: inTask, count: Math.min(most, itemsPerTask - inTask, this.#group) };
  }

  draw(run: Run): Drawn & { readonly matrix: MatrixChoice } {
    this.#runCount = 0;
    const matrix = this.#add(run);
    return { matrix, ...this.#draw([run], run.count) };
  }

  /** Draws items from the `from`-th on, `most` of them or fewer: `count`. */
  drawItems(items: Items, from: number, most: number): Drawn & { readonly count: number; readonly runs: MatrixRun[] } {
    const wanted = Math.min(most, this.#group);
    const runs: Run[] = [];
    const matrices: MatrixRun[] = [];
    this.#runCount = 0;
    for (let count = 0; count < wanted; ) {
      const run = this.run(items.at(from + count), Math.min(items.runFrom(from + count), wanted - count));
      matrices.push({ matrix: this.#add(run), positions: run.count * this.#plan.length });
      runs.push(run);
      count += run.count;
    }
    return { count: wanted, runs: matrices, ...this.#draw(runs, wanted) };
  }

  /** Takes a run among those that are drawn next. */
  #add({ task, item, count }: Run): MatrixChoice {
    const chosen = this.#settled ? undefined : chooseTask(this.#plan, task);
    const { identityProjection, identityPermutation } = chosen ?? (this.#settled as SettledChoice);
    const runs = this.#runs;
    const at = this.#runCount++ * RUN_WORDS;
    runs[at] = task;
    runs[at + 1] = item;
    runs[at + 2] = count;
    runs[at + 3] = chosen?.permutationTask ?? task;
    runs[at + 4] = identityPermutation ? PERMUTATION.identity : this.#torch ? PERMUTATION.given : PERMUTATION.own;
    if (identityProjection) return IDENTITY;
    const from = chosen?.projectionTask ?? task;
    return { key: this.#torch?.seedOf(from) ?? from, identity: false };
  }

  #draw(runs: readonly Run[], count: number): Drawn {
    const { buffer } = this.#exports.memory;
    const at = this.#at;
    const positions = count * this.#plan.length;
    const gives = this.#plan.labelLayout !== "none";
    this.#drawIndices(runs);
    this.#label();
    if (gives) this.#give(positions);
    return {
      indices: new Uint32Array(buffer, at.indices, positions),
      targets: new Uint16Array(buffer, at.targets, positions),
      given: new Uint32Array(buffer, at.given, gives ? positions : 0),
    };
  }

  #drawIndices(runs: readonly Run[]): void {
    const { mode, length, examples, itemsPerTask } = this.#plan;
    const { taken } = this.#at;
    if (mode === "sequence" && !this.#torch && !this.#classes) {
      this.#exports.drawRuns(this.#at.runs, runs.length, examples, length, taken, this.#at.indices);
      return;
    }
    const numbers = new Uint32Array(this.#exports.memory.buffer, this.#at.indices, this.#group * length);
    let position = 0;
    for (const { task, item, count } of runs) {
      for (let i = item; i < item + count; i++, position += length) {
        const out = this.#at.indices + position * 4;
        if (mode === "dataset") numbers[position] = i;
        else if (mode === "samples") numbers[position] = this.#sample(i).example;
        else if (this.#torch) this.#torch.sequence(task * itemsPerTask + i, out);
        else this.#classes?.draw(this.#exports, task, i, taken, out, position);
      }
    }
  }

  /** The task of a sample, counted from the first of the set, and its example. */
  #sample(item: number): { task: number; example: number } {
    if (this.#torch) return this.#torch.sample(item);
    const { taskCount, examples } = this.#plan;
    this.#exports.drawSample(item, taskCount % 2 ** 32, examples, this.#at.sample);
    const [task, example] = new Uint32Array(this.#exports.memory.buffer, this.#at.sample, 2) as unknown as [
      number,
      number,
    ];
    return { task, example };
  }

  #label(): void {
    const { runs, indices, labels, permutation, targets } = this.#at;
    const { length, classes, specialTokens, episode } = this.#plan;
    const relabels = episode?.relabel && this.#classes;
    const from = relabels ? relabels.ranks : indices;
    const permute = (run: number, count: number, position: number) =>
      this.#exports.permuteRuns(
        runs + run * RUN_WORDS * 4,
        count,
        length,
        classes,
        specialTokens,
        relabels ? 0 : labels,
        from + position * 4,
        permutation,
        targets + position * 2,
      );
    if (!this.#torch) {
      permute(0, this.#runCount, 0);
      return;
    }
    for (let run = 0, position = 0; run < this.#runCount; run++) {
      const [count, task, kind] = this.#runs.subarray(run * RUN_WORDS + 2) as unknown as [number, number, number];
      if (kind === PERMUTATION.given) this.#torch.permutation(task, classes, permutation);
      permute(run, 1, position);
      position += count * length;
    }
  }

  #give(positions: number): void {
    const { labelLayout, length, startToken } = this.#plan;
    const shifted = labelLayout === "shifted" ? 1 : 0;
    const { targets, given } = this.#at;
    const none = startToken ?? NO_LABEL;
    this.#exports.giveLabels(targets, positions, length, shifted, firstHidden(this.#plan), none, given);
  }
}
