import { DisposedError } from "../../base/errors.js";
import type { Dataset } from "../../dataset/index.js";
import { itemBytes, type Plan } from "../../plan/plan.js";
import type { Backend, ItemBytes, Weaver } from "../backend.js";
import { Engine, type Examples } from "./engine.js";
import { PIECE_BYTES, Pool } from "./pool.js";

/** The CPU backend: WebAssembly SIMD on `workers` threads, or in the calling thread where `workers` is 0. */
export class WasmBackend implements Backend {
  readonly name = "wasm";
  readonly #workers: number;

  constructor(workers: number) {
    this.#workers = workers;
  }

  async open(plan: Plan, dataset: Dataset): Promise<Weaver> {
    const examples: Examples = { images: dataset.images, targets: dataset.targets };
    if (this.#workers === 0) {
      const step = Math.max(1, Math.floor(PIECE_BYTES / itemBytes(plan).inputs));
      return new OneThread(await Engine.create(plan, examples), step);
    }
    return new Pool(this.#workers, plan, examples);
  }
}

/** The longest the calling thread works without looking at its events, in milliseconds, but for a single call. */
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

class OneThread implements Weaver {
  readonly width = 1;
  readonly pieceBytes = PIECE_BYTES;
  #kernel: Engine | undefined;
  /** Items made at a time where there are many. */
  readonly #step: number;
  /** When it last looked at them. */
  #breath = performance.now();
  /** Results that nobody needs any more: the page faults of fresh memory cost up to a third of the work that fills it. */
  readonly #spares: ItemBytes[] = [];

  constructor(kernel: Engine, step: number) {
    this.#kernel = kernel;
    this.#step = step;
  }

  async weave(first: number, count: number, signal: AbortSignal | undefined): Promise<ItemBytes> {
    const kernel = await this.#ready(signal);
    return kernel.weave(first, count, this.#spares.pop());
  }

  async fill(first: number, count: number, into: ItemBytes, signal: AbortSignal | undefined): Promise<void> {
    for (let done = 0; done < count; done += this.#step) {
      const kernel = await this.#ready(signal);
      kernel.fill(first + done, Math.min(this.#step, count - done), into, done);
    }
  }

  async #ready(signal: AbortSignal | undefined): Promise<Engine> {
    if (performance.now() - this.#breath > BREATH) {
      await breathe();
      this.#breath = performance.now();
    }
    signal?.throwIfAborted();
    if (!this.#kernel) throw new DisposedError("augmentor");
    return this.#kernel;
  }

  recycle(woven: ItemBytes): void {
    // Results that were handed on by transfer have no bytes left to reuse.
    if (this.#spares.length <= this.width && woven.inputs.byteLength > 0) this.#spares.push(woven);
  }

  dispose(): void {
    this.#kernel = undefined;
    this.#spares.length = 0;
  }
}
