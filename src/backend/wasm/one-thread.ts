import { BackendError, DisposedError, messageOf } from "../../base/errors.js";
import { itemBytes, type Plan, taskOf } from "../../plan/plan.js";
import type { ItemBytes, Weaver } from "../backend.js";
import { Engine, type Examples } from "./engine.js";
import { PIECE_BYTES } from "./pool.js";

/** The longest the calling thread works without looking at its events, in milliseconds, except for a single call. */
const BREATH = 16;

/** Lets events that wait have their turn. A timer would take a millisecond for it in Node, and four in a browser. */
function breathe(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/** A weaver that works in the calling thread, and lets its events through. */
export class OneThread implements Weaver {
  readonly width = 1;
  readonly pieceBytes = PIECE_BYTES;
  readonly #plan: Plan;
  #engine: Engine | undefined;
  /** Items made at a time where there are many. */
  readonly #step: number;
  /** The time of its last look at events. */
  #breath = performance.now();
  /** Results that nobody needs any more: the page faults of fresh memory cost up to a third of the work that fills it. */
  readonly #spares: ItemBytes[] = [];

  static async open(plan: Plan, examples: Examples): Promise<OneThread> {
    return new OneThread(plan, await Engine.create(plan, examples));
  }

  private constructor(plan: Plan, engine: Engine) {
    this.#plan = plan;
    this.#engine = engine;
    this.#step = Math.max(1, Math.floor(PIECE_BYTES / itemBytes(plan).inputs));
  }

  async weave(first: number, count: number, signal: AbortSignal | undefined): Promise<ItemBytes> {
    const engine = await this.#ready(signal);
    return this.#typed(first, () => engine.weave(first, count, this.#spares.pop()));
  }

  async fill(first: number, count: number, into: ItemBytes, signal: AbortSignal | undefined): Promise<void> {
    for (let done = 0; done < count; done += this.#step) {
      const engine = await this.#ready(signal);
      const from = first + done;
      this.#typed(from, () => engine.fill(from, Math.min(this.#step, count - done), into, done));
    }
  }

  recycle(woven: ItemBytes): void {
    // Results that were handed on by transfer have no bytes left to reuse.
    if (this.#spares.length <= this.width && woven.inputs.byteLength > 0) this.#spares.push(woven);
  }

  dispose(): void {
    this.#engine = undefined;
    this.#spares.length = 0;
  }

  async #ready(signal: AbortSignal | undefined): Promise<Engine> {
    if (performance.now() - this.#breath > BREATH) {
      await breathe();
      this.#breath = performance.now();
    }
    signal?.throwIfAborted();
    if (!this.#engine) throw new DisposedError("augmentor");
    return this.#engine;
  }

  /** Converts errors of the engine, a lack of memory or a trap, to the errors that threads report. */
  #typed<T>(first: number, work: () => T): T {
    try {
      return work();
    } catch (cause) {
      throw new BackendError("wasm", messageOf(cause), { cause, nextTask: taskOf(this.#plan, first) });
    }
  }
}
