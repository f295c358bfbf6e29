import { destroyBuffers, type GpuWeaver, type ItemBuffers, type ItemBytes, type Weaver } from "../backend/backend.js";
import { follow } from "../base/abort.js";
import { BackendError } from "../base/errors.js";
import type { Batch, GpuBatch } from "../base/tensor.js";
import { BufferRing } from "../batch/buffer-ring.js";
import { Assembly, gather, tensorsOf } from "../batch/gather.js";
import { gpuTensorsOf } from "../batch/gpu-tensors.js";
import { itemBytes, type Plan, taskOf } from "../plan/plan.js";

/** Batches in buffers that are under way while one is used: one on the GPU, and one drawn and queued behind it. */
const AHEAD = 2;

/** A plan on a backend: cuts runs of items into pieces and keeps the backend busy. */
export class Loom {
  readonly plan: Plan;
  /** Items in a piece of the size that the weaver likes. */
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
   * Items `[first, first + count)` in pieces of `size`, in order, with `width + 1` under way.
   *
   * @param spare how many more may be under way, or wait, made, for a caller who takes them at an uneven pace
   */
  async *pieces(
    first: number,
    count: number,
    size: number,
    signal: AbortSignal | undefined,
    spare = 0,
  ): AsyncGenerator<{ first: number; count: number; woven: ItemBytes }> {
    const pending: { first: number; count: number; woven: Promise<ItemBytes> }[] = [];
    const end = first + count;
    let next = first;
    // Every piece under way listens, which would be too many for the caller's signal.
    const stopper = follow(signal);
    try {
      while (next < end || pending.length > 0) {
        while (next < end && pending.length <= this.#weaver.width + spare) {
          const n = Math.min(size, end - next);
          const woven = this.#weaver.weave(next, n, stopper.signal);
          woven.catch(() => undefined); // reported where it is awaited, unless an earlier one failed
          pending.push({ first: next, count: n, woven });
          next += n;
        }
        const head = pending.shift() as (typeof pending)[number];
        const woven = await head.woven;
        signal?.throwIfAborted();
        yield { first: head.first, count: head.count, woven };
      }
    } finally {
      stopper.release();
    }
  }

  /**
   * As `pieces`, in buffers, with `AHEAD` batches under way while another is used.
   *
   * @param reuse whether the buffers are the walk's, to be filled anew once the next batch is asked for
   */
  async *gpuBatches(
    first: number,
    count: number,
    size: number,
    reuse: boolean,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<GpuBatch> {
    const weaver = this.#gpuWeaver(first);
    const ring = reuse ? new BufferRing() : undefined;
    const make = (from: number, n: number) => {
      const weave = (into?: ItemBuffers) => weaver.weaveBuffers(from, n, signal, into);
      const woven = ring ? ring.fill(weave) : weave();
      woven.catch(() => undefined); // reported where it is awaited, unless an earlier one failed
      return { from, n, woven };
    };
    const pending: ReturnType<typeof make>[] = [];
    const end = first + count;
    let next = first;
    let held: ItemBuffers | undefined;
    try {
      while (true) {
        for (; next < end && pending.length <= AHEAD; next += size)
          pending.push(make(next, Math.min(size, end - next)));
        const head = pending.shift();
        if (!head) return;
        const woven = await head.woven;
        held = woven;
        yield this.#gpuBatch(head.from, head.n, woven, reuse);
        held = undefined;
        ring?.give(woven);
      }
    } finally {
      ring?.close();
      if (held) ring?.give(held);
      // Left early: what was made ahead has no owner.
      for (const { woven } of pending) woven.then(destroyBuffers).catch(() => undefined);
    }
  }

  /** The weaver, whose results can stay on a GPU. @throws BackendError where they cannot. */
  #gpuWeaver(first: number): GpuWeaver {
    const weaver = this.#weaver;
    if (isGpuWeaver(weaver)) return weaver;
    const nextTask = taskOf(this.plan, first);
    throw new BackendError(this.#backend, 'its results are not on a GPU; use batches(), or backend: "webgpu"', {
      nextTask,
    });
  }

  /** The items of these numbers, in this order, as bytes. */
  async items(numbers: Float64Array, signal: AbortSignal | undefined): Promise<ItemBytes> {
    const weaver = this.#weaver;
    if (isGpuWeaver(weaver)) return weaver.weaveItems(numbers, signal);
    return gather(numbers, this.plan, 2 * weaver.width, async (first, count) => {
      const woven = await this.#assemble(first, count, signal);
      signal?.throwIfAborted();
      return woven;
    });
  }

  /** As `items`, in buffers. */
  async itemBuffers(
    numbers: Float64Array,
    signal: AbortSignal | undefined,
    into?: ItemBuffers | undefined,
  ): Promise<ItemBuffers> {
    return this.#gpuWeaver(numbers[0] as number).weaveItemBuffers(numbers, signal, into);
  }

  /** Items `[first, first + count)` as one batch. */
  async collect(first: number, count: number, signal: AbortSignal | undefined): Promise<Batch> {
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

  #gpuBatch(first: number, count: number, woven: ItemBuffers, reuse: boolean): GpuBatch {
    return {
      tasks: this.#tasks(first, count),
      device: woven.device,
      ...gpuTensorsOf(this.plan, count, woven),
      destroy: () => {
        if (!reuse) destroyBuffers(woven);
      },
    };
  }

  batch(first: number, count: number, woven: ItemBytes): Batch {
    const { plan } = this;
    return {
      tasks: plan.mode === "samples" ? undefined : this.#tasks(first, count),
      ...tensorsOf(plan, count, woven),
    };
  }
}

function isGpuWeaver(weaver: Weaver): weaver is GpuWeaver {
  return "weaveBuffers" in weaver;
}
