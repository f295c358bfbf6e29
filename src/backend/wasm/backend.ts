import type { Dataset } from "../../dataset/index.js";
import type { Plan } from "../../plan/plan.js";
import { compileKernel } from "../../wasm/module.js";
import type { Backend, Weaver } from "../backend.js";
import type { Examples } from "./engine.js";
import { OneThread } from "./one-thread.js";
import { Pool } from "./pool.js";
import { probeThread } from "./probe.js";
import { type Missed, startFailure } from "./start-failure.js";
import { availableParallelism, type CreateWorker, hasThreads } from "./threads.js";

export interface WasmOptions {
  /** Threads; 0: the calling one. `undefined`: one for each core, or the calling one where no thread starts. */
  readonly workers?: number | undefined;
  readonly createWorker?: CreateWorker | undefined;
}

/** The CPU backend: WebAssembly SIMD on threads, or in the calling thread. */
export class WasmBackend implements Backend {
  readonly name = "wasm";
  readonly #width: number;
  /** True if the calling thread may do the work of threads that do not start. */
  readonly #lenient: boolean;
  readonly #create: CreateWorker | undefined;
  /** Why the calling thread does the work of threads. */
  #instead: Promise<string> | undefined;
  #probe: Promise<unknown> | undefined;

  constructor({ workers, createWorker }: WasmOptions = {}) {
    this.#create = createWorker;
    this.#lenient = workers === undefined;
    const threads = createWorker !== undefined || hasThreads();
    this.#width = workers ?? (threads ? availableParallelism() : 0);
    if (workers === undefined && !threads) this.#instead = Promise.resolve("this runtime has no worker threads");
  }

  async open(plan: Plan, dataset: Dataset): Promise<Weaver> {
    const examples: Examples = { images: dataset.images, targets: dataset.targets };
    if (this.#width === 0 || this.#instead) return OneThread.open(plan, examples);
    // A page that forbids WebAssembly says so here, with its reason, whatever its workers may do.
    await compileKernel();
    const instead = (missed: Missed) => {
      this.#giveUp(missed);
      return OneThread.open(plan, examples);
    };
    return new Pool(this.#width, plan, examples, {
      create: this.#create,
      instead: this.#lenient ? instead : undefined,
      onStart: () => {
        this.#probe = Promise.resolve();
      },
    });
  }

  /** Why the calling thread works where threads were meant to; a thread is tried if none was yet. */
  async remark(): Promise<string | undefined> {
    if (this.#lenient && this.#width > 0 && !this.#instead) {
      this.#probe ??= probeThread(this.#create).then((missed) => missed && this.#giveUp(missed));
      await this.#probe;
    }
    const why = await this.#instead;
    return why === undefined ? undefined : `in the calling thread: ${why}`;
  }

  #giveUp(missed: Missed): void {
    this.#instead ??= startFailure(missed).then(({ message }) => message.replace(/^wasm: /, ""));
  }
}
