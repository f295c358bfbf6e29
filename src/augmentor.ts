import type { Backend, Weaver, Woven } from "./backend/backend.js";
import { inputShape, itemBytes, type Plan, targetDtype, targetShape } from "./backend/plan.js";
import { WasmBackend } from "./backend/wasm/backend.js";
import { availableParallelism } from "./backend/wasm/threads.js";
import type { Dataset } from "./dataset/index.js";
import { DisposedError, InvalidOptionError } from "./errors.js";
import { makePlan } from "./make-plan.js";
import { checkInteger, type ResolvedOptions, resolveOptions, type TaskAugmentorOptions } from "./options.js";
import { TargetPermutation } from "./permutation.js";
import { resolveStandardDeviation } from "./presets.js";
import { LinearProjection } from "./projection.js";
import { standardised } from "./standardise.js";
import type { Batch } from "./tensor.js";

/** A range of tasks, and how to walk it. */
export interface BatchOptions {
  /** First task index, inclusive. Default: the augmentor's first. */
  start?: number;
  /** Last task index, exclusive. Default: the augmentor's end. */
  stop?: number;
  /** Tasks in a batch; the last one may have fewer. Default: about 4 MiB of inputs. */
  batchSize?: number;
  /** Ends the iteration: the pending step rejects with `signal.reason`. */
  signal?: AbortSignal;
}

/** Inputs of one piece of work, in bytes: large enough that messages cost nothing, small enough to stay in caches. */
const PIECE_BYTES = 4 * 2 ** 20;

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
  readonly #backend: Backend;
  /** Opened datasets. A failed opening is forgotten. */
  readonly #looms = new Map<Dataset, Promise<Loom>>();
  #disposed = false;

  /** @throws InvalidOptionError for an unknown option or one out of bounds. */
  constructor(options: TaskAugmentorOptions = {}) {
    this.#options = resolveOptions(options);
    this.#backend = new WasmBackend(this.#options.workers ?? availableParallelism());
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

  /** The backend that does the work: `"wasm"`. */
  get backend(): string {
    return this.#backend.name;
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
    const { start = this.taskOffset, stop = this.taskOffset + this.taskCount } = options;
    const range = this.#range(start, stop);
    const signal = this.#signal(options.signal);
    const loom = await this.#open(dataset, signal);
    const { itemsPerTask } = loom.plan;
    const tasksPerPiece = Math.max(1, Math.floor(loom.pieceItems / itemsPerTask));
    const { batchSize = tasksPerPiece } = options;
    checkInteger("batchSize", batchSize, 1, 2 ** 32);
    const items = { first: range.first * itemsPerTask, count: range.count * itemsPerTask };
    for await (const piece of loom.pieces(items.first, items.count, batchSize * itemsPerTask, signal)) {
      yield loom.batch(piece.first, piece.count, piece.woven);
    }
  }

  /**
   * The results as bytes, in pieces of about 4 MiB that need not end where a task ends: what a writer wants. A piece is
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
    return new Loom(plan, await this.#backend.open(plan, examples, this.#options.signal));
  }
}

/** `using` calls this; engines without the symbol have `dispose()` alone. */
export interface TaskAugmentor extends Disposable {}
if (Symbol.dispose) TaskAugmentor.prototype[Symbol.dispose] = TaskAugmentor.prototype.dispose;

/** A plan on a backend: cuts runs of items into pieces and keeps the backend busy. */
class Loom {
  readonly plan: Plan;
  /** Items in a piece of about PIECE_BYTES. */
  readonly pieceItems: number;
  readonly #weaver: Weaver;

  constructor(plan: Plan, weaver: Weaver) {
    this.plan = plan;
    this.#weaver = weaver;
    this.pieceItems = Math.max(1, Math.floor(PIECE_BYTES / itemBytes(plan).inputs));
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

  /** Items `[first, first + count)` as one batch. */
  async collect(first: number, count: number, signal: AbortSignal | undefined): Promise<Batch> {
    const bytes = itemBytes(this.plan);
    const inputs = allocate(count * bytes.inputs);
    const targets = allocate(count * bytes.targets);
    const size = Math.max(1, Math.min(this.pieceItems, Math.ceil(count / this.#weaver.width)));
    for await (const piece of this.pieces(first, count, size, signal)) {
      new Uint8Array(inputs).set(new Uint8Array(piece.woven.inputs), (piece.first - first) * bytes.inputs);
      new Uint8Array(targets).set(new Uint8Array(piece.woven.targets), (piece.first - first) * bytes.targets);
      this.recycle(piece.woven);
    }
    return this.batch(first, count, { inputs, targets });
  }

  batch(first: number, count: number, { inputs, targets }: Woven): Batch {
    const { plan } = this;
    const { mode, taskOffset, itemsPerTask, dtype } = plan;
    const tasks =
      mode === "samples"
        ? undefined
        : { start: taskOffset + first / itemsPerTask, stop: taskOffset + (first + count) / itemsPerTask };
    return {
      tasks,
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
