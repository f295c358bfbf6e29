import type { Plan } from "../plan/plan.js";
import type { KernelExports } from "../wasm/module.js";
import { type HostChoices, type PlanRegions, startPlan } from "../wasm/plan-struct.js";
import type { Items } from "./items.js";

/** The matrix of a run. */
export interface MatrixChoice {
  /** The number that, with the seed, decides the matrix: a task, or with the torch generator a seed. 0 for the identity. */
  readonly key: number;
  readonly identity: boolean;
}

/** Consecutive positions with the same matrix. */
export interface MatrixRun {
  readonly matrix: MatrixChoice;
  /** The task that the positions belong to. */
  readonly task: number;
  readonly positions: number;
}

/** The numbers drawn for items. The arrays are views of the module's memory, valid until the next draw. */
export interface Drawn {
  readonly count: number;
  readonly runs: readonly MatrixRun[];
  /** Example numbers, `count * length`. */
  readonly indices: Uint32Array;
  /** The labels of the positions as results have them, `count * length`. */
  readonly targets: Uint16Array;
  /** The labels that positions are given, `NO_LABEL` for none; empty where the plan gives none. */
  readonly given: Uint32Array;
}

/** A run as assembly/runs.ts has it, in words. */
const RUN = { words: 7, task: 0, count: 2, key: 5, identity: 6 } as const;

/**
 * The small integers of a plan, for both backends: which task an item belongs to, which examples it has, what their
 * labels become, and which of them are given. The WebAssembly module draws them.
 */
export class Draws {
  readonly kernel: KernelExports;
  readonly regions: PlanRegions;
  readonly #plan: Plan;

  /** Starts the plan in the module, and takes the whole of its memory. */
  constructor(kernel: KernelExports, plan: Plan, labels: Uint16Array, choices?: HostChoices) {
    this.kernel = kernel;
    this.#plan = plan;
    this.regions = startPlan(kernel, plan, choices);
    new Uint16Array(kernel.memory.buffer, this.regions.exampleLabels, plan.examples).set(labels);
  }

  /** Draws consecutive items, at most `regions.maxItems` of them. Returns how many. */
  draw(first: number, count: number): number {
    return this.kernel.draw(BigInt(first), count);
  }

  /** Draws items from the `from`-th on, `most` of them or fewer. */
  drawItems(items: Items, from: number, most: number): Drawn {
    const wanted = Math.min(most, this.regions.maxItems);
    this.kernel.begin();
    for (let count = 0; count < wanted; ) {
      const consecutive = Math.min(items.runFrom(from + count), wanted - count);
      count += this.kernel.add(BigInt(items.at(from + count)), consecutive);
    }
    this.kernel.drawAdded();
    return this.drawn(wanted);
  }

  /** The numbers of the last draw. */
  drawn(count: number): Drawn {
    const { buffer } = this.kernel.memory;
    const { indices, drawnLabels, givenLabels } = this.regions;
    const positions = count * this.#plan.length;
    return {
      count,
      runs: this.#runs(),
      indices: new Uint32Array(buffer, indices, positions),
      targets: new Uint16Array(buffer, drawnLabels, positions),
      given: new Uint32Array(buffer, givenLabels, this.#plan.labelLayout === "none" ? 0 : positions),
    };
  }

  /** The positions of each run of the last draw. */
  *runPositions(): Generator<number> {
    const words = this.#runWords();
    for (let at = RUN.count; at < words.length; at += RUN.words) yield (words[at] as number) * this.#plan.length;
  }

  #runs(): MatrixRun[] {
    const words = this.#runWords();
    return Array.from({ length: words.length / RUN.words }, (_, run) => {
      const word = (place: number) => words[run * RUN.words + place] as number;
      return {
        matrix: { key: word(RUN.key), identity: word(RUN.identity) === 1 },
        task: word(RUN.task),
        positions: word(RUN.count) * this.#plan.length,
      };
    });
  }

  #runWords(): Uint32Array {
    const { buffer } = this.kernel.memory;
    const [count] = new Uint32Array(buffer, this.regions.runCount, 1) as unknown as [number];
    return new Uint32Array(buffer, this.regions.runs, count * RUN.words);
  }
}
