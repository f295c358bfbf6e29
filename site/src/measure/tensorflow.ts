import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import type { Dataset } from "taskloom";
import type { Bench } from "./bench.js";
import { LENGTH } from "./bench.js";
import type { Tensorflow } from "./messages.js";

/** Milliseconds of one measurement on a real GPU. */
const LONG = 500;

/**
 * Times TensorFlow.js on the device of the benchmark: the products of a task alone, with matrices that are there already;
 * and a whole task, as bench/peers/tfjs.mjs makes it, whose normal deviates tfjs draws in JavaScript.
 */
export async function measureTensorflow(bench: Bench, dataset: Dataset): Promise<Tensorflow> {
  const { device, adapter, info, recorder } = bench;
  recorder.detach();
  // The import has registered a backend with a device of its own, and a name is registered only once.
  tf.removeBackend("webgpu");
  tf.registerBackend("webgpu", () => new WebGPUBackend(device, adapter.info));
  if (!(await tf.setBackend("webgpu"))) throw new Error("TensorFlow.js could not start on this device");
  await tf.ready();
  const { features, classes } = dataset;
  const images = tf.tensor2d(
    Float32Array.from(dataset.images, (pixel) => pixel / 255),
    [dataset.length, features],
  );
  const labels = tf.tensor1d(Int32Array.from(dataset.targets), "int32");
  const examples = tf.slice(images, [0, 0], [LENGTH, features]);
  const matrix = tf.randomNormal([features, features], 0, 1 / features, "float32", 1);
  let seed = 1;
  const least = info.software ? 0 : LONG;
  const products = await time(least, () => tf.matMul(examples, matrix));
  const task = await time(least, () => {
    const own = tf.randomNormal([features, features], 0, 1 / features, "float32", ++seed);
    const indices = tf.randomUniformInt([LENGTH], 0, dataset.length, seed);
    const projected = tf.matMul(tf.gather(images, indices), own);
    const permutation = tf.topk(tf.randomUniform([classes], 0, 1, "float32", seed), classes).indices;
    const targets = tf.gather(permutation, tf.gather(labels, indices));
    const given = tf.cast(tf.oneHot(tf.slice(targets as tf.Tensor1D, 0, LENGTH - 1), classes), "float32");
    return tf.concat([projected, tf.concat([tf.zeros([1, classes]), given as tf.Tensor2D], 0)], 1);
  });
  tf.dispose([images, labels, examples, matrix]);
  return { version: tf.version_core, products, task };
}

/** Milliseconds of one call, of as many as take so long, after a warm-up. */
async function time(least: number, make: () => tf.Tensor): Promise<number> {
  const run = async (times: number) => {
    const start = performance.now();
    const results = Array.from({ length: times }, () => tf.tidy(make));
    // A read waits for all that was asked for before.
    const end = tf.tidy(() => tf.sum(results.at(-1) ?? 0));
    await end.data();
    tf.dispose([...results, end]);
    return performance.now() - start;
  };
  await run(1);
  for (let times = 1; ; times *= 2) {
    const milliseconds = await run(times);
    if (milliseconds >= least || times >= 512) return milliseconds / times;
  }
}
