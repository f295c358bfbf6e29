import { type Choice, chooseBackend } from "../backend/choose.js";
import { DisposedError } from "../base/errors.js";
import { checkDataset, checkLabels } from "../dataset/check-dataset.js";
import type { Dataset } from "../dataset/index.js";
import { makePlan } from "../plan/make-plan.js";
import type { ResolvedOptions } from "../plan/options.js";
import type { Plan } from "../plan/plan.js";
import { prepareExamples } from "../plan/prepare-examples.js";
import { isInfinite, largestValue } from "../plan/scale.js";
import { scaledWeaver, scalingOf } from "../scaling/scaled-weaver.js";
import { Loom } from "./loom.js";
import { Overflow } from "./overflow.js";

/** A plan, and the examples as backends take them. */
export interface Planned {
  readonly examples: Dataset;
  readonly plan: Plan;
  /** Counts the infinite values of results. */
  readonly overflow: Overflow;
}

/** The looms of an augmentor: one for each dataset, on one backend, each made when it is first needed. */
export class Looms {
  readonly #options: ResolvedOptions;
  /** The backend. A failed choice is forgotten. */
  #choice: Promise<Choice> | undefined;
  /** Opened datasets. A failed opening is forgotten. */
  readonly #looms = new Map<Dataset, Promise<Loom>>();
  readonly #plans = new WeakMap<Dataset, Planned>();
  #disposed = false;

  constructor(options: ResolvedOptions) {
    this.#options = options;
  }

  /** @throws InvalidOptionError when the options do not fit the dataset, or it is none */
  planned(dataset: Dataset): Planned {
    checkDataset(dataset);
    const known = this.#plans.get(dataset);
    if (known) return known;
    checkLabels(dataset);
    const { examples, inputScaling } = prepareExamples(this.#options, dataset);
    const plan = makePlan({ ...this.#options, inputScaling }, examples);
    // Values are scaled before they are rounded.
    const dtype = this.#options.outputScaling === "none" ? plan.dtype : "float32";
    const possible = isInfinite(largestValue(plan, examples), dtype);
    const planned = { examples, plan, overflow: new Overflow(dataset.name, plan.dtype, possible) };
    this.#plans.set(dataset, planned);
    return planned;
  }

  /** The loom of a dataset. */
  open(dataset: Dataset, signal: AbortSignal | undefined): Promise<Loom> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#disposed) return Promise.reject(new DisposedError("augmentor"));
    const known = this.#looms.get(dataset);
    if (known) return known;
    const opening = this.#make(dataset);
    this.#looms.set(dataset, opening);
    opening.catch(() => this.#looms.delete(dataset));
    return opening;
  }

  async #make(dataset: Dataset): Promise<Loom> {
    const { plan, examples } = this.planned(dataset);
    checkLabels(examples);
    const { backend } = await this.choose();
    const scaling = scalingOf(this.#options.outputScaling, plan);
    // Values are scaled before they are rounded.
    const inner: Plan = scaling === "none" ? plan : { ...plan, dtype: "float32" };
    const weaver = await backend.open(inner, examples, this.#options.signal);
    return new Loom(plan, backend.name, scaledWeaver(weaver, plan, scaling));
  }

  /** The backend that does the work. */
  choose(): Promise<Choice> {
    if (this.#choice) return this.#choice;
    const choice = chooseBackend(this.#options);
    this.#choice = choice;
    choice.catch(() => {
      this.#choice = undefined;
    });
    return choice;
  }

  /** Ends all looms; those that are being opened end as soon as they are. */
  dispose(): void {
    this.#disposed = true;
    for (const opening of this.#looms.values()) {
      opening.then((loom) => loom.dispose()).catch(() => undefined);
    }
    this.#looms.clear();
  }
}
