import { InvalidOptionError } from "../../base/errors.js";
import type { Dataset } from "../../dataset/index.js";
import { type Items, listOf, runOf } from "../../draws/items.js";
import { storeLabels, targetView } from "../../draws/labels.js";
import { hasLabels, itemBytes, type Plan, taskOf } from "../../plan/plan.js";
import { destroyBuffers, type GpuWeaver, type ItemBuffers, type ItemBytes } from "../backend.js";
import type { Gpu } from "./device/device.js";
import { WebGpuError } from "./device/failure.js";
import { Limiter } from "./device/limiter.js";
import { Dispatches, type DrawnDispatch } from "./dispatches.js";
import { outputBuffers } from "./outputs.js";
import { evenPositions, type Path } from "./paths/path.js";
import { type GpuLease, Sessions } from "./session.js";
import { submit, submitAndRead } from "./submit.js";

/** Dispatches under way: one on the GPU, one being read back, one being drawn. */
const WIDTH = 3;
/** The host holds a call's results. A few results of this size keep a fast GPU busy while others are copied. */
const PIECE_BYTES = 32 * 2 ** 20;
/** A second or two of work on an adapter that is a program on the CPU. */
const SOFTWARE_PIECE_BYTES = 2 * 2 ** 20;
/** Output of a dispatch that is read back: large enough to fill any GPU, small enough to hold three. */
const DISPATCH_BYTES = 64 * 2 ** 20;

/**
 * Weaves on a GPU: the host draws the tasks, examples and labels; the GPU makes the values. Calls may overlap. All calls
 * together have at most `WIDTH` dispatches under way: the GPU never waits for the host, and memory stays bounded.
 */
export class WebGpuWeaver implements GpuWeaver {
  readonly width = WIDTH;
  readonly #plan: Plan;
  readonly #dispatches: Dispatches;
  readonly #sessions: Sessions;
  readonly #limiter = new Limiter(WIDTH);
  #pieceBytes = PIECE_BYTES;

  /** Uploads the examples and compiles the kernels. The first call draws. */
  static async open(
    plan: Plan,
    dataset: Dataset,
    path: Path,
    lease: GpuLease,
    signal: AbortSignal | undefined,
  ): Promise<WebGpuWeaver> {
    const dispatches = await Dispatches.create(plan, dataset.targets);
    const sessions = new Sessions(
      lease,
      (gpu) => path.prepare(gpu, plan, dataset, dispatches.table),
      (item) => taskOf(plan, item),
    );
    const weaver = new WebGpuWeaver(plan, dispatches, sessions);
    try {
      await sessions.run(undefined, signal, async ({ gpu }) => {
        if (gpu.adapter.software) weaver.#pieceBytes = SOFTWARE_PIECE_BYTES;
      });
      return weaver;
    } catch (error) {
      weaver.dispose();
      throw error;
    }
  }

  private constructor(plan: Plan, dispatches: Dispatches, sessions: Sessions) {
    this.#plan = plan;
    this.#dispatches = dispatches;
    this.#sessions = sessions;
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
    return this.#sessions.run(items.at(0), signal, async (session, stop) => {
      const bytes = itemBytes(this.#plan);
      const inputs = allocate(count * bytes.inputs);
      const targets = allocate(count * bytes.targets);
      const labels = hasLabels(this.#plan) ? allocate(count * bytes.labels) : undefined;
      const targetsOut = targetView(this.#plan, targets, 0);
      const rowBytes = bytes.inputs / this.#plan.length;
      const positions = Math.min(
        session.path.maxPositions,
        evenPositions(outputLimit(session.gpu, DISPATCH_BYTES) / rowBytes),
      );
      await this.#eachDispatch(items, positions, stop, (dispatch) => {
        targetsOut.set(dispatch.targets, dispatch.first);
        if (labels) storeLabels(this.#plan, labels, dispatch.first, dispatch.labels);
        const to = new Uint8Array(inputs, dispatch.first * rowBytes, dispatch.targets.length * rowBytes);
        return submitAndRead(session, dispatch, to);
      });
      return labels ? { inputs, targets, labels } : { inputs, targets };
    });
  }

  /**
   * Makes items `[first, first + count)` into buffers that stay on the device and can be bound when the promise resolves.
   * The caller owns and destroys them. Their usage is STORAGE, COPY_SRC and COPY_DST. The inputs' size is rounded up to a
   * multiple of 4; targets are one u32 each. A device that the backend made lives until its last weaver is disposed of,
   * and its buffers with it.
   *
   * @throws InvalidOptionError if the inputs do not fit into one binding
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
    return this.#sessions.run(items.at(0), signal, async (session, stop) => {
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
        await this.#eachDispatch(items, path.maxPositions, stop, (dispatch) => submit(session, dispatch, woven));
        // Wait for the GPU here; otherwise a fast caller would fill its memory.
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

  dispose(): void {
    this.#sessions.dispose();
  }

  /** Makes the dispatches of a call, several at a time. Rejects with the first failure, when no dispatch is under way. */
  async #eachDispatch(
    items: Items,
    maxPositions: number,
    stop: AbortSignal,
    work: (dispatch: DrawnDispatch) => Promise<void>,
  ): Promise<void> {
    const pending: Promise<void>[] = [];
    let failure: { error: unknown } | undefined;
    const dispatches = this.#dispatches.of(items, maxPositions);
    while (!failure && !stop.aborted) {
      await this.#limiter.enter();
      const { value: dispatch, done } = failure || stop.aborted ? { value: undefined, done: true } : dispatches.next();
      if (done || !dispatch) {
        this.#limiter.leave();
        break;
      }
      pending.push(
        work(dispatch)
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
}

function outputLimit({ limits }: Gpu, most: number): number {
  return Math.min(most, limits.maxBufferSize, limits.maxStorageBufferBindingSize);
}

/** @throws WebGpuError `"out of memory"` */
function allocate(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch (cause) {
    throw new WebGpuError("out of memory", `${bytes} bytes do not fit into one array here; ask for fewer items`, {
      cause,
    });
  }
}
