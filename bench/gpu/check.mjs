// Compares tasks of each kind on the GPU with those of the WebAssembly backend: bit for bit, and within a bound for float32
// examples. Prints one line for each kind. A difference or an error fails the check after the other kinds are done.
//
//   node bench/gpu/check.mjs
import { TaskAugmentor } from "../../dist/index.js";
import { openDevice } from "./device.mjs";
import { examples, subset } from "./images.mjs";
import { compareFloats } from "./library.mjs";

/** The first task number and the last one. */
const TASKS = [0, 2 ** 32 - 1];
/** Whole datasets use the product kernel from 513 examples on. */
const FEW = 70;
const MANY = 520;

const KINDS = {
  sequences: {},
  "sequences, float16": { dtype: "float16" },
  "sequences of 7, labels as integers": { sequenceLength: 7, labelFormat: "integer" },
  "sequences of 201, 785 outputs": { sequenceLength: 201, outFeatures: 785 },
  "sequences, standard inputs, without replacement": { preset: "paper" },
  "sequences, some tasks unprojected": { identity: 0.5 },
  "sequences, outputs scaled": { outputScaling: "example" },
  "sequences, PyTorch's numbers": { preset: "notebook-torch", sequenceLength: 10 },
  "whole datasets, few examples": { drawSequence: false, count: FEW },
  "whole datasets, many examples": { drawSequence: false, count: MANY },
  "whole datasets, many examples, float16": { drawSequence: false, count: MANY, dtype: "float16" },
  "sequences of float32 examples": { float: true, count: MANY },
  "whole datasets of float32 examples": { drawSequence: false, float: true, count: MANY },
};

// The variable keeps the host alive; see openDevice.
const opened = await openDevice();
const dataset = await examples();
console.log(`${opened.info.description || opened.info.device}; examples: ${dataset.name}`);
for (const [kind, { count = dataset.length, float = false, ...options }] of Object.entries(KINDS)) {
  try {
    await check(count < dataset.length || float ? subset(dataset, count, float) : dataset, options);
    console.log(`ok     ${kind}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`FAILED ${kind}: ${error.message}`);
  }
}
for (const failure of opened.failures) {
  process.exitCode = 1;
  console.log(`FAILED WebGPU: ${failure}`);
}
opened.device.destroy();

/** @throws Error if the two backends give different results */
async function check(data, options) {
  const all = { seed: 42, ...options, taskCount: 2 ** 32 };
  const backends = [{ backend: opened.device }, { backend: "wasm", workers: 0 }];
  const augmentors = backends.map((backend) => new TaskAugmentor({ ...all, ...backend }));
  try {
    for (const task of TASKS) {
      const [got, expected] = await Promise.all(augmentors.map((augmentor) => augmentor.batch(data, task)));
      for (const part of ["targets", "labels"]) sameBytes(`${part} of task ${task}`, got[part], expected[part]);
      if (data.dtype === "uint8") sameBytes(`inputs of task ${task}`, got.inputs, expected.inputs);
      else compareFloats(task, got.inputs.data, expected.inputs.data);
    }
  } finally {
    for (const augmentor of augmentors) augmentor.dispose();
  }
}

function sameBytes(what, got, expected) {
  const [a, b] = [got, expected].map((tensor) => bytesOf(tensor?.data));
  const wrong = a.findIndex((byte, i) => byte !== b[i]);
  if (a.length !== b.length) throw new Error(`${what}: ${a.length} bytes, not ${b.length}`);
  if (wrong >= 0) throw new Error(`${what}: byte ${wrong} of ${a.length} is ${a[wrong]}, not ${b[wrong]}`);
}

function bytesOf(data) {
  return data ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array();
}
