// The examples: MNIST if it is installed, else artificial images with as many zeros.
import { Dataset } from "../../dist/index.js";
import { hash } from "./reference.mjs";

const COUNT = 60000;
const PIXELS = 784;
const ZEROS = 0.81;

/** Imports `taskloom/node` only here, because it needs packages that a bare machine does not have. */
export async function examples() {
  try {
    const { mnist } = await import("../../dist/node.js");
    return await mnist();
  } catch {
    return madeUp();
  }
}

function madeUp() {
  const images = new Uint8Array(COUNT * PIXELS);
  for (let i = 0; i < images.length; i++) {
    const random = hash(i ^ 0x5bd1e995);
    if (random > ZEROS * 2 ** 32) images[i] = 1 + (random & 0xff) * (254 / 255);
  }
  const targets = Uint16Array.from({ length: COUNT }, (_, i) => hash(i) % 10);
  return Dataset.from({ images, targets, shape: [28, 28], classes: 10, name: "made-up images, 81% zeros" });
}

/** Returns the first `count` examples, or all; float32 in [0, 1] if `float` is true. */
export function subset(dataset, count, float = false) {
  const { features, shape, classes, name } = dataset;
  const n = Math.min(count, dataset.length);
  const pixels = dataset.images.subarray(0, n * features);
  const images = float ? Float32Array.from(pixels, (pixel) => pixel / 255) : pixels;
  return Dataset.from({ images, targets: dataset.targets.subarray(0, n), shape, classes, name });
}
