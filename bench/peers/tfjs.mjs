/*
 * Peer: TensorFlow.js on its WebAssembly backend (SIMD, one thread: it has no threads under Node) or on WebGPU.
 *
 *   npm ci && node tfjs.mjs --data DIR [--device wasm] [--tasks 50] [--repeats 5]
 *
 * Its randomNormal draws in JavaScript; the rest runs on the backend. tfjs has no jit.
 */
import { CLASSES, EXAMPLES, PIXELS, run, STD } from "./common.mjs";

async function load(device) {
  const { default: tf } = await import("@tensorflow/tfjs");
  await import(`@tensorflow/tfjs-backend-${device}`);
  if (!(await tf.setBackend(device))) throw new Error(`tfjs could not start its backend ${device}`);

  async function make(images, labels) {
    const data = tf.tensor2d(images, [labels.length, PIXELS]);
    const dataLabels = tf.tensor1d(labels, "int32");

    const build = (n) =>
      tf.tidy(() => {
        const seed = 3 * n + 1; // seed 0 would mean "any seed"
        const matrix = tf.randomNormal([PIXELS, PIXELS], 0, STD, "float32", seed);
        const indices = tf.randomUniformInt([EXAMPLES], 0, labels.length, seed + 1);
        const projected = tf.matMul(tf.gather(data, indices), matrix);

        const permutation = tf.topk(tf.randomUniform([CLASSES], 0, 1, "float32", seed + 2), CLASSES).indices;
        const targets = tf.gather(permutation, tf.gather(dataLabels, indices));
        // cast: in 4.22 the wasm oneHot writes the integer's bits where it is asked for float32
        const oneHot = tf.cast(tf.oneHot(tf.slice(targets, 0, EXAMPLES - 1), CLASSES), "float32");
        const previous = tf.concat([tf.zeros([1, CLASSES]), oneHot], 0);
        return { output: tf.concat([projected, previous], 1), targets, indices, matrix };
      });

    async function read(tensors, names) {
      const read = {};
      for (const name of names) read[name] = await tensors[name].data();
      tf.dispose(tensors);
      return read;
    }
    return {
      task: (n) => read(build(n), ["output", "targets"]),
      probe: (n) => read(build(n), ["output", "targets", "indices", "matrix"]),
    };
  }
  return { version: tf.version.tfjs, make };
}

await run("tfjs", load);
