import { Center, type Dataset, Resize, TaskAugmentor, type TaskAugmentorOptions } from "taskloom";
import { BATCH, CLASSES, EVALUATED, FIRST_UNSEEN, LABELS, LENGTH, SIDE, TOKEN, VALUES } from "./settings.js";

/** Sequences as the model takes them. */
export interface Tokens {
  readonly count: number;
  /** `[count, LENGTH, TOKEN]`. */
  readonly tokens: Float32Array;
  /** `[count, LENGTH]`. */
  readonly targets: Int32Array;
}

/** Small images less the mean image of the training split, as bytes, so that sums stay exact. */
function prepare(train: Dataset, test: Dataset): [train: Dataset, test: Dataset] {
  const size = new Resize([SIDE, SIDE]);
  const small = train.transform(size);
  const center = Center.of(small);
  return [small.transform(center), test.transform(size).transform(center)];
}

/** The tasks of a run: those that are trained on, and unseen ones of unseen images. */
export class TaskSource {
  /** The images of training tasks. */
  readonly train: Dataset;
  /** The options of the training tasks, without a backend. */
  readonly options: TaskAugmentorOptions;
  readonly #test: Dataset;
  readonly #tasks: number;
  readonly #training: TaskAugmentor;
  readonly #unseen: TaskAugmentor;

  constructor(train: Dataset, test: Dataset, seed: number, tasks: number) {
    [this.train, this.#test] = prepare(train, test);
    this.#tasks = tasks;
    const common = {
      ...({ preset: "paper", outFeatures: VALUES, sequenceLength: LENGTH, replacement: true } as const),
      ...{ classSubset: LABELS, seed },
    };
    const here = { backend: "wasm", workers: 0 } as const;
    this.options = { ...common, taskCount: tasks };
    this.#training = new TaskAugmentor({ ...this.options, ...here });
    this.#unseen = new TaskAugmentor({ ...common, ...here, taskOffset: FIRST_UNSEEN, taskCount: EVALUATED });
  }

  /** The sequences of a step: the tasks in their order, again and again. */
  async step(number: number): Promise<Tokens> {
    const parts: Tokens[] = [];
    for (let at = number * BATCH; at < (number + 1) * BATCH; ) {
      const start = at % this.#tasks;
      const count = Math.min((number + 1) * BATCH - at, this.#tasks - start);
      parts.push(await read(this.#training, this.train, start, start + count));
      at += count;
    }
    return parts.length === 1 && parts[0] ? parts[0] : joined(parts);
  }

  /** Sequences of the first training tasks, as they are trained on. */
  trained(): Promise<Tokens> {
    return read(this.#training, this.train, 0, Math.min(EVALUATED, this.#tasks));
  }

  /** Unseen tasks of unseen images. */
  unseen(): Promise<Tokens> {
    return read(this.#unseen, this.#test, FIRST_UNSEEN, FIRST_UNSEEN + EVALUATED);
  }

  dispose(): void {
    this.#training.dispose();
    this.#unseen.dispose();
  }
}

async function read(tasks: TaskAugmentor, dataset: Dataset, start: number, stop: number): Promise<Tokens> {
  const { inputs, targets } = await tasks.batch(dataset, start, stop);
  const given = VALUES + CLASSES;
  const count = stop - start;
  const tokens = new Float32Array(count * LENGTH * TOKEN);
  const values = inputs.data as Float32Array;
  for (let at = 0; at < count * LENGTH; at++) {
    tokens.set(values.subarray(at * given, (at + 1) * given), at * TOKEN);
    // The input before lies beside its label. The first position has none.
    if (at % LENGTH === 0) continue;
    tokens.set(values.subarray((at - 1) * given, (at - 1) * given + VALUES), at * TOKEN + given);
  }
  return { count, tokens, targets: Int32Array.from(targets.data) };
}

function joined(parts: readonly Tokens[]): Tokens {
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const tokens = new Float32Array(count * LENGTH * TOKEN);
  const targets = new Int32Array(count * LENGTH);
  let at = 0;
  for (const part of parts) {
    tokens.set(part.tokens, at * LENGTH * TOKEN);
    targets.set(part.targets, at * LENGTH);
    at += part.count;
  }
  return { count, tokens, targets };
}
