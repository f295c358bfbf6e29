import type { ItemBuffers } from "../backend/backend.js";
import { loadChunk } from "../backend/webgpu/load.js";
import type { Uploader } from "../backend/webgpu/upload.js";
import { follow } from "../base/abort.js";
import { checkInteger, checkObject, signalOf } from "../base/check.js";
import { asyncDisposable } from "../base/disposable.js";
import { DisposedError, InvalidOptionError } from "../base/errors.js";
import type { Sequences, SmallestDtype, TargetDtype } from "../base/tensor.js";
import { ahead } from "../batch/ahead.js";
import { tensorsOf } from "../batch/gather.js";
import { type Fill, gpuAhead } from "../batch/gpu-ahead.js";
import { refuseTargetDtype } from "../batch/gpu-tensors.js";
import type { Recipe } from "../plan/recipe.js";
import { checkTargetDtype, layoutOf, type SetLayout } from "../plan/set-layout.js";
import { checkResultSize } from "../tasks/result-size.js";
import type { BatchPlace, LoadedBatch, LoadedGpuBatch } from "./batch-types.js";
import { BatchIterator } from "./iterator.js";
import { type GpuLoaderOptions, type LoaderOptions, resolveWalk, type Walk } from "./options.js";
import { type Place, roundsOf, shareOf } from "./rounds.js";
import type { ShuffleKeys } from "./shuffle.js";
import { type LoaderState, stateOf } from "./state.js";
import type { TaskSource } from "./task-source.js";
import { range, stepsOf } from "./walk.js";

/** The parts of a task set. */
interface Parts {
  readonly source: TaskSource;
  /** The identity of the recipe in states. */
  readonly recipeKey: string;
  readonly shuffleSeed: bigint;
  readonly keys: ShuffleKeys;
  readonly targetDtype: TargetDtype | undefined;
}

/**
 * A task set that is open for reading. A recipe and a store of the same tasks give the same bytes in the same order.
 * Numbers count sequences, task after task; in sets without sequences they count examples.
 *
 * `openTasks` returns one.
 */
export class TaskSet<Dtype extends TargetDtype = SmallestDtype> {
  /** The recipe of the tasks. */
  readonly recipe: Recipe;
  /** The number of sequences, up to 2^53. */
  readonly length: number;
  readonly #parts: Parts;
  readonly #layout: SetLayout;
  readonly #disposal = new AbortController();
  #uploader: { readonly device: GPUDevice; readonly uploader: Uploader } | undefined;

  /** @internal */
  constructor(parts: Parts) {
    asyncDisposable(this);
    this.#parts = parts;
    this.#layout = { ...layoutOf(parts.source.recipe), targetDtype: parts.targetDtype };
    checkTargetDtype(this.#layout);
    this.recipe = parts.source.recipe;
    this.length = this.#layout.items;
  }

  /**
   * Reads one sequence.
   *
   * @param index the number of the sequence, 0..length - 1
   * @throws InvalidOptionError for an index outside this range
   *
   * @example
   * ```ts
   * const { inputs, targets } = await tasks.at(16_777_215); // shapes [100, 794] and [100]
   * ```
   */
  async at(index: number, options: { signal?: AbortSignal } = {}): Promise<Sequences<Dtype>> {
    checkInteger("index", index, 0, this.length - 1);
    const { inputs, targets, labels } = await this.range(index, index + 1, options);
    return {
      inputs: { ...inputs, shape: inputs.shape.slice(1) },
      targets: { ...targets, shape: targets.shape.slice(1) },
      ...(labels ? { labels: { ...labels, shape: labels.shape.slice(1) } } : {}),
    };
  }

  /**
   * Reads the sequences `[start, stop)`.
   *
   * @throws InvalidOptionError if the range is empty or not within the set, or if the result does not fit into one array
   */
  async range(start: number, stop: number, options: { signal?: AbortSignal } = {}): Promise<Sequences<Dtype>> {
    checkInteger("start", start, 0, this.length - 1);
    checkInteger("stop", stop, start + 1, this.length);
    const signal = signalOf(options);
    signal?.throwIfAborted();
    this.#checkOpen();
    checkResultSize(this.#layout, stop - start);
    const stopper = follow(signal);
    try {
      const woven = await this.#untilDisposed(this.#parts.source.read(range(start, stop), stopper.signal));
      signal?.throwIfAborted();
      return tensorsOf<Dtype>(this.#layout, stop - start, woven);
    } finally {
      stopper.release();
    }
  }

  /**
   * Walks over the sequences of one or more epochs, batch after batch. The order is a function of `shuffleSeed` and the
   * epoch alone: readers, threads and batch sizes do not change it. While a batch is used, the next ones are made ahead.
   * Memory does not grow with the number of tasks.
   *
   * Batch b has the positions `[b * batchSize, (b + 1) * batchSize)` of the epoch's order. Shard s of m has the batches s,
   * s + m, s + 2m, ... So all shards together have each batch once, and the batches are the same for any m. All shards
   * have the same number of batches, unless `even` is false.
   *
   * @throws InvalidOptionError for an option that is unknown or out of bounds, or that contradicts the state; for an epoch
   *   with fewer batches than shards
   * @throws RecipeError for the state of another task set
   *
   * @example
   * ```ts
   * const batches = tasks.batches({ batchSize: 64, shuffle: true, epochs: 10 });
   * for await (const { inputs, targets, state } of batches) {
   *   // ... train; keep JSON.stringify(state) with the checkpoint, and later:
   * }
   * const rest = tasks.batches({ state: JSON.parse(kept) });
   * ```
   */
  batches(options: LoaderOptions = {}): BatchIterator<LoadedBatch<Dtype>> {
    checkObject("options", options);
    for (const [name, value] of Object.entries(options)) {
      if (name !== "device" && name !== "reuse") continue;
      throw new InvalidOptionError(name, value, "for gpuBatches() only; batches() gives typed arrays");
    }
    const walk = this.#resolve(options);
    const next = this.#places(walk);
    const begin = (signal: AbortSignal): Promise<LoadedBatch<Dtype>> | undefined => {
      const place = next();
      return (
        place && this.#untilDisposed(this.#tensors(place.indices, signal).then((tensors) => ({ ...place, ...tensors })))
      );
    };
    return this.#iterator(walk, ahead(begin, walk.prefetch, { signal: walk.signal }));
  }

  /**
   * Like `batches`, but into GPU buffers that are ready to be bound. With a recipe on the WebGPU backend they are made where
   * they are used; otherwise they are made or read as typed arrays and uploaded to `device`.
   *
   * With `reuse` the buffers are the walk's: `prefetch + 1` sets serve in turn, and a batch is valid until the next one is
   * asked for. Commands that use it must be submitted before that: a library that queues commands must flush them, see
   * docs/gpu.md.
   *
   * @throws InvalidOptionError as `batches`; with a `targetDtype`, as targets are one u32 each; for a store without a device; when a batch does not fit into a binding
   * @throws BackendError when there is neither a device nor a WebGPU backend, or the device fails
   *
   * @example
   * ```ts
   * for await (const batch of tasks.gpuBatches({ batchSize: 256, shuffle: true, device })) {
   *   const { buffer, offset, size } = batch.inputs; // a binding of [256, 100, 794] f32
   *   batch.destroy();
   * }
   * ```
   */
  gpuBatches(options: GpuLoaderOptions = {}): BatchIterator<LoadedGpuBatch> {
    const walk = this.#resolve(options);
    refuseTargetDtype(this.#layout);
    const { source } = this.#parts;
    const { device = source.device } = walk;
    if (!device && !source.readBuffers) {
      throw new InvalidOptionError("device", device, "a GPUDevice, to which sequences of a store are uploaded");
    }
    const make = (items: Float64Array, signal: AbortSignal, into?: ItemBuffers): Promise<ItemBuffers> =>
      source.readBuffers && device === source.device
        ? source.readBuffers(items, signal, into)
        : this.#upload(items, device as GPUDevice, signal, into);
    const next = this.#places(walk);
    const begin = (fill: Fill, signal: AbortSignal): Promise<LoadedGpuBatch> | undefined => {
      const place = next();
      if (!place) return undefined;
      const { indices } = place;
      const batch = fill(this.#layout, indices.length, (into) => make(indices, signal, into));
      return this.#untilDisposed(batch.then((made) => ({ ...place, ...made })));
    };
    return this.#iterator(walk, gpuAhead(begin, walk.prefetch, walk));
  }

  /** Ends the calls under way and frees threads, files and connections. Later calls reject with a `DisposedError`. */
  async dispose(): Promise<void> {
    if (this.#disposal.signal.aborted) return;
    this.#disposal.abort(new DisposedError("task set"));
    await this.#parts.source.dispose();
  }

  #checkOpen(): void {
    this.#disposal.signal.throwIfAborted();
  }

  /** Awaits work. A failure after the disposal becomes a `DisposedError`. */
  async #untilDisposed<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      this.#checkOpen();
      throw error;
    }
  }

  #resolve(options: GpuLoaderOptions): Walk {
    this.#checkOpen();
    const { recipeKey, shuffleSeed } = this.#parts;
    const { items, itemsPerTask } = this.#layout;
    const { chunkItems } = this.#parts.source;
    const walk = resolveWalk(options, { recipe: recipeKey, shuffleSeed, items, itemsPerTask, chunkItems });
    checkResultSize(this.#layout, Math.min(walk.batchSize, this.length));
    return walk;
  }

  #iterator<T extends BatchPlace>(walk: Walk, batches: AsyncGenerator<T, void, undefined>): BatchIterator<T> {
    return new BatchIterator(shareOf(roundsOf(this.length, walk), walk), this.#state(walk, walk), batches);
  }

  /** Returns a function that gives the place of each batch of a walk, one after the other; then undefined. */
  #places(walk: Walk): () => BatchPlace | undefined {
    const steps = stepsOf(this.#layout, walk, this.#parts.keys);
    return () => {
      this.#checkOpen();
      const { value, done } = steps.next();
      if (done) return undefined;
      const { epoch, batch, items: indices } = value.step;
      return { epoch, batch, indices, state: this.#state(walk, value.after) };
    };
  }

  #state(walk: Walk, place: Place): LoaderState {
    const { recipeKey: recipe, shuffleSeed } = this.#parts;
    return stateOf({ recipe, shuffleSeed }, walk, place);
  }

  async #tensors(items: Float64Array, signal: AbortSignal): Promise<Sequences<Dtype>> {
    return tensorsOf<Dtype>(this.#layout, items.length, await this.#parts.source.read(items, signal));
  }

  async #upload(
    items: Float64Array,
    device: GPUDevice,
    signal: AbortSignal,
    into: ItemBuffers | undefined,
  ): Promise<ItemBuffers> {
    // Buffers are refused with a targetDtype, so that these are the smallest types.
    const tensors = (await this.#tensors(items, signal)) as Sequences;
    const { Uploader } = await loadChunk();
    if (this.#uploader?.device !== device) this.#uploader = { device, uploader: new Uploader(device) };
    return this.#uploader.uploader.upload(tensors, into);
  }
}

/** `await using` calls `dispose()`. */
// biome-ignore lint/correctness/noUnusedVariables: a merged interface has the parameters of its class
export interface TaskSet<Dtype extends TargetDtype = SmallestDtype> extends AsyncDisposable {}
