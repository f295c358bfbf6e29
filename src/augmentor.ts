import type { GpuWeaver, Weaver, Woven, WovenBuffers } from "./backend/backend.js";
import { type Choice, chooseBackend } from "./backend/choose.js";
import { inputShape, itemBytes, type Plan, targetDtype, targetShape, taskOf } from "./backend/plan.js";
import type { Dataset } from "./dataset/index.js";
import { BackendError, DisposedError, InvalidOptionError } from "./errors.js";
import { allocate, gather } from "./gather.js";
import { makePlan } from "./make-plan.js";
import { checkInteger, type ResolvedOptions, resolveOptions, type TaskAugmentorOptions } from "./options.js";
import { TargetPermutation } from "./permutation.js";
import { resolveStandardDeviation } from "./presets.js";
import { LinearProjection } from "./projection.js";
import { standardised } from "./standardise.js";
import type { Batch, GpuBatch } from "./tensor.js";

/** A range of tasks, and how to walk it. */
export interface BatchOptions {
  /** First task index, inclusive. Default: the augmentor's first. */
  start?: number;
  /** Last task index, exclusive. Default: the augmentor's end. */
  stop?: number;
  /** Tasks in a batch; the last one may have fewer. Default: as suits the backend, some MiB of inputs. */
  batchSize?: number;
  /**
   * Use the memory of a batch again once the next one is asked for: a long walk allocates nothing then, but a batch must
   * be used up or copied before that, as its arrays are empty afterwards. Default false.
   */
  reuse?: boolean;
  /** Ends the iteration: the pending step rejects with `signal.reason`. */
  signal?: AbortSignal;
}

/**
 * Makes in-context-learning tasks from a dataset: task n has its own random linear projection of the inputs and its own
 * permutation of the labels, both functions of `(seed, n)` alone.
 *
 * @example
 * ```ts
 * import { TaskAugmentor } from "taskloom";
 * import { mnist } from "taskloom/node";
 *
 * using tasks = new TaskAugmentor({ taskCount: 2 ** 16, seed: 42 });
 * for await (const { inputs, targets } of tasks.batches(await mnist(), { batchSize: 64 })) {
 *   inputs.shape; // [64, 100, 794]: 784 projected pixels, then the previous label one-hot
 *   targets.shape; // [64, 100]
 * }
 * ```
 */
export class TaskAugmentor {
  readonly #options: ResolvedOptions;
  /** Forgotten if it fails. */
  #choice: Promise<Choice> | undefined;
  /** Opened datasets. A failed opening is forgotten. */
  readonly #looms = new Map<Dataset, Promise<Loom>>();
  #disposed = false;

  /** @throws InvalidOptionError for an unknown option or one out of bounds. */
  constructor(options: TaskAugmentorOptions = {}) {
    this.#options = resolveOptions(options);
    this.#options.signal?.addEventListener("abort", () => this.dispose(), { once: true });
  }

  /** Tasks in the set. */
  get taskCount(): number {
    return this.#options.taskCount;
  }

  /** The first task's index. */
  get taskOffset(): number {
    return this.#options.taskOffset;
  }

  /**
   * The backend that does the work, `"wasm"` or `"webgpu"`, and why it is this one.
   *
   * @throws BackendError when WebGPU was asked for and is not there
   */
  async describeBackend(): Promise<{ readonly name: string; readonly reason: string }> {
    const { backend, reason } = await this.#choose();
    return { name: backend.name, reason };
  }

  /**
   * All tasks of the set in one piece. Shapes as the notebook has them, for T tasks, S samples of each, length L, N
   * examples, R = outFeatures and K classes: inputs `[T * S, L, R + K]` and targets `[T * S, L]`; without sequences
   * `[n, R]` and `[n]`, n being `samples`, or T * N, task after task.
   *
   * @throws InvalidOptionError when the result does not fit into one array; walk `batches()` then.
   */
  async transform(dataset: Dataset, options: { signal?: AbortSignal } = {}): Promise<Batch> {
    const signal = this.#signal(options.signal);
    const loom = await this.#open(dataset, signal);
    return loom.collect(0, loom.plan.itemCount, signal);
  }

  /**
   * The tasks `[start, stop)` in one piece: exactly what `transform` has at their place.
   *
   * @throws InvalidOptionError for a range that is empty or not within the set.
   */
  async batch(
    dataset: Dataset,
    start: number,
    stop = start + 1,
    options: { signal?: AbortSignal } = {},
  ): Promise<Batch> {
    const signal = this.#signal(options.signal);
    const range = this.#range(start, stop);
    const loom = await this.#open(dataset, signal);
    return loom.collect(range.first * loom.plan.itemsPerTask, range.count * loom.plan.itemsPerTask, signal);
  }

  /**
   * The tasks of a range, batch after batch, in order. Later batches are made while one is used; how many is bounded by
   * the number of threads, so memory does not grow with the range. Leaving the loop early is fine.
   */
  async *batches(dataset: Dataset, options: BatchOptions = {}): AsyncGenerator<Batch, void, undefined> {
    const { loom, first, count, size, signal } = await this.#walk(dataset, options);
    for await (const piece of loom.pieces(first, count, size, signal)) {
      yield loom.batch(piece.first, piece.count, piece.woven);
      if (options.reuse) loom.recycle(piece.woven);
    }
  }

  /** Options of a walk over batches, in items. */
  async #walk(dataset: Dataset, options: BatchOptions) {
    const { start = this.taskOffset, stop = this.taskOffset + this.taskCount } = options;
    const range = this.#range(start, stop);
    const signal = this.#signal(options.signal);
    const loom = await this.#open(dataset, signal);
    const { itemsPerTask } = loom.plan;
    const { batchSize = Math.max(1, Math.floor(loom.pieceItems / itemsPerTask)) } = options;
    checkInteger("batchSize", batchSize, 1, 2 ** 32);
    const [first, count, size] = [range.first, range.count, batchSize].map((tasks) => tasks * itemsPerTask) as [
      number,
      number,
      number,
    ];
    return { loom, first, count, size, signal };
  }

  /**
   * As `batches`, but into buffers that stay on the GPU, ready to be bound: nothing is read back. One batch is made while
   * another is used. The caller destroys the batches it gets.
   *
   * @throws InvalidOptionError when a batch does not fit into a binding of the device
   * @throws BackendError when the backend is not WebGPU, or fails; `nextTask` says where to go on
   *
   * @example
   * ```ts
   * const tasks = new TaskAugmentor({ taskCount: 2 ** 16, backend: device });
   * for await (const batch of tasks.gpuBatches(dataset, { batchSize: 256 })) {
   *   const { buffer, offset, size } = batch.inputs; // a binding of [256, 100, 794] f32
   *   batch.destroy();
   * }
   * ```
   */
  async *gpuBatches(dataset: Dataset, options: BatchOptions = {}): AsyncGenerator<GpuBatch, void, undefined> {
    const { loom, first, count, size, signal } = await this.#walk(dataset, options);
    yield* loom.gpuBatches(first, count, size, signal);
  }

  /**
   * The results as bytes, in pieces of some MiB that need not end where a task ends: what a writer wants. A piece is
   * valid until the next one is asked for.
   *
   * @internal
   */
  async *stream(dataset: Dataset, options: { signal?: AbortSignal } = {}): AsyncGenerator<Woven & { count: number }> {
    const signal = this.#signal(options.signal);
    const loom = await this.#open(dataset, signal);
    for await (const { woven, count } of loom.pieces(0, loom.plan.itemCount, loom.pieceItems, signal)) {
      yield { ...woven, count };
      loom.recycle(woven);
    }
  }

  /** The items of these numbers, in this order, as bytes, made by all threads. @internal */
  async items(dataset: Dataset, numbers: Float64Array, signal?: AbortSignal): Promise<Woven> {
    const all = this.#signal(signal);
    const loom = await this.#open(dataset, all);
    return loom.items(numbers, all);
  }

  /** As `items`, in buffers on the backend's device, the caller's own. @internal */
  async itemBuffers(dataset: Dataset, numbers: Float64Array, signal?: AbortSignal): Promise<WovenBuffers> {
    const all = this.#signal(signal);
    const loom = await this.#open(dataset, all);
    return loom.itemBuffers(numbers, all);
  }

  /** Every choice made, for a dataset. @internal */
  plan(dataset: Dataset): Plan {
    return makePlan(this.#options, dataset);
  }

  /** The options with all defaults filled in. @internal */
  get options(): ResolvedOptions {
    return this.#options;
  }

  /** The projection of a task of this set, alone. */
  linearProjection(task: number, dataset: Dataset): LinearProjection {
    const { seed, identity, standardDeviation, outFeatures } = this.#options;
    this.#checkTask(task);
    return new LinearProjection({
      seed,
      task,
      inFeatures: dataset.features,
      outFeatures: outFeatures ?? dataset.features,
      standardDeviation: resolveStandardDeviation(standardDeviation, dataset.features),
      identity: identity.projection,
    });
  }

  /** The label permutation of a task of this set, alone. */
  targetPermutation(task: number, dataset: Dataset): TargetPermutation {
    const { seed, identity } = this.#options;
    this.#checkTask(task);
    return new TargetPermutation({ seed, task, classes: dataset.classes, identity: identity.permutation });
  }

  /** Ends threads and frees memory; what is under way rejects with a `DisposedError`. May be called again. */
  dispose(): void {
    this.#disposed = true;
    for (const opening of this.#looms.values()) {
      opening.then((loom) => loom.dispose()).catch(() => undefined);
    }
    this.#looms.clear();
  }

  #checkTask(task: number): void {
    checkInteger("task", task, this.taskOffset, this.taskOffset + this.taskCount - 1);
  }

  /** @throws InvalidOptionError for a range that is empty or not within the set. */
  #range(start: number, stop: number): { first: number; count: number } {
    const { taskOffset, taskCount, samples } = this.#options;
    const end = taskOffset + taskCount;
    if (samples !== undefined) {
      throw new InvalidOptionError(
        "samples",
        samples,
        "undefined for task ranges; samples of all tasks come from transform()",
      );
    }
    checkInteger("start", start, taskOffset, end - 1);
    checkInteger("stop", stop, start + 1, end);
    return { first: start - taskOffset, count: stop - start };
  }

  #signal(signal: AbortSignal | undefined): AbortSignal | undefined {
    const own = this.#options.signal;
    return own && signal ? AbortSignal.any([own, signal]) : (own ?? signal);
  }

  #open(dataset: Dataset, signal: AbortSignal | undefined): Promise<Loom> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#disposed) return Promise.reject(new DisposedError("augmentor"));
    const known = this.#looms.get(dataset);
    if (known) return known;
    const opening = this.#prepare(dataset);
    this.#looms.set(dataset, opening);
    opening.catch(() => this.#looms.delete(dataset));
    return opening;
  }

  async #prepare(dataset: Dataset): Promise<Loom> {
    const plan = makePlan(this.#options, dataset);
    const examples = standardised(dataset, this.#options.inputScaling);
    const { backend } = await this.#choose();
    return new Loom(plan, backend.name, await backend.open(plan, examples, this.#options.signal));
  }

  #choose(): Promise<Choice> {
    if (this.#choice) return this.#choice;
    const choice = chooseBackend(this.#options);
    this.#choice = choice;
    choice.catch(() => {
      this.#choice = undefined;
    });
    return choice;
  }
}

/** `using` calls this; engines without the symbol have `dispose()` alone. */
export interface TaskAugmentor extends Disposable {}
if (Symbol.dispose) TaskAugmentor.prototype[Symbol.dispose] = TaskAugmentor.prototype.dispose;

/** A plan on a backend: cuts runs of items into pieces and keeps the backend busy. */
class Loom {
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
    const weaver = this.#gpuWeaver(first);
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
        yield this.#gpuBatch(from, n, await woven);
      }
    } finally {
      // Left early: what was made ahead has no owner.
      ahead.woven?.then(destroyBuffers).catch(() => undefined);
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

  /** The items of these numbers, in this order. */
  async items(numbers: Float64Array, signal: AbortSignal | undefined): Promise<Woven> {
    const weaver = this.#weaver;
    if (isGpuWeaver(weaver)) return weaver.weaveItems(numbers, signal);
    return gather(numbers, this.plan, 2 * weaver.width, async (first, count) => {
      const woven = await this.gather(first, count, signal);
      signal?.throwIfAborted();
      return woven;
    });
  }

  /** As `items`, in buffers. */
  async itemBuffers(numbers: Float64Array, signal: AbortSignal | undefined): Promise<WovenBuffers> {
    return this.#gpuWeaver(numbers[0] as number).weaveItemBuffers(numbers, signal);
  }

  /** Items `[first, first + count)` as one batch. */
  async collect(first: number, count: number, signal: AbortSignal | undefined): Promise<Batch> {
    return this.batch(first, count, await this.gather(first, count, signal));
  }

  /** Items `[first, first + count)` in one pair of arrays. */
  async gather(first: number, count: number, signal: AbortSignal | undefined): Promise<Woven> {
    const size = Math.max(1, Math.min(this.pieceItems, Math.ceil(count / this.#weaver.width)));
    if (size >= count) return this.#weaver.weave(first, count, signal);
    const bytes = itemBytes(this.plan);
    const inputs = allocate(count * bytes.inputs);
    const targets = allocate(count * bytes.targets);
    for await (const piece of this.pieces(first, count, size, signal)) {
      new Uint8Array(inputs).set(new Uint8Array(piece.woven.inputs), (piece.first - first) * bytes.inputs);
      new Uint8Array(targets).set(new Uint8Array(piece.woven.targets), (piece.first - first) * bytes.targets);
      this.recycle(piece.woven);
    }
    return { inputs, targets };
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
      destroy: () => destroyBuffers(woven),
    };
  }

  batch(first: number, count: number, { inputs, targets }: Woven): Batch {
    const { plan } = this;
    const { mode, dtype } = plan;
    return {
      tasks: mode === "samples" ? undefined : this.#tasks(first, count),
      inputs: {
        dtype,
        shape: inputShape(plan, count),
        data: dtype === "float32" ? new Float32Array(inputs) : new Uint16Array(inputs),
      },
      targets: {
        dtype: targetDtype(plan),
        shape: targetShape(plan, count),
        data: targetDtype(plan) === "uint8" ? new Uint8Array(targets) : new Uint16Array(targets),
      },
    };
  }
}

function isGpuWeaver(weaver: Weaver): weaver is GpuWeaver {
  return "weaveBuffers" in weaver;
}

function destroyBuffers({ inputs, targets }: WovenBuffers): void {
  inputs.destroy();
  targets.destroy();
}
