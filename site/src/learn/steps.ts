import * as tf from "@tensorflow/tfjs-core";
import { type GpuBatch, TaskAugmentor } from "taskloom";
import { BATCH, CLASSES, LENGTH, TOKEN, VALUES } from "./settings.js";
import type { TaskSource, Tokens } from "./tasks.js";

/** What a step is trained on. */
export interface StepTensors {
  /** `[count * LENGTH, TOKEN]`. */
  readonly tokens: tf.Tensor2D;
  /** `[count * LENGTH]`. */
  readonly targets: tf.Tensor1D;
}

/** The sequences of one step. */
export interface Step {
  /** Makes the tensors; called within `tf.tidy`. */
  readonly tensors: () => StepTensors;
  /** Frees what they were made of, once results were read. */
  readonly free: () => void;
}

/** Sequences step after step. */
export interface StepSource {
  next(): Promise<Step>;
  dispose(): void;
}

export function tensorsOf({ count, tokens, targets }: Tokens): StepTensors {
  return { tokens: tf.tensor2d(tokens, [count * LENGTH, TOKEN]), targets: tf.tensor1d(targets, "int32") };
}

/** Tasks that WebAssembly makes. */
export function hostSteps(source: TaskSource): StepSource {
  let number = 0;
  return {
    async next() {
      const tokens = await source.step(number++);
      return { tensors: () => tensorsOf(tokens), free: () => undefined };
    },
    dispose: () => undefined,
  };
}

/** Tasks that are made on the device of tfjs, and become tensors without a copy. */
export function deviceSteps({ options, train }: TaskSource, device: GPUDevice): StepSource {
  const tasks = new TaskAugmentor({ ...options, backend: device, tune: false });
  const size = Math.min(BATCH, tasks.taskCount);
  const batches = endless(tasks, () => tasks.gpuBatches(train, { batchSize: size }));
  return {
    async next() {
      const { value } = await batches.next();
      const batch = value as GpuBatch;
      return { tensors: () => tensorsOfBatch(batch, BATCH / size), free: () => batch.destroy() };
    },
    dispose() {
      void batches.return(undefined);
      tasks.dispose();
    },
  };
}

/** All batches, again and again. */
async function* endless(
  tasks: TaskAugmentor,
  walk: () => AsyncGenerator<GpuBatch>,
): AsyncGenerator<GpuBatch, void, undefined> {
  while (tasks.taskCount > 0) yield* walk();
}

/** The tokens of a batch, `times` times: see `read` in tasks.ts. */
function tensorsOfBatch({ inputs, targets }: GpuBatch, times: number): StepTensors {
  const count = inputs.shape[0] ?? 0;
  const given = VALUES + CLASSES;
  const x = tf.tensor({ buffer: inputs.buffer, zeroCopy: true }, [count, LENGTH, given], "float32") as tf.Tensor3D;
  const y = tf.tensor({ buffer: targets.buffer, zeroCopy: true }, [count * LENGTH], "int32") as tf.Tensor1D;
  const before = tf.pad(tf.slice(x, [0, 0, 0], [count, LENGTH - 1, VALUES]), [
    [0, 0],
    [1, 0],
    [0, 0],
  ]);
  const tokens = tf.reshape(tf.concat([x, before], 2), [count * LENGTH, TOKEN]) as tf.Tensor2D;
  return times === 1 ? { tokens, targets: y } : { tokens: tf.tile(tokens, [times, 1]), targets: tf.tile(y, [times]) };
}
