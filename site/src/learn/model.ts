import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
import { LinearProjection } from "taskloom";
import { CLASSES, LEARNING_RATE, LENGTH, TOKEN, WIDTH } from "./settings.js";
import { type StepTensors, tensorsOf } from "./steps.js";
import type { Tokens } from "./tasks.js";

/** Initial weights are the matrices of tasks that no run trains on. */
const WEIGHTS_TASK = 2 ** 32 - 1;
const SHAPES = {
  embed: [TOKEN, WIDTH],
  query: [WIDTH, WIDTH],
  key: [WIDTH, WIDTH],
  value: [WIDTH, WIDTH],
  output: [WIDTH, WIDTH],
  head: [WIDTH, CLASSES],
} as const;
type Name = keyof typeof SHAPES;

/** One layer of causal attention with one head, between normalizations; no biases, no perceptron. */
export class Model {
  readonly #weights: Record<Name, tf.Variable>;
  readonly #optimizer = tf.train.adam(LEARNING_RATE, 0.9, 0.99);
  readonly #mask = tf.keep(tf.tidy(causalMask));

  private constructor(weights: Record<Name, tf.Variable>) {
    this.#weights = weights;
  }

  /** A model with random weights of deviation 1/sqrt(inputs), which follow from the seed. */
  static async create(seed: number): Promise<Model> {
    const entries = Object.entries(SHAPES).map(async ([name, [inFeatures, outFeatures]], i) => {
      const task = WEIGHTS_TASK - i;
      const projection = new LinearProjection({ seed, task, inFeatures, outFeatures, standardDeviation: "1/sqrt(n)" });
      const { data } = await projection.matrix();
      return [name, tf.variable(tf.tensor2d(data as Float32Array, [inFeatures, outFeatures]))] as const;
    });
    return new Model(Object.fromEntries(await Promise.all(entries)) as Record<Name, tf.Variable>);
  }

  /** Weights of the model, all together. */
  static get size(): number {
    return Object.values(SHAPES).reduce((sum, [rows, columns]) => sum + rows * columns, 0);
  }

  /** Takes one step of Adam on the mean cross-entropy of all positions. @returns the loss before it */
  async train(tensors: () => StepTensors): Promise<number> {
    const variables = Object.values(this.#weights);
    const loss = tf.tidy(() => {
      const { tokens, targets } = tensors();
      const right = tf.cast(tf.oneHot(targets, CLASSES), "float32");
      const value = this.#optimizer.minimize(
        () => {
          const { logits } = this.#forward(tokens);
          const scores = tf.logSoftmax(logits);
          return tf.neg(tf.mean(tf.sum(tf.mul(scores, right), -1))) as tf.Scalar;
        },
        true,
        variables,
      );
      return value as tf.Scalar;
    });
    const [value = Number.NaN] = await loss.data();
    loss.dispose();
    return value;
  }

  /** Predicted labels `[count, LENGTH]`, and attention `[count, LENGTH, LENGTH]`. */
  async predict(batch: Tokens): Promise<{ labels: Int32Array; attention: Float32Array }> {
    const { labels, attention } = tf.tidy(() => {
      const { logits, attention } = this.#forward(tensorsOf(batch).tokens);
      return { labels: tf.argMax(logits, -1), attention };
    });
    const results = {
      labels: (await labels.data()) as Int32Array,
      attention: (await attention.data()) as Float32Array,
    };
    tf.dispose([labels, attention]);
    return results;
  }

  dispose(): void {
    tf.dispose([...Object.values(this.#weights), this.#mask]);
    this.#optimizer.dispose();
  }

  /** Logits `[count * LENGTH, CLASSES]`, and attention. */
  #forward(tokens: tf.Tensor2D): { logits: tf.Tensor2D; attention: tf.Tensor3D } {
    const count = tokens.shape[0] / LENGTH;
    const { embed, query, key, value, output, head } = this.#weights;
    const times = (x: tf.Tensor, w: tf.Variable) => tf.matMul(x as tf.Tensor2D, w as unknown as tf.Tensor2D);
    const sequences = (x: tf.Tensor) => tf.reshape(x, [count, LENGTH, WIDTH]) as tf.Tensor3D;
    const state = times(tokens, embed);
    const normal = normalized(state);
    const [q, k, v] = [query, key, value].map((w) => sequences(times(normal, w))) as [
      tf.Tensor3D,
      tf.Tensor3D,
      tf.Tensor3D,
    ];
    const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(WIDTH));
    const attention = tf.softmax(tf.add(scores, this.#mask)) as tf.Tensor3D;
    const mixed = tf.reshape(tf.matMul(attention, v), [count * LENGTH, WIDTH]);
    const after = tf.add(state, times(mixed, output));
    return { logits: times(normalized(after), head) as tf.Tensor2D, attention };
  }
}

/** Each row less its mean, divided by its deviation. */
function normalized(x: tf.Tensor): tf.Tensor {
  const centered = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centered), -1, true);
  return tf.mul(centered, tf.rsqrt(tf.add(variance, 1e-5)));
}

/** 0 on and below the diagonal, and above it a number that softmax makes 0. */
function causalMask(): tf.Tensor {
  const values = Float32Array.from({ length: LENGTH * LENGTH }, (_, i) =>
    i % LENGTH > Math.floor(i / LENGTH) ? -1e9 : 0,
  );
  return tf.tensor3d(values, [1, LENGTH, LENGTH]);
}
