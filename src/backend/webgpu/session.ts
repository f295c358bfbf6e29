import { DisposedError, InvalidOptionError } from "../../base/errors.js";
import { Buffers } from "./device/buffers.js";
import type { Gpu } from "./device/device.js";
import { WebGpuError } from "./device/failure.js";
import type { PreparedPath } from "./paths/path.js";

/** A weaver's share in the device of its backend. */
export interface GpuLease {
  /** Returns the device: a new one if the last one was lost. */
  acquire(): Promise<Gpu>;
  /** Ends the weaver's share. */
  release(): void;
}

/** Everything that is made for one device and lost with it. */
export interface Session {
  readonly gpu: Gpu;
  readonly path: PreparedPath;
  readonly buffers: Buffers;
}

/** The sessions of a weaver, one after the other: a session is replaced when its device is lost. */
export class Sessions {
  readonly #lease: GpuLease;
  readonly #prepare: (gpu: Gpu) => Promise<PreparedPath>;
  readonly #taskOf: (item: number) => number | undefined;
  readonly #disposal = new AbortController();
  #session: Promise<Session> | undefined;

  /**
   * @param prepare prepares the path on a device
   * @param taskOf returns the task of an item, for errors; undefined if items have no task
   */
  constructor(
    lease: GpuLease,
    prepare: (gpu: Gpu) => Promise<PreparedPath>,
    taskOf: (item: number) => number | undefined,
  ) {
    this.#lease = lease;
    this.#prepare = prepare;
    this.#taskOf = taskOf;
  }

  /**
   * Runs a call in the current session. The call rejects at once when it is aborted or the sessions are disposed of, and
   * every failure of the device is a typed error.
   *
   * @param first the call's first item, for the error's `nextTask`; undefined for none
   */
  async run<T>(
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
      throw cause instanceof WebGpuError && first !== undefined ? cause.at(this.#taskOf(first)) : cause;
    } finally {
      if (onAbort) stop.removeEventListener("abort", onAbort);
    }
  }

  /** Ends the calls under way with a `DisposedError`, and frees the session and the lease. May be called again. */
  dispose(): void {
    if (this.#disposal.signal.aborted) return;
    this.#disposal.abort(new DisposedError("augmentor"));
    const session = this.#session;
    this.#session = undefined;
    session?.then(close).catch(() => undefined);
    this.#lease.release();
  }

  async #inSession<T>(work: (session: Session, stop: AbortSignal) => Promise<T>, stop: AbortSignal): Promise<T> {
    const opening = this.#current();
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

  /** Returns the session, opened if there is none. One opening serves all calls, so only disposal ends it early. */
  #current(): Promise<Session> {
    if (this.#session) return this.#session;
    const opening = this.#open();
    this.#session = opening;
    opening.catch(() => this.#forget(opening));
    return opening;
  }

  #forget(session: Promise<Session> | undefined): void {
    if (this.#session === session) this.#session = undefined;
  }

  async #open(): Promise<Session> {
    const { signal } = this.#disposal;
    const gpu = await this.#lease.acquire();
    signal.throwIfAborted();
    let path: PreparedPath;
    try {
      path = await this.#prepare(gpu);
    } catch (cause) {
      throw await gpu.explain(cause, "preparation");
    }
    const session = { gpu, path, buffers: new Buffers(gpu) };
    if (signal.aborted) close(session);
    signal.throwIfAborted();
    return session;
  }
}

function close({ path, buffers }: Session): void {
  path.destroy();
  buffers.destroy();
}
