import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { slice } from "../data/slices.js";
import { accuracyOf, attentionOf, neighborAccuracy } from "./evaluate.js";
import type { FromTrainer, Run, ToTrainer } from "./messages.js";
import { Model } from "./model.js";
import { BATCH, PERIOD } from "./settings.js";
import { TaskSource, type Tokens } from "./tasks.js";

/** Everything of one run. */
interface State {
  readonly model: Model;
  readonly source: TaskSource;
  readonly unseen: Tokens;
  readonly trained: Tokens;
  stopAt: number;
  step: number;
  seconds: number;
}

/** Trains models, one run at a time, and tells about it. It runs in a worker, and in a page that can start none. */
export class Trainer {
  readonly #post: (message: FromTrainer) => void;
  #state: State | undefined;
  #stop = false;
  #busy: Promise<void> = Promise.resolve();

  constructor(post: (message: FromTrainer) => void) {
    this.#post = post;
  }

  /** Takes one message. */
  take(message: ToTrainer): void {
    this.#stop = true;
    if (message.kind === "stop") return;
    // What is under way ends within a step.
    this.#busy = this.#busy
      .then(() => this.#begin(message))
      .catch((error: unknown) => {
        this.#post({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
      });
  }

  async #begin(message: Exclude<ToTrainer, { kind: "stop" }>): Promise<void> {
    this.#stop = false;
    if (message.kind === "start") await this.#start(message.run, message.base);
    else if (this.#state) this.#state.stopAt = message.stopAt;
    await this.#train();
  }

  async #start(run: Run, base: string): Promise<void> {
    const engine = await startTensorflow();
    this.#state?.model.dispose();
    this.#state?.source.dispose();
    const [train, test] = await Promise.all([slice("train", base), slice("test", base)]);
    const source = new TaskSource(train, test, run.seed, run.tasks);
    const [unseen, trained] = [await source.unseen(), await source.trained()];
    const model = await Model.create(run.seed);
    this.#state = { model, source, unseen, trained, stopAt: run.stopAt, step: 0, seconds: 0 };
    this.#post({ kind: "ready", engine, neighbor: neighborAccuracy(unseen) });
    await this.#measure(Number.NaN);
  }

  async #train(): Promise<void> {
    const state = this.#state;
    if (!state) return;
    let [sum, steps] = [0, 0];
    while (!this.#stop && state.step < state.stopAt) {
      const start = performance.now();
      sum += await state.model.train(await state.source.next());
      state.seconds += (performance.now() - start) / 1000;
      steps++;
      state.step++;
      if (state.step % PERIOD === 0 || state.step === state.stopAt) {
        await this.#measure(sum / steps);
        [sum, steps] = [0, 0];
      }
      // Messages are taken between steps.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    if (steps > 0) await this.#measure(sum / steps);
    this.#post({ kind: "paused", done: state.step >= state.stopAt });
  }

  async #measure(loss: number): Promise<void> {
    const state = this.#state;
    if (!state) return;
    const { model, unseen, trained, step, seconds } = state;
    const first = await model.predict(unseen);
    const second = await model.predict(trained);
    const progress = {
      ...{ step, seconds, loss, sequences: step * BATCH },
      unseen: accuracyOf(first.labels, unseen),
      trained: accuracyOf(second.labels, trained),
      attention: attentionOf(first.attention, unseen),
    };
    this.#post({ kind: "progress", progress });
  }
}

let started: Promise<string> | undefined;

/** Starts TensorFlow.js on WebAssembly. @returns what it runs on, in words */
function startTensorflow(): Promise<string> {
  started ??= (async () => {
    // Beside this script. Shared memory, and with it threads, is not offered: see scripts/build-site.mjs.
    setWasmPaths(new URL("./", import.meta.url).href);
    tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
    if (!(await tf.setBackend("wasm"))) throw new Error("TensorFlow.js could not start its WebAssembly backend");
    await tf.ready();
    const simd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");
    return `TensorFlow.js ${tf.version_core}, WebAssembly ${simd ? "with SIMD" : "without SIMD"}, one thread`;
  })();
  return started;
}
