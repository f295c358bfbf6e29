import type { Plan } from "../plan/plan.js";
import { seedWords } from "../stream/seed.js";
import type { KernelExports } from "../wasm/module.js";
import type { Regions } from "../wasm/regions.js";

/** Numbers drawn at a time for samples. */
const STEP = 4096;

/**
 * The draws of the notebook from PyTorch's CPU generator, any part of them alone. Everything begins with the generator seeded
 * with `random_state`, the low 32 bits of the plan's seed:
 *
 * - the seeds of the tasks: word n modulo 2^32 - 1 is that of task n; its matrix and its permutation each begin with the
 *   generator seeded with that;
 * - the examples of sequences: words `[i * length, (i + 1) * length)` for sequence i, counted from the first of task 0;
 * - or samples out of all pairs of a task and an example, then put in the order of their tasks.
 */
export class TorchStreams {
  readonly #exports: KernelExports;
  readonly #plan: Plan;
  readonly #seeds: Cursor;
  readonly #indices: Cursor;
  readonly #task: number;
  readonly #words: number;
  #samples: { readonly tasks: Uint32Array; readonly examples: Uint32Array } | undefined;

  /** Places its regions in a layout; use it when that is committed. */
  constructor(exports: KernelExports, layout: Regions, plan: Plan) {
    const bytes = exports.mtStateBytes();
    const [seed] = seedWords(plan.seed);
    this.#exports = exports;
    this.#plan = plan;
    this.#seeds = new Cursor(exports, layout.place(bytes), seed);
    this.#indices = new Cursor(exports, layout.place(bytes), seed);
    this.#task = layout.place(bytes);
    this.#words = layout.place(STEP * 8);
  }

  /** The seed of a task's matrix and permutation. */
  seedOf(task: number): number {
    this.#exports.mtWords(this.#seeds.seek(task, 1), 1, this.#words);
    return (new Uint32Array(this.#exports.memory.buffer, this.#words, 1)[0] as number) % (2 ** 32 - 1);
  }

  /** The label permutation of a task, n u32 at `out`. */
  permutation(task: number, n: number, out: number): void {
    this.#exports.mtSeed(this.#task, this.seedOf(task));
    this.#exports.torchPermutation(this.#task, n, out);
  }

  /** The examples of a sequence, `length` u32 at `out`. */
  sequence(sequence: number, out: number): void {
    const { length, examples } = this.#plan;
    this.#exports.torchRandint(this.#indices.seek(sequence * length, length), examples, length, out);
  }

  /** Sample `item`: its task, counted from the first of the set, and its example. */
  sample(item: number): { task: number; example: number } {
    this.#samples ??= this.#drawSamples();
    const { tasks, examples } = this.#samples;
    return { task: tasks[item] as number, example: examples[item] as number };
  }

  #drawSamples() {
    const { taskCount, examples: n, itemCount } = this.#plan;
    const { memory, torchRandint, torchRandint64 } = this.#exports;
    const total = taskCount * n;
    const wide = total >= 2 ** 32;
    const state = this.#indices.seek(0, wide ? 2 * itemCount : itemCount);
    // Task and place among the draws in one number, at most 2^53: sorting keeps the order of draws within a task.
    const keys = new Float64Array(itemCount);
    const drawn = new Uint32Array(itemCount);
    for (let first = 0; first < itemCount; first += STEP) {
      const count = Math.min(STEP, itemCount - first);
      if (wide) torchRandint64(state, total % 2 ** 32, Math.floor(total / 2 ** 32), count, this.#words);
      else torchRandint(state, total, count, this.#words);
      const words = new Uint32Array(memory.buffer, this.#words, wide ? 2 * count : count);
      for (let i = 0; i < count; i++) {
        const pair = wide ? (words[2 * i] as number) + (words[2 * i + 1] as number) * 2 ** 32 : (words[i] as number);
        const task = Math.floor(pair / n);
        keys[first + i] = task * itemCount + first + i;
        drawn[first + i] = pair - task * n;
      }
    }
    keys.sort();
    return {
      tasks: Uint32Array.from(keys, (key) => Math.floor(key / itemCount)),
      examples: Uint32Array.from(keys, (key) => drawn[key % itemCount] as number),
    };
  }
}

/** A generator that remembers where it is, so that going on from there costs nothing. */
class Cursor {
  readonly #exports: KernelExports;
  readonly #state: number;
  readonly #seed: number;
  /** The number of its next word; none before it is seeded. */
  #next = Number.POSITIVE_INFINITY;

  constructor(exports: KernelExports, state: number, seed: number) {
    this.#exports = exports;
    this.#state = state;
    this.#seed = seed;
  }

  /** The state whose next word is number `word`, of which the caller takes `count`. */
  seek(word: number, count: number): number {
    if (word < this.#next) {
      this.#exports.mtSeed(this.#state, this.#seed);
      this.#next = 0;
    }
    const skipped = word - this.#next;
    if (skipped > 0) this.#exports.mtSkip(this.#state, skipped % 2 ** 32, Math.floor(skipped / 2 ** 32));
    this.#next = word + count;
    return this.#state;
  }
}
