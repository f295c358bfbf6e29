import type { ItemBuffers, ItemBytes } from "../backend/backend.js";
import { type Choice, chooseBackend } from "../backend/choose.js";
import { checkInteger } from "../base/check.js";
import { disposable } from "../base/disposable.js";
import { DisposedError, InvalidOptionError } from "../base/errors.js";
import type { Batch, GpuBatch } from "../base/tensor.js";
import type { Dataset } from "../dataset/index.js";
import { chooseTask, type TaskChoice } from "../plan/curriculum.js";
import { makePlan } from "../plan/make-plan.js";
import { type ResolvedOptions, resolveOptions, type TaskAugmentorOptions } from "../plan/options.js";
import { itemBytes, type Plan } from "../plan/plan.js";
import { prepareExamples } from "../plan/prepare-examples.js";
import { resolveStandardDeviation } from "../plan/presets.js";
import { scaledWeaver, scalingOf } from "../scaling/scaled-weaver.js";
import { TargetPermutation } from "../steps/permutation.js";
import { LinearProjection } from "../steps/projection.js";
import { Loom } from "./loom.js";

/**
 * Bytes of `stream` that may wait while a writer waits: a disk that has just been told to flush answers late, and threads
 * that make tasks would stand still meanwhile.
 */
const STREAM_SPARE_BYTES = 16 * 2 ** 20;

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
   * be used up or copied before that, as its arrays are empty or overwritten afterwards. `gpuBatches` has its own words on
   * it. Default false.
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
  readonly #plans = new WeakMap<Dataset, { readonly examples: Dataset; readonly plan: Plan }>();
  #disposed = false;

  /** @throws InvalidOptionError for an unknown option or one out of bounds. */
  constructor(options: TaskAugmentorOptions = {}) {
    this.#options = resolveOptions(options);
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
  async describeBackend(): Promise<{ readonly name: string; readonly reason: string }> {
    const { backend, reason } = await this.#choose();
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
   * Like `batches`, but into buffers that stay on the GPU, ready to be bound: nothing is read back. Two batches are made
   * while another is used, so three are held. The caller destroys the batches it gets.
   *
   * With `reuse` the buffers are the walk's: three sets that serve in turn, destroyed when it ends. A batch is valid until
   * the next one is asked for. Commands that use it must be submitted before that, and need not be done: a library that
   * queues commands must flush them, see docs/gpu.md. `destroy` of such a batch does nothing. `reuse` spares a GPU the
   * making and clearing of fresh memory for each batch. A short last batch gets buffers of its own size all the same.
   *
   * @throws InvalidOptionError when a batch does not fit into a binding of the device
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
    const { loom, first, count, size, signal } = await this.#walk(dataset, options);
    yield* loom.gpuBatches(first, count, size, options.reuse ?? false, signal);
  }

  /**
   * Items `[first, first + count)`, by default all, as bytes, in pieces of some MiB that need not end where a task ends:
   * what a writer wants. A piece is valid until the next but one is asked for: one can be written while the next is
   * awaited.
   *
   * @internal
   */
  async *stream(
    dataset: Dataset,
    options: { first?: number; count?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<ItemBytes & { first: number; count: number }> {
    const signal = this.#signal(options.signal);
    const loom = await this.#open(dataset, signal);
    const { first = 0, count = loom.plan.itemCount - first } = options;
    const spare = Math.floor(STREAM_SPARE_BYTES / (loom.pieceItems * itemBytes(loom.plan).inputs));
    let before: ItemBytes | undefined;
    for await (const piece of loom.pieces(first, count, loom.pieceItems, signal, spare)) {
      yield { ...piece.woven, first: piece.first, count: piece.count };
      if (before) loom.recycle(before);
      before = piece.woven;
    }
  }

  /** The items of these numbers, in this order, as bytes, made by all threads. @internal */
  async items(dataset: Dataset, numbers: Float64Array, signal?: AbortSignal): Promise<ItemBytes> {
    const all = this.#signal(signal);
    const loom = await this.#open(dataset, all);
    return loom.items(numbers, all);
  }

  /** As `items`, in buffers on the backend's device, the caller's own. @internal */
  async itemBuffers(
    dataset: Dataset,
    numbers: Float64Array,
    signal?: AbortSignal,
    into?: ItemBuffers,
  ): Promise<ItemBuffers> {
    const all = this.#signal(signal);
    const loom = await this.#open(dataset, all);
    return loom.itemBuffers(numbers, all, into);
  }

  /** Every choice made, for a dataset. @internal */
  plan(dataset: Dataset): Plan {
    return this.planned(dataset).plan;
  }

  /** The plan, and the examples as backends take them. @internal */
  planned(dataset: Dataset): { readonly examples: Dataset; readonly plan: Plan } {
    const known = this.#plans.get(dataset);
    if (known) return known;
    const { examples, inputScaling } = prepareExamples(this.#options, dataset);
    const planned = { examples, plan: makePlan({ ...this.#options, inputScaling }, examples) };
    this.#plans.set(dataset, planned);
    return planned;
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
    this.#disposed = true;
    for (const opening of this.#looms.values()) {
      opening.then((loom) => loom.dispose()).catch(() => undefined);
    }
    this.#looms.clear();
  }

  #chosen(task: number, dataset: Dataset): TaskChoice {
    checkInteger("task", task, this.taskOffset, this.taskOffset + this.taskCount - 1);
    return chooseTask(this.plan(dataset), task);
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
    const { plan, examples } = this.planned(dataset);
    const { backend } = await this.#choose();
    const scaling = scalingOf(this.#options.outputScaling, plan);
    // Values are scaled before they are rounded.
    const inner: Plan = scaling === "none" ? plan : { ...plan, dtype: "float32" };
    const weaver = await backend.open(inner, examples, this.#options.signal);
    return new Loom(plan, backend.name, scaledWeaver(weaver, plan, scaling));
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

/** `using` calls `dispose()`. */
export interface TaskAugmentor extends Disposable {}
