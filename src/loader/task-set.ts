import { destroyBuffers, type ItemBuffers } from "../backend/backend.js";
import type { Uploader } from "../backend/webgpu/upload.js";
import { follow } from "../base/abort.js";
import { checkInteger, checkObject, signalOf } from "../base/check.js";
import { DisposedError, InvalidOptionError } from "../base/errors.js";
import type { FloatDtype, GpuTensor, Sequences } from "../base/tensor.js";
import { BufferRing } from "../batch/buffer-ring.js";
import { tensorsOf } from "../batch/gather.js";
import { buffersOf, gpuTensorsOf } from "../batch/gpu-tensors.js";
import type { Recipe } from "../plan/recipe.js";
import { layoutOf, type SetLayout } from "../plan/set-layout.js";
import { checkResultSize } from "../tasks/result-size.js";
import { BatchIterator, type Iteration } from "./iterator.js";
import { type GpuLoaderOptions, type LoaderOptions, resolveWalk, type Walk } from "./options.js";
import type { ShuffleKeys } from "./shuffle.js";
import type { LoaderState } from "./state.js";
import type { TaskSource } from "./task-source.js";
import { batchesOf, type Place, type Step, shareOf, stepsOf } from "./walk.js";

/** Which batch of a walk it is. */
export interface BatchPlace {
  readonly epoch: number;
  /** Its number within the epoch, counted over all shards. */
  readonly batch: number;
  /**
   * Which sequences of the set are in it, by their numbers. Sequence n belongs to task
   * `taskOffset + floor(n / samplesPerTask)`.
   */
  readonly indices: Float64Array;
  /** Where the iteration stands after this batch, for `batches({ state })`. */
  readonly state: LoaderState;
}

/** A batch as typed arrays. They belong to the caller. */
export interface LoadedBatch extends Sequences, BatchPlace {}

/** A batch in GPU buffers, which belong to the caller, who destroys them, but with `reuse`. */
export interface LoadedGpuBatch extends BatchPlace {
  readonly device: GPUDevice;
  /** As `LoadedBatch.inputs`; rows of float16 values that do not fill a 4-byte word share it with the next row. */
  readonly inputs: GpuTensor<FloatDtype>;
  /** As `LoadedBatch.targets`, but one u32 each. */
  readonly targets: GpuTensor<"uint32">;
  /** As `LoadedBatch.labels`, one u32 each. */
  readonly labels?: GpuTensor<"uint32">;
  /** Destroys the buffers; does nothing with `reuse`, where they are the walk's. */
  destroy(): void;
}

/** How the batches of a walk are made, and what becomes of them. */
interface Making<T> extends Pick<Iteration<T>, "discard" | "reclaim" | "end"> {
  readonly make: (step: Step, place: BatchPlace, signal: AbortSignal) => Promise<T>;
}

/** What a task set is made of. */
interface Parts {
  readonly source: TaskSource;
  /** What identifies the recipe in states. */
  readonly recipeKey: string;
  readonly shuffleSeed: bigint;
  readonly keys: ShuffleKeys;
}

/**
 * A task set, open for reading: the same bytes in the same order whether they are made from a recipe or read from a store.
 * What is counted are sequences, those of one task after those of the one before; without sequences, examples.
 *
 * `openTasks` makes one.
 */
export class TaskSet {
  /** What the tasks follow from. */
  readonly recipe: Recipe;
  /** How many sequences there are, up to 2^53. */
  readonly length: number;
  readonly #parts: Parts;
  readonly #layout: SetLayout;
  readonly #disposal = new AbortController();
  #uploader: { readonly device: GPUDevice; readonly uploader: Uploader } | undefined;

  /** @internal */
  constructor(parts: Parts) {
    this.#parts = parts;
    this.#layout = layoutOf(parts.source.recipe);
    this.recipe = parts.source.recipe;
    this.length = this.#layout.items;
  }

  /**
   * One sequence.
   *
   * @param index 0..length - 1
   * @throws InvalidOptionError outside of that
   *
   * @example
   * ```ts
   * const { inputs, targets } = await tasks.at(16_777_215); // shapes [100, 794] and [100]
   * ```
   */
  async at(index: number, options: { signal?: AbortSignal } = {}): Promise<Sequences> {
    checkInteger("index", index, 0, this.length - 1);
    const { inputs, targets, labels } = await this.range(index, index + 1, options);
    return {
      inputs: { ...inputs, shape: inputs.shape.slice(1) },
      targets: { ...targets, shape: targets.shape.slice(1) },
      ...(labels ? { labels: { ...labels, shape: labels.shape.slice(1) } } : {}),
    };
  }

  /**
   * The sequences `[start, stop)`.
   *
   * @throws InvalidOptionError when the range is empty or not within the set, or does not fit into one array
   */
  async range(start: number, stop: number, options: { signal?: AbortSignal } = {}): Promise<Sequences> {
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
      return tensorsOf(this.#layout, stop - start, woven);
    } finally {
      stopper.release();
    }
  }

  /**
   * The sequences of one epoch or more, batch after batch. The order is a function of `shuffleSeed` and the epoch alone:
   * readers, threads and batch sizes do not change it. Batches are made ahead while one is used; memory does not grow with
   * the number of tasks.
   *
   * Batch b holds the positions `[b * batchSize, (b + 1) * batchSize)` of the epoch's order; shard s of m has the batches
   * s, s + m, s + 2m, ... So all shards together have each batch once, the same ones for any m.
   *
   * @throws InvalidOptionError for an option that is unknown or out of bounds, or that contradicts the state
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
  batches(options: LoaderOptions = {}): BatchIterator<LoadedBatch> {
    checkObject("options", options);
    for (const [name, value] of Object.entries(options)) {
      if (name !== "device" && name !== "reuse") continue;
      throw new InvalidOptionError(name, value, "for gpuBatches() only; batches() gives typed arrays");
    }
    const walk = this.#resolve(options);
    return this.#iterate(walk, {
      make: async (step, place, signal) => ({ ...place, ...(await this.#tensors(step.items, signal)) }),
    });
  }

  /**
   * As `batches`, into GPU buffers that are ready to be bound. With a recipe on the WebGPU backend they are made where they
   * are used; otherwise they are made or read as typed arrays and uploaded to `device`.
   *
   * @throws InvalidOptionError as `batches`; for a store without a device; when a batch does not fit into a binding
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
    const { source } = this.#parts;
    const { device = source.device } = walk;
    if (!device && !source.readBuffers) {
      throw new InvalidOptionError("device", device, "a GPUDevice, to which sequences of a store are uploaded");
    }
    const make = (items: Float64Array, signal: AbortSignal, into?: ItemBuffers): Promise<ItemBuffers> =>
      source.readBuffers && device === source.device
        ? source.readBuffers(items, signal, into)
        : this.#upload(items, device as GPUDevice, signal, into);
    if (!walk.reuse) {
      return this.#iterate(walk, {
        make: async ({ items }, place, signal) => {
          const woven = await make(items, signal);
          return { ...place, ...this.#gpuTensors(items.length, woven, () => destroyBuffers(woven)) };
        },
        discard: (batch) => batch.destroy(),
      });
    }
    const ring = new BufferRing();
    const giveBack = (batch: LoadedGpuBatch) => ring.give(buffersOf(batch));
    return this.#iterate(walk, {
      make: async ({ items }, place, signal) => {
        const woven = await ring.fill((into) => make(items, signal, into));
        return { ...place, ...this.#gpuTensors(items.length, woven, () => undefined) };
      },
      discard: giveBack,
      reclaim: giveBack,
      end: () => ring.close(),
    });
  }

  /** Ends what is under way and frees threads, files and connections; later calls reject with a `DisposedError`. */
  async dispose(): Promise<void> {
    if (this.#disposal.signal.aborted) return;
    this.#disposal.abort(new DisposedError("task set"));
    await this.#parts.source.dispose();
  }

  #checkOpen(): void {
    this.#disposal.signal.throwIfAborted();
  }

  /** The work's result; what fails after disposal failed because of it. */
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
    const set = { recipe: recipeKey, shuffleSeed, itemsPerTask: this.#layout.itemsPerTask };
    const walk = resolveWalk(options, set);
    checkResultSize(this.#layout, Math.min(walk.batchSize, this.length));
    return walk;
  }

  #iterate<T extends BatchPlace>(walk: Walk, { make, ...ends }: Making<T>): BatchIterator<T> {
    const { keys } = this.#parts;
    const steps = stepsOf(this.#layout, walk, keys);
    return new BatchIterator<T>({
      batchesPerEpoch: shareOf(batchesOf(this.#layout, walk), walk),
      state: this.#state(walk, walk),
      begin: (signal) => {
        this.#checkOpen();
        const { value, done } = steps.next();
        if (done) return undefined;
        const { step, after } = value;
        const { epoch, batch, items: indices } = step;
        return this.#untilDisposed(make(step, { epoch, batch, indices, state: this.#state(walk, after) }, signal));
      },
      ...ends,
      prefetch: walk.prefetch,
      signal: walk.signal,
    });
  }

  #state({ shuffle, reshuffle, batchSize, dropLast, shard, end }: Walk, { epoch, batch }: Place): LoaderState {
    const { recipeKey, shuffleSeed } = this.#parts;
    return {
      format: "taskloom-loader",
      version: 1,
      recipe: recipeKey,
      shuffleSeed: String(shuffleSeed),
      shuffle,
      reshuffle,
      batchSize,
      dropLast,
      shard,
      epoch,
      epochs: end === Number.POSITIVE_INFINITY ? null : end - epoch,
      batch,
    };
  }

  async #tensors(items: Float64Array, signal: AbortSignal): Promise<Sequences> {
    return tensorsOf(this.#layout, items.length, await this.#parts.source.read(items, signal));
  }

  async #upload(
    items: Float64Array,
    device: GPUDevice,
    signal: AbortSignal,
    into: ItemBuffers | undefined,
  ): Promise<ItemBuffers> {
    const tensors = await this.#tensors(items, signal);
    const { Uploader } = await import("../backend/webgpu/chunk.js");
    if (this.#uploader?.device !== device) this.#uploader = { device, uploader: new Uploader(device) };
    return this.#uploader.uploader.upload(tensors, into);
  }

  #gpuTensors(count: number, woven: ItemBuffers, destroy: () => void): Omit<LoadedGpuBatch, keyof BatchPlace> {
    return { device: woven.device, ...gpuTensorsOf(this.#layout, count, woven), destroy };
  }
}

/** The numbers `[start, stop)`. */
function range(start: number, stop: number): Float64Array {
  try {
    return Float64Array.from({ length: stop - start }, (_, i) => start + i);
  } catch (cause) {
    throw new InvalidOptionError("stop - start", stop - start, "what one array can hold here; walk batches() instead", {
      cause,
    });
  }
}

/** `await using` calls this; engines without the symbol have `dispose()` alone. */
export interface TaskSet extends AsyncDisposable {}
if (Symbol.asyncDispose) TaskSet.prototype[Symbol.asyncDispose] = TaskSet.prototype.dispose;
