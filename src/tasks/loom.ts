import type { GpuWeaver, ItemBuffers, ItemBytes, Weaver } from "../backend/backend.js";
import { BackendError } from "../base/errors.js";
import type { Batch, GpuBatch, TargetDtype } from "../base/tensor.js";
import { ahead } from "../batch/ahead.js";
import { Assembly, gather, tensorsOf } from "../batch/gather.js";
import { type Fill, gpuAhead } from "../batch/gpu-ahead.js";
import { itemBytes, type Plan, taskOf } from "../plan/plan.js";

/** Batches in buffers that are begun ahead: one runs on the GPU, and one is drawn and queued behind it. */
const AHEAD = 2;

/** Some items, as bytes. */
export interface Piece {
  readonly first: number;
  readonly count: number;
  readonly woven: ItemBytes;
}

/** A plan on a backend. It cuts runs of items into pieces and keeps the backend busy. */
export class Loom {
  readonly plan: Plan;
  /** Items in a piece of the size that the weaver recommends. */
  readonly pieceItems: number;
  readonly #backend: string;
  readonly #weaver: Weaver;

  constructor(plan: Plan, backend: string, weaver: Weaver) {
    this.plan = plan;
    this.#backend = backend;
    this.#weaver = weaver;
    this.pieceItems = Math.max(1, Math.floor(weaver.pieceBytes / itemBytes(plan).inputs));
  }

  dispose(): void {
    this.#weaver.dispose();
  }

  recycle(woven: ItemBytes): void {
    this.#weaver.recycle?.(woven);
  }

  /**
   * Yields items `[first, first + count)` in pieces of `size`, in order, with `width` pieces begun ahead.
   *
   * @param spare more pieces to begin ahead, for a caller that takes them at an uneven pace
   */
  pieces(
    first: number,
    count: number,
    size: number,
    signal: AbortSignal | undefined,
    spare = 0,
  ): AsyncGenerator<Piece, void, undefined> {
    const next = cut(first, count, size);
    const begin = (stop: AbortSignal): Promise<Piece> | undefined => {
      const run = next();
      return run && this.#weaver.weave(run.first, run.count, stop).then((woven) => ({ ...run, woven }));
    };
    const discard = ({ woven }: Piece) => this.recycle(woven);
    return ahead(begin, this.#weaver.width + spare, { discard, signal });
  }

  /**
   * Like `pieces`, but in GPU buffers.
   *
   * @param reuse true if the walk owns the buffers and fills them again when the next batch is asked for
   */
  gpuBatches(
    first: number,
    count: number,
    size: number,
    reuse: boolean,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<GpuBatch, void, undefined> {
    const weaver = this.#gpuWeaver(first);
    const next = cut(first, count, size);
    const begin = (fill: Fill, stop: AbortSignal): Promise<GpuBatch> | undefined => {
      const run = next();
      if (!run) return undefined;
      const batch = fill(this.plan, run.count, (into) => weaver.weaveBuffers(run.first, run.count, stop, into));
      return batch.then((made) => ({ tasks: this.#tasks(run.first, run.count), ...made }));
    };
    return gpuAhead(begin, AHEAD, { reuse, signal });
  }

  /**
   * Returns the weaver if its results can stay on a GPU.
   *
   * @throws BackendError if they cannot
   */
  #gpuWeaver(first: number): GpuWeaver {
    const weaver = this.#weaver;
    if (isGpuWeaver(weaver)) return weaver;
    const nextTask = taskOf(this.plan, first);
    throw new BackendError(this.#backend, 'its results are not on a GPU; use batches(), or backend: "webgpu"', {
      nextTask,
    });
  }

  /** Makes the items of these numbers, in this order, as bytes. */
  async items(numbers: Float64Array, signal: AbortSignal | undefined): Promise<ItemBytes> {
    const weaver = this.#weaver;
    if (isGpuWeaver(weaver)) return weaver.weaveItems(numbers, signal);
    return gather(numbers, this.plan, 2 * weaver.width, async (first, count) => {
      const woven = await this.#assemble(first, count, signal);
      signal?.throwIfAborted();
      return woven;
    });
  }

  /** Like `items`, but in GPU buffers. The caller owns them. */
  async itemBuffers(
    numbers: Float64Array,
    signal: AbortSignal | undefined,
    into?: ItemBuffers | undefined,
  ): Promise<ItemBuffers> {
    return this.#gpuWeaver(numbers[0] as number).weaveItemBuffers(numbers, signal, into);
  }

  /** Makes items `[first, first + count)` as one batch. */
  async collect<Dtype extends TargetDtype>(
    first: number,
    count: number,
    signal: AbortSignal | undefined,
  ): Promise<Batch<Dtype>> {
    return this.batch(first, count, await this.#assemble(first, count, signal));
  }

  async #assemble(first: number, count: number, signal: AbortSignal | undefined): Promise<ItemBytes> {
    const size = Math.max(1, Math.min(this.pieceItems, Math.ceil(count / this.#weaver.width)));
    if (size >= count) return this.#weaver.weave(first, count, signal);
    const whole = new Assembly(this.plan, count);
    if (this.#weaver.fill) {
      await this.#weaver.fill(first, count, whole.woven, signal);
      return whole.woven;
    }
    for await (const piece of this.pieces(first, count, size, signal)) {
      whole.put(piece.woven, piece.first - first);
      this.recycle(piece.woven);
    }
    return whole.woven;
  }

  #tasks(first: number, count: number): { start: number; stop: number } {
    const { taskOffset, itemsPerTask } = this.plan;
    return { start: taskOffset + first / itemsPerTask, stop: taskOffset + (first + count) / itemsPerTask };
  }

  batch<Dtype extends TargetDtype>(first: number, count: number, woven: ItemBytes): Batch<Dtype> {
    const { plan } = this;
    return {
      tasks: plan.mode === "samples" ? undefined : this.#tasks(first, count),
      ...tensorsOf<Dtype>(plan, count, woven),
    };
  }
}

/** Returns a function that cuts `[first, first + count)` into runs of `size`, the last one shorter; then undefined. */
function cut(first: number, count: number, size: number): () => { first: number; count: number } | undefined {
  const end = first + count;
  let next = first;
  return () => {
    if (next >= end) return undefined;
    const run = { first: next, count: Math.min(size, end - next) };
    next += run.count;
    return run;
  };
}

function isGpuWeaver(weaver: Weaver): weaver is GpuWeaver {
  return "weaveBuffers" in weaver;
}
