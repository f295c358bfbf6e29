import { slice } from "../data/slices.js";
import { openEngine, use } from "./engine.js";
import { accuracyOf, attentionOf, neighborAccuracy } from "./evaluate.js";
import type { Engine, FromTrainer, Run, ToTrainer } from "./messages.js";
import { Model } from "./model.js";
import { BATCH, PERIOD } from "./settings.js";
import { deviceSteps, hostSteps, type StepSource } from "./steps.js";
import { TaskSource, type Tokens } from "./tasks.js";

/** Everything of one run. */
interface State {
  readonly model: Model;
  readonly source: TaskSource;
  readonly steps: StepSource;
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
    this.#forget();
    const [train, test] = await Promise.all([slice("train", base), slice("test", base)]);
    const source = new TaskSource(train, test, run.seed, run.tasks);
    const [unseen, trained] = [await source.unseen(), await source.trained()];
    const { engine, words } = await choose(run, source);
    await use(engine);
    const model = await Model.create(run.seed);
    this.#state = {
      model,
      source,
      steps: stepsOn(engine, source),
      unseen,
      trained,
      stopAt: run.stopAt,
      step: 0,
      seconds: 0,
    };
    this.#post({ kind: "ready", engine: words, neighbor: neighborAccuracy(unseen) });
    await this.#measure(Number.NaN);
  }

  /** Frees what the last run holds. */
  #forget(): void {
    this.#state?.steps.dispose();
    this.#state?.model.dispose();
    this.#state?.source.dispose();
    this.#state = undefined;
  }

  async #train(): Promise<void> {
    const state = this.#state;
    if (!state) return;
    let [sum, steps] = [0, 0];
    while (!this.#stop && state.step < state.stopAt) {
      const start = performance.now();
      sum += await trainOnce(state.model, state.steps);
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

async function trainOnce(model: Model, steps: StepSource): Promise<number> {
  const step = await steps.next();
  const loss = await model.train(step.tensors);
  step.free();
  return loss;
}

function stepsOn({ device }: Engine, source: TaskSource): StepSource {
  return device ? deviceSteps(source, device) : hostSteps(source);
}

/** Steps that are left out of a trial, as they compile; and steps that are timed. */
const TRIAL = { warm: 3, timed: 5 };

/** The engine of a run. Where a person leaves it open and there is a real GPU, both are tried. */
async function choose(run: Run, source: TaskSource): Promise<{ engine: Engine; words: string }> {
  const wasm = await openEngine("wasm");
  if (run.where === "wasm" || (run.where === "auto" && !navigator.gpu)) return { engine: wasm, words: wasm.words };
  let gpu: Engine;
  try {
    gpu = await openEngine("webgpu");
  } catch (error) {
    if (run.where === "webgpu") throw error;
    return { engine: wasm, words: wasm.words };
  }
  if (run.where === "webgpu") return { engine: gpu, words: gpu.words };
  if (gpu.software) return { engine: wasm, words: wasm.words };
  const times = { wasm: await trial(wasm, run, source), gpu: await trial(gpu, run, source) };
  const text = `a step takes ${times.gpu.toFixed(0)} ms on WebGPU, ${times.wasm.toFixed(0)} ms on WebAssembly`;
  const engine = times.gpu < times.wasm ? gpu : wasm;
  return { engine, words: `${engine.words}; ${text}` };
}

/** Milliseconds of a step, by a model that is thrown away. */
async function trial(engine: Engine, run: Run, source: TaskSource): Promise<number> {
  await use(engine);
  const model = await Model.create(run.seed);
  const steps = stepsOn(engine, source);
  try {
    for (let i = 0; i < TRIAL.warm; i++) await trainOnce(model, steps);
    const start = performance.now();
    for (let i = 0; i < TRIAL.timed; i++) await trainOnce(model, steps);
    return (performance.now() - start) / TRIAL.timed;
  } finally {
    steps.dispose();
    model.dispose();
  }
}
