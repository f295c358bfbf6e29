import type { GpuWeaver, ItemBuffers, ItemBytes, Weaver } from "../backend/backend.js";
import { loadChunk } from "../backend/webgpu/load.js";
import { float32ToFloat16 } from "../base/float16.js";
import { ahead } from "../batch/ahead.js";
import type { OutputScaling } from "../plan/choices.js";
import { itemBytes, type Plan, rowLength } from "../plan/plan.js";
import { FeatureMoments } from "./feature-moments.js";
import { standardizeExamples } from "./standardize-examples.js";
import { standardizeFeatures } from "./standardize-features.js";

/** Statistics of a task set, for the first `width` values of each position. */
interface Statistics {
  readonly width: number;
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
  readonly epsilon: number;
}

/** Returns the scaling of a plan. `"notebook"` becomes `"none"` if a single sample is drawn, like in the notebook. */
export function scalingOf(scaling: OutputScaling, { mode, itemsPerTask, itemCount }: Plan): OutputScaling {
  const single = mode === "sequence" ? itemsPerTask === 1 : mode === "samples" && itemCount === 1;
  return scaling === "notebook" && single ? "none" : scaling;
}

/**
 * Returns a weaver whose results are standardized, by position or over the task set.
 *
 * @param weaver makes the same items in float32
 * @param plan the plan of the results; its dtype is that of the standardized values
 */
export function scaledWeaver(weaver: Weaver, plan: Plan, scaling: OutputScaling): Weaver {
  if (scaling === "none") return weaver;
  return "weaveBuffers" in weaver
    ? new ScaledGpuWeaver(weaver as GpuWeaver, plan, scaling)
    : new ScaledWeaver(weaver, plan, scaling);
}

class ScaledWeaver<W extends Weaver = Weaver> implements Weaver {
  protected readonly weaver: W;
  protected readonly plan: Plan;
  readonly #scaling: "example" | "set" | "notebook";
  /** The statistics of the whole set, computed at the first call. Undefined before it and after a failure. */
  #statistics: Promise<Statistics> | undefined;

  constructor(weaver: W, plan: Plan, scaling: "example" | "set" | "notebook") {
    this.weaver = weaver;
    this.plan = plan;
    this.#scaling = scaling;
  }

  get width(): number {
    return this.weaver.width;
  }

  get pieceBytes(): number {
    return this.weaver.pieceBytes;
  }

  async weave(first: number, count: number, signal: AbortSignal | undefined): Promise<ItemBytes> {
    const statistics = await this.statistics(signal);
    return this.scale(await this.weaver.weave(first, count, signal), statistics);
  }

  recycle(woven: ItemBytes): void {
    // float16 results are too small to hold the float32 results of a later call.
    if (this.plan.dtype === "float32") this.weaver.recycle?.(woven);
  }

  dispose(): void {
    this.weaver.dispose();
  }

  /** Standardizes float32 results in place, and rounds them to float16 if the plan says so. */
  protected scale(woven: ItemBytes, statistics: Statistics | undefined): ItemBytes {
    const values = new Float32Array(woven.inputs);
    const width = rowLength(this.plan);
    const rows = values.length / width;
    if (statistics) {
      const { mean, deviation, epsilon } = statistics;
      standardizeFeatures(values, width, statistics.width, rows, mean, deviation, epsilon);
    } else standardizeExamples(values, width, this.plan.outFeatures, rows);
    return this.plan.dtype === "float32" ? woven : { ...woven, inputs: float32ToFloat16(values).buffer };
  }

  /** Returns the statistics of the set; undefined if positions are standardized by themselves. */
  protected statistics(signal: AbortSignal | undefined): Promise<Statistics> | undefined {
    if (this.#scaling === "example") return undefined;
    if (this.#statistics) return this.#statistics;
    const passing = this.#pass(signal);
    this.#statistics = passing;
    passing.catch(() => {
      this.#statistics = undefined;
    });
    return passing;
  }

  /** Makes all items once, in order, to compute the statistics. */
  async #pass(signal: AbortSignal | undefined): Promise<Statistics> {
    const notebook = this.#scaling === "notebook";
    const stride = rowLength(this.plan);
    const width = notebook ? stride : this.plan.outFeatures;
    const moments = new FeatureMoments(width);
    const size = Math.max(1, Math.floor(this.pieceBytes / itemBytes({ ...this.plan, dtype: "float32" }).inputs));
    const { itemCount } = this.plan;
    let next = 0;
    const begin = (stop: AbortSignal): Promise<ItemBytes> | undefined => {
      if (next >= itemCount) return undefined;
      const [first, count] = [next, Math.min(size, itemCount - next)];
      next += count;
      return this.weaver.weave(first, count, stop);
    };
    const recycle = (woven: ItemBytes) => this.weaver.recycle?.(woven);
    for await (const woven of ahead(begin, this.width, { discard: recycle, reclaim: recycle, signal })) {
      const values = new Float32Array(woven.inputs);
      moments.add(values, stride, values.length / stride);
    }
    const ddof = notebook && moments.count > 1 ? 1 : 0;
    return {
      width,
      mean: moments.mean(),
      deviation: moments.variance(ddof).map(Math.sqrt),
      epsilon: notebook ? 1e-12 : 0,
    };
  }
}

class ScaledGpuWeaver extends ScaledWeaver<GpuWeaver> implements GpuWeaver {
  async weaveItems(items: Float64Array, signal: AbortSignal | undefined): Promise<ItemBytes> {
    const statistics = await this.statistics(signal);
    return this.scale(await this.weaver.weaveItems(items, signal), statistics);
  }

  weaveBuffers(
    first: number,
    count: number,
    signal: AbortSignal | undefined,
    into?: ItemBuffers | undefined,
  ): Promise<ItemBuffers> {
    return this.#scaled(count, signal, () => this.weaver.weaveBuffers(first, count, signal, into));
  }

  weaveItemBuffers(
    items: Float64Array,
    signal: AbortSignal | undefined,
    into?: ItemBuffers | undefined,
  ): Promise<ItemBuffers> {
    return this.#scaled(items.length, signal, () => this.weaver.weaveItemBuffers(items, signal, into));
  }

  async #scaled(
    count: number,
    signal: AbortSignal | undefined,
    weave: () => Promise<ItemBuffers>,
  ): Promise<ItemBuffers> {
    const { refuseHalves, standardizeExamplesOnGpu, standardizeFeaturesOnGpu } = await loadChunk();
    refuseHalves(this.plan);
    const statistics = await this.statistics(signal);
    const buffers = await weave();
    const rows = count * this.plan.length;
    if (statistics) await standardizeFeaturesOnGpu(buffers, this.plan, rows, statistics);
    else await standardizeExamplesOnGpu(buffers, this.plan, rows);
    return buffers;
  }
}
