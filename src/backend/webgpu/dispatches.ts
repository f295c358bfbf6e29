import { type Drawn, Draws, type MatrixChoice } from "../../draws/draws.js";
import type { Items } from "../../draws/items.js";
import { NO_LABEL } from "../../draws/labels.js";
import { hasLabels, labelValues, type Plan } from "../../plan/plan.js";
import { instantiate } from "../../wasm/module.js";
import type { Dispatch } from "./paths/path.js";

/** The most positions that are drawn at a time. A single item may have more. */
const GROUP = 4096;

/** A dispatch and its labels. `first` is the place of its first position in the results of the call. */
export interface DrawnDispatch extends Omit<Dispatch, "outputFirst"> {
  readonly first: number;
  readonly targets: Uint32Array<ArrayBuffer>;
  /** The given labels if they are an array of their own, `labelValues(plan)` for no label; else empty. */
  readonly labels: Uint32Array<ArrayBuffer>;
}

/** Draws the tasks, examples and labels of items on the calling thread, and cuts them into dispatches. */
export class Dispatches {
  /** The 768 entries of the deviates' table. */
  readonly table: Uint32Array<ArrayBuffer>;
  readonly #plan: Plan;
  readonly #draws: Draws;

  static async create(plan: Plan, labels: Uint16Array): Promise<Dispatches> {
    const exports = await instantiate(plan.seed);
    const draws = new Draws(exports, plan, labels, { drawsOnly: true, mostPositions: GROUP });
    return new Dispatches(plan, draws, new Uint32Array(exports.memory.buffer, exports.normalTable(), 768).slice());
  }

  private constructor(plan: Plan, draws: Draws, table: Uint32Array<ArrayBuffer>) {
    this.#plan = plan;
    this.#draws = draws;
    this.table = table;
  }

  /** Yields the dispatches of items, `maxPositions` positions each; the last one may have fewer. */
  *of(items: Items, maxPositions: number): Generator<DrawnDispatch> {
    const total = items.count * this.#plan.length;
    for (let first = 0; first < total; first += maxPositions) {
      yield this.#draw(items, first, Math.min(maxPositions, total - first));
    }
  }

  /** Draws positions `[first, first + count)`. An item that is cut in two is drawn for both dispatches. */
  #draw(items: Items, first: number, count: number): DrawnDispatch {
    const { length } = this.#plan;
    const builder = new DispatchBuilder(this.#plan, first, count);
    let item = Math.floor(first / length);
    let skipped = first - item * length;
    while (builder.room > 0) {
      const drawn = this.#draws.drawItems(items, item, Math.ceil((skipped + builder.room) / length));
      builder.add(drawn, skipped);
      item += drawn.count;
      skipped = 0;
    }
    return builder.done();
  }
}

/** A dispatch that is being filled. */
class DispatchBuilder {
  readonly #plan: Plan;
  readonly #first: number;
  readonly #indices: Uint32Array<ArrayBuffer>;
  readonly #given: Uint32Array<ArrayBuffer>;
  readonly #targets: Uint32Array<ArrayBuffer>;
  readonly #runs: { matrix: MatrixChoice; first: number; count: number }[] = [];
  #filled = 0;

  constructor(plan: Plan, first: number, positions: number) {
    this.#plan = plan;
    this.#first = first;
    this.#indices = new Uint32Array(positions);
    this.#given = new Uint32Array(plan.labelLayout === "none" ? 0 : positions);
    this.#targets = new Uint32Array(positions);
  }

  /** The number of positions that still fit. */
  get room(): number {
    return this.#indices.length - this.#filled;
  }

  /** Adds drawn positions from `skipped` on, as many as fit. */
  add({ runs, indices, targets, given }: Drawn, skipped: number): void {
    const end = skipped + Math.min(this.room, indices.length - skipped);
    this.#indices.set(indices.subarray(skipped, end), this.#filled);
    this.#targets.set(targets.subarray(skipped, end), this.#filled);
    if (given.length > 0) this.#given.set(given.subarray(skipped, end), this.#filled);
    let last = this.#runs.at(-1);
    let skip = skipped;
    for (const { matrix, positions } of runs) {
      const count = Math.min(positions - skip, this.room);
      skip = 0;
      if (last?.matrix.key === matrix.key && last.matrix.identity === matrix.identity) last.count += count;
      else if (count > 0) {
        last = { matrix, first: this.#filled, count };
        this.#runs.push(last);
      }
      this.#filled += count;
    }
  }

  done(): DrawnDispatch {
    const none = new Uint32Array();
    const separate = hasLabels(this.#plan);
    return {
      first: this.#first,
      runs: this.#runs,
      indices: this.#indices,
      given: separate ? none : this.#given,
      targets: this.#targets,
      labels: separate ? this.#labels() : none,
    };
  }

  /** Returns the given labels in the form of the results: `labelValues(plan)` stands for no label. */
  #labels(): Uint32Array<ArrayBuffer> {
    const none = labelValues(this.#plan);
    const labels = this.#given;
    for (let i = 0; i < labels.length; i++) if (labels[i] === NO_LABEL) labels[i] = none;
    return labels;
  }
}
