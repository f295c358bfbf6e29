/*
 * What the JavaScript peers share: arguments, MNIST, timing, the check of their own output, and the one JSON line.
 *
 * A peer calls run(name, load). load(device), device being "wasm" or "webgpu", imports the library and resolves to { version, device, make };
 * make(images, labels) resolves to { task, probe }. Only task(n) is timed: it makes task n and resolves to
 *   { output: Float32Array [100 * 794], targets: Int32Array [100] }.
 * probe(n) makes the same task and adds { indices [100], matrix [784 * 784] (pixel in, pixel out) }, for the check.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";

export const EXAMPLES = 100;
export const PIXELS = 784;
export const CLASSES = 10;
export const WIDTH = PIXELS + CLASSES;
export const STD = 1 / PIXELS; // as in normal_(0, 1/784), whose second argument is a standard deviation
const CHECKED_TASKS = { wasm: 16, webgpu: 4 }; // on a software adapter a task takes a second
const IN_FLIGHT = { wasm: 1, webgpu: 16 }; // else a GPU would wait for each task's results to be read
const WARM_UP = 3000; // ms; tfjs's tasks, whose deviates are drawn in JavaScript, grow faster for two seconds

async function readMnist(folder) {
  const pixels = (await readFile(join(folder, "train-images-idx3-ubyte"))).subarray(16);
  const labels = Int32Array.from((await readFile(join(folder, "train-labels-idx1-ubyte"))).subarray(8));
  assert(pixels.length === labels.length * PIXELS, "the images and the labels differ in number");
  return { images: Float32Array.from(pixels, (pixel) => pixel / 255), labels };
}

/** The version of a library that does not tell its own. */
export async function installedVersion(name) {
  return JSON.parse(await readFile(new URL(`node_modules/${name}/package.json`, import.meta.url))).version;
}

function assert(condition, message) {
  if (!condition) throw new Error(message);
}

function moments(values) {
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  return { mean, variance: squares / values.length - mean * mean };
}

/** Throws if what task(n) makes is not the work this benchmark is about. */
function checkTask({ output, targets, indices, matrix }, images, labels) {
  assert(output instanceof Float32Array && output.length === EXAMPLES * WIDTH, "output is not [100, 794] f32");
  assert(matrix.length === PIXELS * PIXELS, "matrix is not [784, 784]");
  const { mean, variance } = moments(matrix);
  assert(Math.abs(variance / STD ** 2 - 1) < 0.02, `variance of the matrix: ${variance}`);
  assert(Math.abs(mean) < (6 * STD) / PIXELS, `mean of the matrix: ${mean}`);

  const mapping = new Map();
  let got = 0;
  let expected = 0;
  for (let i = 0; i < EXAMPLES; i++) {
    const input = images.subarray(indices[i] * PIXELS, (indices[i] + 1) * PIXELS);
    const projected = output.subarray(i * WIDTH, i * WIDTH + PIXELS);
    const rowVariance = moments(projected).variance;
    got += rowVariance;
    expected += STD ** 2 * input.reduce((sum, pixel) => sum + pixel * pixel, 0);
    for (let column = i; column < PIXELS; column += 97) {
      let exact = 0;
      for (let k = 0; k < PIXELS; k++) exact += input[k] * matrix[k * PIXELS + column];
      const error = Math.abs(exact - projected[column]);
      assert(error < 1e-4 * Math.sqrt(rowVariance), `projected value [${i}, ${column}] is off by ${error}`);
    }

    const label = labels[indices[i]];
    assert((mapping.get(label) ?? targets[i]) === targets[i], "targets are no function of labels");
    mapping.set(label, targets[i]);
    const oneHot = output.subarray(i * WIDTH + PIXELS, (i + 1) * WIDTH);
    const right = oneHot.every((value, c) => value === (i > 0 && c === targets[i - 1] ? 1 : 0));
    assert(right, `one-hot of position ${i} is not of the previous target`);
  }
  assert(new Set(mapping.values()).size === mapping.size, "two labels share a target");
  const permutation = [...mapping].sort(([a], [b]) => a - b).join(" ");
  return { ratio: got / expected, permutation, firstWeight: matrix[0], indices };
}

async function check(probe, images, labels, count) {
  const seen = [];
  for (let n = 0; n < count; n++) seen.push(checkTask(await probe(n), images, labels));
  assert(new Set(seen.map((task) => task.firstWeight)).size === count, "tasks share a matrix");
  assert(new Set(seen.map((task) => task.permutation)).size > 1, "all tasks share a permutation");
  // Of 60,000 about 1% occur twice; the mean of 400 has a deviation of 1.4% of them.
  const drawn = seen.flatMap((task) => [...task.indices]);
  const mean = drawn.reduce((sum, index) => sum + index, 0) / drawn.length;
  assert(new Set(drawn).size > 0.95 * drawn.length, "tasks share examples");
  assert(Math.abs(mean / labels.length - 0.5) < 0.1, "examples are not drawn from all");
  // Of one task it has a deviation of 0.022.
  const ratio = seen.reduce((sum, task) => sum + task.ratio, 0) / count;
  assert(Math.abs(ratio - 1) < 0.1 / Math.sqrt(count), `variance of the projected values: ${ratio} of the expected`);
}

export async function run(peer, load) {
  const { values } = parseArgs({
    options: {
      data: { type: "string" },
      threads: { type: "string", default: "1" }, // accepted for the protocol: under Node these run on one thread
      tasks: { type: "string", default: "50" },
      repeats: { type: "string", default: "5" },
      device: { type: "string", default: "wasm" },
    },
  });
  assert(values.data, "--data DIR is required: the folder of the uncompressed MNIST IDX files");
  const tasks = Number(values.tasks);
  const repeats = Number(values.repeats);

  const wanted = values.device;
  const giveUp = (fields) => {
    console.log(JSON.stringify({ peer, device: wanted, ...fields }));
    process.exit(); // a WebGPU device would keep the process
  };
  let adapter;
  if (wanted === "webgpu") {
    try {
      adapter = await provideWebGpu();
    } catch (error) {
      giveUp({ absent: `no WebGPU adapter: ${error.message}` });
    }
  }
  let library;
  let task;
  let probe;
  const { images, labels } = await readMnist(values.data);
  try {
    library = await load(wanted);
    ({ task, probe } = await library.make(images, labels));
    await task(0); // compiles
    const end = performance.now() + WARM_UP;
    for (let n = 1; n === 1 || performance.now() < end; n++) await task(n);
  } catch (error) {
    if (error.code === "ERR_MODULE_NOT_FOUND") giveUp({ missing: `${error.message}; run npm ci in bench/peers` });
    // These libraries are made for browsers: that they do not work on Dawn in Node is a result, not a failure of ours.
    if (wanted === "webgpu") giveUp({ missing: `does not run on Dawn in Node ${process.version}: ${error.message}` });
    throw error;
  }
  const { version } = library;
  const batch = Math.min(tasks, IN_FLIGHT[wanted]);
  const seconds = [];
  for (let round = 0, n = 0; round < repeats; round++) {
    const start = performance.now();
    for (let i = 0; i < tasks; i += batch) {
      await Promise.all(Array.from({ length: Math.min(batch, tasks - i) }, () => task(n++)));
    }
    seconds.push((performance.now() - start) / 1000);
  }

  const line = { peer, version, device: wanted, adapter, threads: 1, batch, tasks, seconds, ok: true };
  try {
    await check(probe, images, labels, CHECKED_TASKS[wanted]);
  } catch (error) {
    Object.assign(line, { ok: false, why: error.message });
  }
  console.log(JSON.stringify(line));
  process.exit(); // a WebGPU device would keep the process
}

/**
 * Puts WebGPU where libraries look for it, as a browser has it. Only a peer's own process does this.
 *
 * @returns what the adapter is called
 * @throws where there is no adapter, or no package webgpu
 */
export async function provideWebGpu() {
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  const gpu = create([]);
  // Of two adapters Taskloom takes the faster one, so all must.
  const requestAdapter = gpu.requestAdapter.bind(gpu);
  gpu.requestAdapter = (options) => requestAdapter({ ...options, powerPreference: "high-performance" });
  const adapter = await gpu.requestAdapter();
  assert(adapter, "none was found");
  // tfjs 4.22 asks in the way of WebGPU before 2024, which Dawn has no more.
  const prototype = Object.getPrototypeOf(adapter);
  if (!prototype.requestAdapterInfo) {
    prototype.requestAdapterInfo = async function () {
      return this.info;
    };
  }
  Object.defineProperty(globalThis, "navigator", { value: { gpu, userAgent: "Node" }, configurable: true });
  return adapter.info.description || adapter.info.device;
}
