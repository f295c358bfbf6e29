import type { GpuWeaver, Weaver, Woven, WovenBuffers } from "./backend/backend.js";
import {
  hasLabels,
  inputShape,
  itemBytes,
  labelDtype,
  type Plan,
  targetDtype,
  targetShape,
  taskOf,
} from "./backend/plan.js";
import { BackendError, InvalidOptionError } from "./errors.js";
import { scaleBatch } from "./scaling/batch.js";
import type { Batch, GpuBatch, TargetDtype, TargetTensor } from "./tensor.js";

/** A plan on a backend: cuts runs of items into pieces and keeps the backend busy. */
export class Loom {
  readonly plan: Plan;
  /** Items in a piece of the size that the weaver likes. */
  readonly pieceItems: number;
  readonly #backend: string;
  readonly #weaver: Weaver;
  readonly #scalesBatches: boolean;

  /** @param scalesBatches whether values are standardised over each batch; the weaver makes float32 ones then */
  constructor(plan: Plan, backend: string, weaver: Weaver, scalesBatches: boolean) {
    this.plan = plan;
    this.#backend = backend;
    this.#weaver = weaver;
    this.#scalesBatches = scalesBatches;
    this.pieceItems = Math.max(1, Math.floor(weaver.pieceBytes / itemBytes(plan).inputs));
  }

  /** @throws InvalidOptionError where results depend on batches, which a caller does not have. */
  refuseBatchScaling(): void {
    if (!this.#scalesBatches) return;
    throw new InvalidOptionError(
      "outputScaling",
      "batch",
      '"none", "example", "set" or "notebook" where no batches are made',
    );
  }

  /** Bytes of an item as the weaver makes it. */
  get #itemBytes() {
    return itemBytes(this.#woven);
  }

  get #woven(): Plan {
    return this.#scalesBatches ? { ...this.plan, dtype: "float32" } : this.plan;
  }

  dispose(): void {
    this.#weaver.dispose();
  }

  recycle(woven: Woven): void {
    this.#weaver.recycle?.(woven);
  }

  /** Items `[first, first + count)` in pieces of `size`, in order, with `width + 1` under way. */
  async *pieces(
    first: number,
    count: number,
    size: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<{ first: number; count: number; woven: Woven }> {
    const pending: { first: number; count: number; woven: Promise<Woven> }[] = [];
    const end = first + count;
    let next = first;
    while (next < end || pending.length > 0) {
      while (next < end && pending.length <= this.#weaver.width) {
        const n = Math.min(size, end - next);
        const woven = this.#weaver.weave(next, n, signal);
        woven.catch(() => undefined); // reported where it is awaited, unless an earlier one failed
        pending.push({ first: next, count: n, woven });
        next += n;
      }
      const head = pending.shift() as (typeof pending)[number];
      const woven = await head.woven;
      signal?.throwIfAborted();
      yield { first: head.first, count: head.count, woven };
    }
  }

  /** As `pieces`, in buffers, with one under way while another is used. */
  async *gpuBatches(
    first: number,
    count: number,
    size: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<GpuBatch> {
    const weaver = this.#weaver;
    if (!isGpuWeaver(weaver)) {
      const nextTask = taskOf(this.plan, first);
      throw new BackendError(this.#backend, 'its results are not on a GPU; use batches(), or backend: "webgpu"', {
        nextTask,
      });
    }
    const make = (from: number) => {
      const n = Math.min(size, first + count - from);
      const woven = n > 0 ? weaver.weaveBuffers(from, n, signal) : undefined;
      woven?.catch(() => undefined); // reported where it is awaited
      return { from, n, woven };
    };
    let ahead = make(first);
    try {
      while (ahead.woven) {
        const { from, n, woven } = ahead;
        ahead = make(from + n);
        const made = await woven;
        if (this.#scalesBatches) await scaleBatch.onGpu(made, this.plan, n);
        yield this.#gpuBatch(from, n, made);
      }
    } finally {
      // Left early: what was made ahead has no owner.
      ahead.woven?.then(destroyBuffers).catch(() => undefined);
    }
  }

  /** Items `[first, first + count)` as one batch. */
  async collect(first: number, count: number, signal: AbortSignal | undefined): Promise<Batch> {
    return this.batch(first, count, await this.#assemble(first, count, signal));
  }

  /** Items `[first, first + count)` as bytes. */
  async gather(first: number, count: number, signal: AbortSignal | undefined): Promise<Woven> {
    this.refuseBatchScaling();
    if (count <= this.pieceItems) return this.#weaver.weave(first, count, signal);
    return this.#assemble(first, count, signal);
  }

  async #assemble(first: number, count: number, signal: AbortSignal | undefined): Promise<Woven> {
    const bytes = this.#itemBytes;
    const inputs = allocate(count * bytes.inputs);
    const targets = allocate(count * bytes.targets);
    const labels = hasLabels(this.plan) ? allocate(count * bytes.labels) : undefined;
    const size = Math.max(1, Math.min(this.pieceItems, Math.ceil(count / this.#weaver.width)));
    for await (const { woven, first: at } of this.pieces(first, count, size, signal)) {
      new Uint8Array(inputs).set(new Uint8Array(woven.inputs), (at - first) * bytes.inputs);
      new Uint8Array(targets).set(new Uint8Array(woven.targets), (at - first) * bytes.targets);
      if (labels && woven.labels) {
        new Uint8Array(labels).set(new Uint8Array(woven.labels), (at - first) * bytes.labels);
      }
      this.recycle(woven);
    }
    return labels ? { inputs, targets, labels } : { inputs, targets };
  }

  #tasks(first: number, count: number): { start: number; stop: number } {
    const { taskOffset, itemsPerTask } = this.plan;
    return { start: taskOffset + first / itemsPerTask, stop: taskOffset + (first + count) / itemsPerTask };
  }

  #gpuBatch(first: number, count: number, woven: WovenBuffers): GpuBatch {
    const { plan } = this;
    const positions = count * plan.length;
    return {
      tasks: this.#tasks(first, count),
      device: woven.device,
      inputs: { dtype: plan.dtype, shape: inputShape(plan, count), buffer: woven.inputs, offset: 0, size: woven.bytes },
      targets: {
        dtype: "uint32",
        shape: targetShape(plan, count),
        buffer: woven.targets,
        offset: 0,
        size: positions * 4,
      },
      ...(woven.labels
        ? {
            labels: {
              dtype: "uint32",
              shape: targetShape(plan, count),
              buffer: woven.labels,
              offset: 0,
              size: positions * 4,
            },
          }
        : {}),
      destroy: () => destroyBuffers(woven),
    };
  }

  batch(first: number, count: number, woven: Woven): Batch {
    const { plan } = this;
    const { dtype } = plan;
    const data = this.#scalesBatches
      ? scaleBatch.onHost(new Float32Array(woven.inputs), plan)
      : dtype === "float32"
        ? new Float32Array(woven.inputs)
        : new Uint16Array(woven.inputs);
    return {
      tasks: plan.mode === "samples" ? undefined : this.#tasks(first, count),
      inputs: { dtype, shape: inputShape(plan, count), data },
      targets: labelTensor(plan, count, targetDtype(plan), woven.targets),
      ...(woven.labels ? { labels: labelTensor(plan, count, labelDtype(plan), woven.labels) } : {}),
    };
  }
}

function labelTensor(plan: Plan, count: number, dtype: TargetDtype, buffer: ArrayBuffer): TargetTensor {
  return {
    dtype,
    shape: targetShape(plan, count),
    data: dtype === "uint8" ? new Uint8Array(buffer) : new Uint16Array(buffer),
  };
}

function isGpuWeaver(weaver: Weaver): weaver is GpuWeaver {
  return "weaveBuffers" in weaver;
}

function destroyBuffers({ inputs, targets, labels }: WovenBuffers): void {
  inputs.destroy();
  targets.destroy();
  labels?.destroy();
}

function allocate(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch (cause) {
    throw new InvalidOptionError(
      "the result",
      `${bytes} bytes`,
      "what one array can hold here; walk batches() instead",
      {
        cause,
      },
    );
  }
}
