import { LinearProjection, TaskAugmentor } from "taskloom";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  expectRecorded,
  expectWithin,
  NOTEBOOK,
  notebookExample,
  ONE_THREAD,
  projectionBounds,
} from "../support/notebook-page.js";
import { trainingSet } from "../support/support.js";
import { torchCpu } from "../support/torch.js";
import { dawn } from "./dawn.js";

/** The variable keeps the host alive: Dawn destroys its devices when the host is collected. */
const host = dawn(); // @module-tag webgpu
let device: GPUDevice;

beforeAll(async () => {
  const adapter = await host.requestAdapter();
  if (!adapter) throw new Error("no WebGPU adapter: install a driver, or see VK_DRIVER_FILES");
  console.log(`adapter: ${adapter.info.description}`);
  device = await adapter.requestDevice();
});
afterAll(() => device?.destroy());

/** Bound on the difference between entries on a GPU and PyTorch's with AVX2, in units of 2^-24 radii; see docs/torch.md. */
const UNITS = 24;

test("PyTorch's answers: recorded ones", async () => {
  await expectRecorded({ backend: device }, UNITS);
});

test("PyTorch's answers: the first example of the notebook's first task, projected and permuted", async () => {
  const dataset = await trainingSet();
  const x = notebookExample(dataset, 0);
  const matrix = await new LinearProjection({ generator: "torch", seed: 69, task: 0, inFeatures: 784 }).matrix();
  const bounds = projectionBounds(matrix.data, UNITS)(x).slice(0, 16);
  using tasks = new TaskAugmentor({ ...NOTEBOOK, drawSequence: false, backend: device });
  const { inputs, targets } = await tasks.transform(dataset.head(5));
  expect((await tasks.describeBackend()).name).toBe("webgpu");
  expectWithin("inputs", inputs.data.slice(0, 16), torchCpu.first_image_task0_first16, bounds);
  // The difference between the two backends depends on the adapter; both are within the bound of PyTorch.
  using others = new TaskAugmentor({ ...NOTEBOOK, drawSequence: false, ...ONE_THREAD });
  const { data } = (await others.transform(dataset.head(5))).inputs;
  const same = data.filter((value, i) => value === inputs.data[i]).length;
  console.log(`${same} of ${data.length} values are WebAssembly's to the bit`);
  const { permutation10 = [] } = torchCpu.tasks[0] ?? {};
  expect([...targets.data]).toEqual([...dataset.targets.subarray(0, 5)].map((label) => permutation10[label]));
});
