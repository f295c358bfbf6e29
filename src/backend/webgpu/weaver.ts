import { DisposedError, InvalidOptionError } from "../../base/errors.js";
import type { Dataset } from "../../dataset/index.js";
import { type Items, listOf, runOf } from "../../draws/items.js";
import { storeLabels, targetView } from "../../draws/labels.js";
import { hasLabels, itemBytes, type Plan, taskOf } from "../../plan/plan.js";
import { destroyBuffers, type GpuWeaver, type ItemBuffers, type ItemBytes } from "../backend.js";
import { Batches, type DrawnDispatch } from "./batches.js";
import { Buffers, Loans, USAGE } from "./device/buffers.js";
import type { Gpu } from "./device/device.js";
import { WebGpuError } from "./device/failure.js";
import { Limiter } from "./device/limiter.js";
import { outputBuffers } from "./outputs.js";
import { evenPositions, type Path, type PreparedPath } from "./paths/path.js";

/** What a weaver shares with others of its backend: a device, for as long as somebody uses it. */
export interface GpuLease {
  /** The device, a new one if the last was lost. */
  acquire(): Promise<Gpu>;
  /** Says that this weaver has done with it. */
  release(): void;
}

/** What is made for a device, and lost with it. */
interface Session {
  readonly gpu: Gpu;
  readonly path: PreparedPath;
  readonly buffers: Buffers;
}

/** Batches under way: one computed, one read back, one drawn. */
const WIDTH = 3;
/** A call's results are held by the host; a few of this size keep a fast GPU busy while others are copied. */
const PIECE_BYTES = 32 * 2 ** 20;
/** A second or two of work where the GPU is a program on the CPU. */
const SOFTWARE_PIECE_BYTES = 2 * 2 ** 20;
/** Output of a batch: large enough to fill any GPU, so that three of them are no burden. */
const BATCH_BYTES = 64 * 2 ** 20;

const OUTPUT = USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST;
const STAGING = USAGE.MAP_READ | USAGE.COPY_DST;

/**
 * Weaves on a GPU: the small integers are drawn here, the values made there. Calls may overlap; `WIDTH` batches of all of
 * them together are under way, so that the GPU does not wait for the host and memory stays bounded.
 */
export class WebGpuWeaver implements GpuWeaver {
  readonly width = WIDTH;
  readonly #plan: Plan;
  readonly #dataset: Dataset;
  readonly #path: Path;
  readonly #lease: GpuLease;
  readonly #batches: Batches;
  readonly #limiter = new Limiter(WIDTH);
  readonly #disposal = new AbortController();
  #session: Promise<Session> | undefined;
  #pieceBytes = PIECE_BYTES;

  /** Draws nothing yet, but uploads and compiles. */
  static async open(
    plan: Plan,
    dataset: Dataset,
    path: Path,
    lease: GpuLease,
    signal: AbortSignal | undefined,
  ): Promise<WebGpuWeaver> {
    const weaver = new WebGpuWeaver(plan, dataset, path, lease, await Batches.create(plan, dataset.targets));
    try {
      await weaver.#guard(undefined, signal, async ({ gpu }) => {
        if (gpu.adapter.software) weaver.#pieceBytes = SOFTWARE_PIECE_BYTES;
      });
      return weaver;
    } catch (error) {
      weaver.dispose();
      throw error;
    }
  }

  private constructor(plan: Plan, dataset: Dataset, path: Path, lease: GpuLease, batches: Batches) {
    this.#plan = plan;
    this.#dataset = dataset;
    this.#path = path;
    this.#lease = lease;
    this.#batches = batches;
  }

  get pieceBytes(): number {
    return this.#pieceBytes;
  }

  weave(first: number, count: number, signal: AbortSignal | undefined): Promise<ItemBytes> {
    return this.#weave(runOf(first, count), signal);
  }

  weaveItems(items: Float64Array, signal: AbortSignal | undefined): Promise<ItemBytes> {
    return this.#weave(listOf(items), signal);
  }

  #weave(items: Items, signal: AbortSignal | undefined): Promise<ItemBytes> {
    const { count } = items;
    return this.#guard(items.at(0), signal, async (session, stop) => {
      const bytes = itemBytes(this.#plan);
      const inputs = allocate(count * bytes.inputs);
      const targets = allocate(count * bytes.targets);
      const labels = hasLabels(this.#plan) ? allocate(count * bytes.labels) : undefined;
      const targetsOut = targetView(this.#plan, targets, 0);
      const rowBytes = bytes.inputs / this.#plan.length;
      const positions = Math.min(
        session.path.maxPositions,
        evenPositions(outputLimit(session.gpu, BATCH_BYTES) / rowBytes),
      );
      await this.#inBatches(items, positions, stop, (batch) => {
        targetsOut.set(batch.targets, batch.first);
        if (labels) storeLabels(this.#plan, labels, batch.first, batch.labels);
        const to = new Uint8Array(inputs, batch.first * rowBytes, batch.targets.length * rowBytes);
        return this.#read(session, batch, to);
      });
      return labels ? { inputs, targets, labels } : { inputs, targets };
    });
  }

  /**
   * Makes items `[first, first + count)` into buffers that stay on the device, ready to be bound when the promise resolves.
   * They belong to the caller, who destroys them; their usage is STORAGE, COPY_SRC and COPY_DST. The inputs' size is
   * rounded up to a multiple of 4; targets are one u32 each. A device that the backend made, and with it the buffers,
   * lives until its last weaver is disposed of.
   *
   * @throws InvalidOptionError when the inputs do not fit into one binding.
   */
  weaveBuffers(
    first: number,
    count: number,
    signal: AbortSignal | undefined,
    into?: ItemBuffers | undefined,
  ): Promise<ItemBuffers> {
    return this.#weaveBuffers(runOf(first, count), signal, into);
  }

  weaveItemBuffers(
    items: Float64Array,
    signal: AbortSignal | undefined,
    into?: ItemBuffers | undefined,
  ): Promise<ItemBuffers> {
    return this.#weaveBuffers(listOf(items), signal, into);
  }

  #weaveBuffers(items: Items, signal: AbortSignal | undefined, into: ItemBuffers | undefined): Promise<ItemBuffers> {
    const { count } = items;
    return this.#guard(items.at(0), signal, async (session, stop) => {
      const { gpu, path } = session;
      const bytes = count * itemBytes(this.#plan).inputs;
      const most = outputLimit(gpu, Number.POSITIVE_INFINITY);
      if (bytes > most) {
        const perItem = itemBytes(this.#plan).inputs;
        throw new InvalidOptionError("count", count, `at most ${Math.floor(most / perItem)} items in a buffer here`);
      }
      const sizes = { bytes, integers: count * this.#plan.length, labels: hasLabels(this.#plan) };
      const woven = await outputBuffers(gpu, "woven", sizes, into);
      try {
        await this.#inBatches(items, path.maxPositions, stop, (batch) => this.#make(session, batch, woven));
        // Whoever asks faster than the GPU works would fill its memory.
        await gpu.device.queue.onSubmittedWorkDone();
        gpu.check();
        stop.throwIfAborted();
        return woven;
      } catch (error) {
        destroyBuffers(woven);
        throw error;
      }
    });
  }

  /** Submits a batch of results that stay. */
  async #make({ gpu, path, buffers }: Session, batch: DrawnDispatch, woven: ItemBuffers): Promise<void> {
    const { inputs, targets, labels } = woven;
    const { queue } = gpu.device;
    const loans = new Loans(buffers);
    let submitted: Promise<void>;
    try {
      const encode = await path.stage({ ...batch, outputFirst: batch.first }, loans);
      submitted = gpu.submit("batch", (encoder) => {
        queue.writeBuffer(targets, batch.first * 4, batch.targets);
        if (labels) queue.writeBuffer(labels, batch.first * 4, batch.labels);
        encode(encoder, inputs);
      });
    } finally {
      loans.giveBack();
    }
    await submitted;
  }

  dispose(): void {
    if (this.#disposal.signal.aborted) return;
    this.#disposal.abort(new DisposedError("augmentor"));
    const session = this.#session;
    this.#session = undefined;
    session?.then(close).catch(() => undefined);
    this.#lease.release();
  }

  /** Makes the batches of a call, several at a time; rejects with the first failure, when none is under way any more. */
  async #inBatches(
    items: Items,
    maxPositions: number,
    stop: AbortSignal,
    work: (batch: DrawnDispatch) => Promise<void>,
  ): Promise<void> {
    const pending: Promise<void>[] = [];
    let failure: { error: unknown } | undefined;
    const batches = this.#batches.of(items, maxPositions);
    while (!failure && !stop.aborted) {
      await this.#limiter.enter();
      const { value: batch, done } = failure || stop.aborted ? { value: undefined, done: true } : batches.next();
      if (done || !batch) {
        this.#limiter.leave();
        break;
      }
      pending.push(
        work(batch)
          .catch((error) => {
            failure ??= { error };
          })
          .finally(() => this.#limiter.leave()),
      );
    }
    await Promise.all(pending);
    stop.throwIfAborted();
    if (failure) throw (failure as { error: unknown }).error;
  }

  /** Makes a batch and copies it to `to`. */
  async #read({ gpu, path, buffers }: Session, batch: DrawnDispatch, to: Uint8Array): Promise<void> {
    const loans = new Loans(buffers);
    const reading = new Loans(buffers);
    const bytes = Math.ceil(to.length / 4) * 4;
    try {
      let staging: GPUBuffer;
      let submitted: Promise<void>;
      try {
        staging = await reading.take("staging", bytes, STAGING);
        const output = await loans.take("output", bytes, OUTPUT);
        const encode = await path.stage({ ...batch, outputFirst: 0 }, loans);
        submitted = gpu.submit("batch", (encoder) => {
          encode(encoder, output);
          encoder.copyBufferToBuffer(output, 0, staging, 0, bytes);
        });
      } finally {
        loans.giveBack();
      }
      submitted.catch(() => undefined); // awaited below, unless mapping throws
      const mapped = staging.mapAsync(MAP_MODE_READ, 0, bytes);
      mapped.catch(() => undefined); // awaited below, unless the submission failed
      await submitted;
      await mapped;
      to.set(new Uint8Array(staging.getMappedRange(0, bytes), 0, to.length));
      staging.unmap();
      reading.giveBack();
    } catch (error) {
      reading.discard();
      throw error;
    }
  }

  /** The session, begun if there is none. One opening serves all calls, so only disposal ends it early. */
  #open(): Promise<Session> {
    if (this.#session) return this.#session;
    const opening = this.#prepare();
    this.#session = opening;
    opening.catch(() => this.#forget(opening));
    return opening;
  }

  #forget(session: Promise<Session> | undefined): void {
    if (this.#session === session) this.#session = undefined;
  }

  async #prepare(): Promise<Session> {
    const { signal } = this.#disposal;
    const gpu = await this.#lease.acquire();
    signal.throwIfAborted();
    let path: PreparedPath;
    try {
      path = await this.#path.prepare(gpu, this.#plan, this.#dataset, this.#batches.table);
    } catch (cause) {
      throw await gpu.explain(cause, "preparation");
    }
    const session = { gpu, path, buffers: new Buffers(gpu) };
    if (signal.aborted) close(session);
    signal.throwIfAborted();
    return session;
  }

  /** Runs a call so that it ends at once when aborted or disposed of, and every failure is a typed one. */
  async #guard<T>(
    first: number | undefined,
    signal: AbortSignal | undefined,
    work: (session: Session, stop: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const stop = signal ? AbortSignal.any([this.#disposal.signal, signal]) : this.#disposal.signal;
    stop.throwIfAborted();
    let onAbort: (() => void) | undefined;
    const stopped = new Promise<never>((_, reject) => {
      onAbort = () => reject(stop.reason);
      stop.addEventListener("abort", onAbort, { once: true });
    });
    try {
      return await Promise.race([this.#inSession(work, stop), stopped]);
    } catch (cause) {
      if (stop.aborted) throw stop.reason;
      throw cause instanceof WebGpuError && first !== undefined ? cause.at(taskOf(this.#plan, first)) : cause;
    } finally {
      if (onAbort) stop.removeEventListener("abort", onAbort);
    }
  }

  async #inSession<T>(work: (session: Session, stop: AbortSignal) => Promise<T>, stop: AbortSignal): Promise<T> {
    const opening = this.#open();
    const session = await opening;
    try {
      session.gpu.check();
      return await work(session, stop);
    } catch (cause) {
      if (stop.aborted || cause instanceof InvalidOptionError) throw cause;
      const error = await session.gpu.explain(cause, "a batch");
      if (session.gpu.lost) {
        this.#forget(opening);
        close(session);
      }
      throw error;
    }
  }
}

const MAP_MODE_READ = 1;

function close({ path, buffers }: Session): void {
  path.destroy();
  buffers.destroy();
}

function outputLimit({ limits }: Gpu, most: number): number {
  return Math.min(most, limits.maxBufferSize, limits.maxStorageBufferBindingSize);
}

/** @throws WebGpuError `"out of memory"`. */
function allocate(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch (cause) {
    throw new WebGpuError("out of memory", `${bytes} bytes do not fit into one array here; ask for fewer items`, {
      cause,
    });
  }
}
