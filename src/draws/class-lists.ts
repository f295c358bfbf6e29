import type { Plan } from "../plan/plan.js";
import type { KernelExports } from "../wasm/module.js";
import type { Regions } from "../wasm/regions.js";

/** The examples of each class, and what drawing an episode needs. */
export class ClassLists {
  /** The place of the ranks of the drawn positions in memory, u32. */
  readonly ranks: number;
  readonly #plan: Plan;
  readonly #labels: Uint16Array;
  readonly #starts: number;
  readonly #members: number;
  readonly #scratch: number;

  constructor(layout: Regions, plan: Plan, labels: Uint16Array, positions: number) {
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
