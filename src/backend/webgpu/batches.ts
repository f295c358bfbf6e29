import type { Items } from "../items.js";
import { hasLabels, labelCells, type Plan } from "../plan.js";
import { type Drawn, Draws, type MatrixChoice } from "../wasm/draws.js";
import { Layout } from "../wasm/memory.js";
import { instantiate } from "../wasm/module.js";
import type { Batch, TaskRun } from "./path.js";

/** Positions drawn at a time at most, but for a single item. */
const GROUP = 4096;

/** A batch and its labels; `first` counts positions of the call, and is where it goes in the call's results. */
export interface DrawnBatch extends Omit<Batch, "outputFirst"> {
  readonly first: number;
  readonly targets: Uint16Array;
  /** The given labels, where they are an array of their own; else empty. */
  readonly labels: Uint32Array;
}

/** Tasks, examples and labels of items, drawn on the calling thread and cut into batches. */
export class Batches {
  /** The 768 entries of the deviates' table. */
  readonly table: Uint32Array<ArrayBuffer>;
  readonly #plan: Plan;
  readonly #draws: Draws;

  static async create(plan: Plan, labels: Uint16Array): Promise<Batches> {
    const exports = await instantiate(plan.seed);
    const layout = new Layout(exports);
    const draws = new Draws(exports, layout, plan, labels, Math.max(1, Math.floor(GROUP / plan.length)));
    layout.commit();
    draws.start();
    return new Batches(plan, draws, new Uint32Array(exports.memory.buffer, exports.normalTable(), 768).slice());
  }

  private constructor(plan: Plan, draws: Draws, table: Uint32Array<ArrayBuffer>) {
    this.#plan = plan;
    this.#draws = draws;
    this.table = table;
  }

  /** Items in batches of `maxPositions` (the last may have fewer), each made when asked for. */
  *of(items: Items, maxPositions: number): Generator<DrawnBatch> {
    const { length } = this.#plan;
    const { count } = items;
    const total = count * length;
    let filling = new Filling(this.#plan, 0, Math.min(maxPositions, total));
    for (let item = 0; item < count; ) {
      const run = this.#draws.run(items.at(item), items.runFrom(item));
      const drawn = this.#draws.draw(run);
      const size = run.count * length;
      // A batch is handed out between two draws: the views of this one are copied if they have to outlive that.
      const { matrix, ...views } = size <= filling.room ? drawn : copied(drawn);
      for (let done = 0; done < size; ) {
        const n = filling.add(matrix, views, done);
        done += n;
        if (filling.room > 0) continue;
        const end = filling.end;
        yield filling.batch();
        filling = new Filling(this.#plan, end, Math.min(maxPositions, total - end));
      }
      item += run.count;
    }
  }
}

function copied({ matrix, indices, targets, given }: Drawn): Drawn {
  return { matrix, indices: indices.slice(), targets: targets.slice(), given: given.slice() };
}

/** A batch that is being filled. */
class Filling {
  readonly #first: number;
  readonly #indices: Uint32Array<ArrayBuffer>;
  readonly #given: Uint32Array<ArrayBuffer>;
  readonly #oneHots: boolean;
  readonly #targets: Uint16Array<ArrayBuffer>;
  readonly #runs: TaskRun[] = [];
  #filled = 0;

  constructor(plan: Plan, first: number, positions: number) {
    this.#first = first;
    this.#oneHots = labelCells(plan) > 0;
    this.#indices = new Uint32Array(positions);
    this.#given = new Uint32Array(this.#oneHots || hasLabels(plan) ? positions : 0);
    this.#targets = new Uint16Array(positions);
  }

  /** Positions that it can still take. */
  get room(): number {
    return this.#indices.length - this.#filled;
  }

  /** The position of the call after the last it has. */
  get end(): number {
    return this.#first + this.#filled;
  }

  /** Takes what it can of the positions of a run from `from` on. Returns how many. */
  add(matrix: MatrixChoice, { indices, targets, given }: Omit<Drawn, "matrix">, from: number): number {
    const at = this.#filled;
    const n = Math.min(this.room, indices.length - from);
    this.#indices.set(indices.subarray(from, from + n), at);
    this.#targets.set(targets.subarray(from, from + n), at);
    if (this.#given.length > 0) this.#given.set(given.subarray(from, from + n), at);
    const last = this.#runs.at(-1);
    if (last?.matrix.key === matrix.key && last.matrix.identity === matrix.identity) {
      this.#runs[this.#runs.length - 1] = { ...last, count: last.count + n };
    } else this.#runs.push({ matrix, first: at, count: n });
    this.#filled += n;
    return n;
  }

  batch(): DrawnBatch {
    const none = new Uint32Array();
    return {
      first: this.#first,
      runs: this.#runs,
      indices: this.#indices,
      given: this.#oneHots ? this.#given : none,
      targets: this.#targets,
      labels: this.#oneHots ? none : this.#given,
    };
  }
}
