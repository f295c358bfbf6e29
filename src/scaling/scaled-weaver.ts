import type { GpuWeaver, ItemBuffers, ItemBytes, Weaver } from "../backend/backend.js";
import { float32ToFloat16 } from "../base/float16.js";
import type { OutputScaling } from "../plan/choices.js";
import { itemBytes, type Plan, rowLength } from "../plan/plan.js";
import { FeatureMoments } from "./feature-moments.js";
import { standardizeExamples } from "./standardize-examples.js";
import { standardizeFeatures } from "./standardize-features.js";

/** Statistics of a task set: of the first `width` values of each position. */
interface Statistics {
  readonly width: number;
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
  readonly epsilon: number;
}

/** The scaling that a plan gets. The notebook has none where a single sample is drawn. */
export function scalingOf(scaling: OutputScaling, { mode, itemsPerTask, itemCount }: Plan): OutputScaling {
  const single = mode === "sequence" ? itemsPerTask === 1 : mode === "samples" && itemCount === 1;
  return scaling === "notebook" && single ? "none" : scaling;
}

/**
 * A weaver whose results are standardized, by position or over the task set.
 *
 * @param weaver makes the same items in float32
 * @param plan with the type that results are to have
 */
export function scaledWeaver(weaver: Weaver, plan: Plan, scaling: OutputScaling): Weaver {
  if (scaling === "none" || scaling === "batch") return weaver;
  return "weaveBuffers" in weaver
    ? new ScaledGpuWeaver(weaver as GpuWeaver, plan, scaling)
    : new ScaledWeaver(weaver, plan, scaling);
}

class ScaledWeaver<W extends Weaver = Weaver> implements Weaver {
  protected readonly weaver: W;
  protected readonly plan: Plan;
  readonly #scaling: "example" | "set" | "notebook";
  /** Of the whole set, made when the first item is. Forgotten if that fails. */
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
    // Rounded results are no memory for the float32 ones.
    if (this.plan.dtype === "float32") this.weaver.recycle?.(woven);
  }

  dispose(): void {
    this.weaver.dispose();
  }

  /** Scales float32 results in place, and rounds them if that is wanted. */
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

  /** `undefined` where positions are standardized by themselves. */
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

  /** The first pass: all items, in order, as many at a time as the weaver can make. */
  async #pass(signal: AbortSignal | undefined): Promise<Statistics> {
    const notebook = this.#scaling === "notebook";
    const stride = rowLength(this.plan);
    const width = notebook ? stride : this.plan.outFeatures;
    const moments = new FeatureMoments(width);
    const size = Math.max(1, Math.floor(this.pieceBytes / itemBytes({ ...this.plan, dtype: "float32" }).inputs));
    const pending: Promise<ItemBytes>[] = [];
    for (let next = 0; next < this.plan.itemCount || pending.length > 0; ) {
      while (next < this.plan.itemCount && pending.length <= this.width) {
        const piece = this.weaver.weave(next, Math.min(size, this.plan.itemCount - next), signal);
        piece.catch(() => undefined); // reported where it is awaited, unless an earlier one failed
        pending.push(piece);
        next += size;
      }
      const woven = (await pending.shift()) as ItemBytes;
      const values = new Float32Array(woven.inputs);
      moments.add(values, stride, values.length / stride);
      this.weaver.recycle?.(woven);
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
    const { refuseHalves, standardizeExamplesOnGpu, standardizeFeaturesOnGpu } = await import(
      "../backend/webgpu/chunk.js"
    );
    refuseHalves(this.plan);
    const statistics = await this.statistics(signal);
    const buffers = await weave();
    const rows = count * this.plan.length;
    if (statistics) await standardizeFeaturesOnGpu(buffers, this.plan, rows, statistics);
    else await standardizeExamplesOnGpu(buffers, this.plan, rows);
    return buffers;
  }
}
