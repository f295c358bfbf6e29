import type { ItemBuffers, ItemBytes } from "../backend/backend.js";
import { checkInteger, signalOf } from "../base/check.js";
import { disposable } from "../base/disposable.js";
import type { Batch, GpuBatch, SmallestDtype, TargetDtype } from "../base/tensor.js";
import { refuseTargetDtype } from "../batch/gpu-tensors.js";
import type { Dataset } from "../dataset/index.js";
import { chooseTask, type TaskChoice } from "../plan/curriculum.js";
import { type ResolvedOptions, resolveOptions, type TaskAugmentorOptions } from "../plan/options.js";
import { itemBytes, type Plan } from "../plan/plan.js";
import { resolveStandardDeviation } from "../plan/presets.js";
import { TargetPermutation } from "../steps/permutation.js";
import { LinearProjection } from "../steps/projection.js";
import type { BatchOptions } from "./batch-options.js";
import { Looms, type Planned } from "./looms.js";
import { checkResultSize } from "./result-size.js";
import { bothSignals, taskRange, walkOf } from "./walk.js";

/**
 * Bytes of `stream` that may wait while a writer waits: a disk that has just been told to flush answers late, and threads
 * that make tasks would stand still meanwhile.
 */
const STREAM_SPARE_BYTES = 16 * 2 ** 20;

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
export class TaskAugmentor<Dtype extends TargetDtype = SmallestDtype> {
  readonly #options: ResolvedOptions;
  readonly #looms: Looms;

  /** @throws InvalidOptionError for an unknown option or one out of bounds. */
  constructor(options: TaskAugmentorOptions<Dtype> = {}) {
    this.#options = resolveOptions(options);
    this.#looms = new Looms(this.#options);
    disposable(this);
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
   * Names the backend that does the work, `"wasm"` or `"webgpu"`, and the reason for it. Where threads were to work and
   * none starts, the reason says why the calling thread does the work.
   *
   * @throws BackendError when WebGPU was asked for and is not there
   */
  async describeBackend(): Promise<{
    /** `"wasm"` or `"webgpu"`. */
    readonly name: string;
    /** The reason for the choice, in words. */
    readonly reason: string;
  }> {
    const { backend, reason } = await this.#looms.choose();
    const remark = await backend.remark?.();
    return { name: backend.name, reason: remark ? `${reason}; ${remark}` : reason };
  }

  /**
   * All tasks of the set in one piece. Shapes as the notebook has them, for T tasks, S samples of each, length L, N
   * examples, R = outFeatures and K classes: inputs `[T * S, L, R + K]` and targets `[T * S, L]`; without sequences
   * `[n, R]` and `[n]`, n being `samples`, or T * N, task after task.
   *
   * @throws InvalidOptionError when the result does not fit into one array; walk `batches()` then.
   */
  async transform(dataset: Dataset, options: { signal?: AbortSignal } = {}): Promise<Batch<Dtype>> {
    const signal = this.#signal(signalOf(options));
    const { plan } = this.planned(dataset);
    return this.#collect(dataset, 0, plan.itemCount, signal);
  }

  /**
   * The tasks `[start, stop)` in one piece: exactly what `transform` has at their place.
   *
   * @throws InvalidOptionError for a range that is empty or not within the set.
   */
  async batch(
    dataset: Dataset,
    start: number,
    stop?: number,
    options: { signal?: AbortSignal } = {},
  ): Promise<Batch<Dtype>> {
    const signal = this.#signal(signalOf(options));
    const range = taskRange(this.#options, start, stop);
    const { itemsPerTask } = this.plan(dataset);
    return this.#collect(dataset, range.first * itemsPerTask, range.count * itemsPerTask, signal);
  }

  /** Items `[first, first + count)` as one batch. */
  async #collect(
    dataset: Dataset,
    first: number,
    count: number,
    signal: AbortSignal | undefined,
  ): Promise<Batch<Dtype>> {
    const { plan, overflow } = this.planned(dataset);
    checkResultSize(plan, count);
    const loom = await this.#looms.open(dataset, signal);
    const batch = await loom.collect<Dtype>(first, count, signal);
    overflow.look(batch.inputs.data);
    return batch;
  }

  /**
   * The tasks of a range, batch after batch, in order. Later batches are made while one is used; how many is bounded by
   * the number of threads, so memory does not grow with the range. Leaving the loop early is fine.
   */
  async *batches(dataset: Dataset, options: BatchOptions = {}): AsyncGenerator<Batch<Dtype>, void, undefined> {
    const { loom, first, count, size, signal, reuse } = await walkOf(this.#looms, this.#options, dataset, options);
    for await (const piece of this.planned(dataset).overflow.over(loom.pieces(first, count, size, signal))) {
      yield loom.batch<Dtype>(piece.first, piece.count, piece.woven);
      if (reuse) loom.recycle(piece.woven);
    }
  }

  /**
   * Like `batches`, but into buffers that stay on the GPU, ready to be bound: nothing is read back. Two batches are made
   * while another is used, so three are held. The caller destroys the batches it gets.
   *
   * With `reuse` the buffers are the walk's: three sets that serve in turn, destroyed when it ends. A batch is valid until
   * the next one is asked for. Commands that use it must be submitted before that, and need not be done: a library that
   * queues commands must flush them, see docs/gpu.md. `destroy` of such a batch does nothing. `reuse` spares a GPU the
   * making and clearing of fresh memory for each batch. A short last batch gets buffers of its own size all the same.
   *
   * @throws InvalidOptionError when a batch does not fit into a binding of the device, and with a `targetDtype`, as targets
   *   are one u32 each
   * @throws BackendError when the backend is not WebGPU, or fails; `nextTask` says where to go on
   *
   * @example
   * ```ts
   * const tasks = new TaskAugmentor({ taskCount: 2 ** 16, backend: device });
   * for await (const batch of tasks.gpuBatches(dataset, { batchSize: 256, reuse: true })) {
   *   const { buffer, offset, size } = batch.inputs; // a binding of [256, 100, 794] f32
   *   device.queue.submit([train(batch)]);
   * }
   * ```
   */
  async *gpuBatches(dataset: Dataset, options: BatchOptions = {}): AsyncGenerator<GpuBatch, void, undefined> {
    const { loom, first, count, size, signal, reuse } = await walkOf(this.#looms, this.#options, dataset, options);
    refuseTargetDtype(loom.plan);
    this.planned(dataset).overflow.warn();
    yield* loom.gpuBatches(first, count, size, reuse, signal);
  }

  /**
   * Items `[first, first + count)`, by default all, as bytes, in pieces of some MiB that need not end where a task ends, for
   * writers. A piece is valid until the next but one is asked for: one can be written while the next is
   * awaited.
   *
   * @internal
   */
  async *stream(
    dataset: Dataset,
    options: { first?: number; count?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<ItemBytes & { first: number; count: number }> {
    const signal = this.#signal(options.signal);
    const loom = await this.#looms.open(dataset, signal);
    const { first = 0, count = loom.plan.itemCount - first } = options;
    const spare = Math.floor(STREAM_SPARE_BYTES / (loom.pieceItems * itemBytes(loom.plan).inputs));
    let before: ItemBytes | undefined;
    const pieces = loom.pieces(first, count, loom.pieceItems, signal, spare);
    for await (const piece of this.planned(dataset).overflow.over(pieces)) {
      yield { ...piece.woven, first: piece.first, count: piece.count };
      if (before) loom.recycle(before);
      before = piece.woven;
    }
  }

  /** The items of these numbers, in this order, as bytes, made by all threads. @internal */
  async items(dataset: Dataset, numbers: Float64Array, signal?: AbortSignal): Promise<ItemBytes> {
    const all = this.#signal(signal);
    const loom = await this.#looms.open(dataset, all);
    checkResultSize(loom.plan, numbers.length);
    const woven = await loom.items(numbers, all);
    this.planned(dataset).overflow.look(woven.inputs);
    return woven;
  }

  /** Like `items`, but in buffers on the backend's device, the caller's own. @internal */
  async itemBuffers(
    dataset: Dataset,
    numbers: Float64Array,
    signal?: AbortSignal,
    into?: ItemBuffers,
  ): Promise<ItemBuffers> {
    const all = this.#signal(signal);
    const loom = await this.#looms.open(dataset, all);
    this.planned(dataset).overflow.warn();
    return loom.itemBuffers(numbers, all, into);
  }

  /** Every choice made, for a dataset. @internal */
  plan(dataset: Dataset): Plan {
    return this.planned(dataset).plan;
  }

  /** The plan, and the examples as backends take them. @internal */
  planned(dataset: Dataset): Planned {
    return this.#looms.planned(dataset);
  }

  /** The options with all defaults filled in. @internal */
  get options(): ResolvedOptions {
    return this.#options;
  }

  /** The projection of a task of this set, alone; that of another task where the task takes a fixed one. */
  linearProjection(task: number, dataset: Dataset): LinearProjection {
    const { seed, generator, standardDeviation, outFeatures } = this.#options;
    const { identityProjection, projectionTask } = this.#chosen(task, dataset);
    return new LinearProjection({
      seed,
      generator,
      task: projectionTask,
      inFeatures: dataset.features,
      outFeatures: outFeatures ?? dataset.features,
      standardDeviation: resolveStandardDeviation(standardDeviation, dataset.features),
      identity: identityProjection,
    });
  }

  /** The label permutation of a task of this set, alone; that of another task where the task takes a fixed one. */
  targetPermutation(task: number, dataset: Dataset): TargetPermutation {
    const { identityPermutation, permutationTask } = this.#chosen(task, dataset);
    const { seed, generator } = this.#options;
    const { classes } = this.plan(dataset);
    return new TargetPermutation({ seed, generator, task: permutationTask, classes, identity: identityPermutation });
  }

  /** Ends threads and frees memory; what is under way rejects with a `DisposedError`. May be called again. */
  dispose(): void {
    this.#looms.dispose();
  }

  #chosen(task: number, dataset: Dataset): TaskChoice {
    checkInteger("task", task, this.taskOffset, this.taskOffset + this.taskCount - 1);
    return chooseTask(this.plan(dataset), task);
  }

  #signal(signal: AbortSignal | undefined): AbortSignal | undefined {
    return bothSignals(this.#options.signal, signal);
  }
}

/** `using` calls `dispose()`. */
// biome-ignore lint/correctness/noUnusedVariables: a merged interface has the parameters of its class
export interface TaskAugmentor<Dtype extends TargetDtype = SmallestDtype> extends Disposable {}
