// Calls of several dispatches, for every path, with fixed examples: random plans reach them only sometimes.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../../src/backend/wasm/engine.js";
import { WebGpuBackend } from "../../../src/backend/webgpu/backend.js";
import type { GpuLimits } from "../../../src/backend/webgpu/device/adapter.js";
import { Gpu } from "../../../src/backend/webgpu/device/device.js";
import type { Path } from "../../../src/backend/webgpu/paths/path.js";
import { pathFor } from "../../../src/backend/webgpu/paths/pick.js";
import { WebGpuWeaver } from "../../../src/backend/webgpu/weaver.js";
import { Dataset } from "../../../src/dataset/index.js";
import { hasLabels, itemBytes, type Plan } from "../../../src/plan/plan.js";
import { dawn } from "../../webgpu/dawn.js";
import { always, plain } from "../support/plans.js";
import { readBack } from "./read-back.js";

/** The variable keeps the host alive: Dawn destroys its devices when the host is collected. */
const host = dawn(); // @module-tag webgpu
let owner: Gpu;
beforeAll(async () => {
  owner = await Gpu.request({ gpu: host, software: true });
});
afterAll(() => owner?.destroy());

/** 8 tasks of 10 positions, 32 inputs and outputs, 5 classes, 50 examples. */
const plan: Plan = {
  ...plain,
  seed: 5n,
  mode: "sequence",
  taskOffset: 3,
  taskCount: 8,
  itemsPerTask: 1,
  itemCount: 8,
  length: 10,
  replacement: true,
  examples: 50,
  features: 32,
  outFeatures: 32,
  exampleClasses: 5,
  classes: 5,
  exampleDtype: "uint8",
  grayOffset: 0,
  scale: Math.fround(1e-6),
  dtype: "float32",
};

function datasetFor({ examples, features, classes, exampleDtype }: Plan): Dataset {
  const pixel = (i: number) => (Math.imul(i + 1, 2654435761) >>> 13) % 256;
  const length = examples * features;
  return Dataset.from({
    images:
      exampleDtype === "uint8"
        ? Uint8Array.from({ length }, (_, i) => pixel(i))
        : Float32Array.from({ length }, (_, i) => (pixel(i) - 128) / 64),
    targets: Uint16Array.from({ length: examples }, (_, i) => (i * 7) % classes),
    shape: [features],
    classes,
  });
}

/** Weaves a plan in each way that a weaver has. Returns the results and the number of dispatches of a call. */
async function weaveAll(plan: Plan, limits: Partial<GpuLimits>) {
  const gpu = Gpu.from(owner.device, { limits });
  let staged = 0;
  const path = pathFor(plan);
  const counting: Path = {
    name: path.name,
    async prepare(...all) {
      const prepared = await path.prepare(...all);
      const stage: typeof prepared.stage = (dispatch, loans) => {
        staged++;
        return prepared.stage(dispatch, loans);
      };
      return { maxPositions: prepared.maxPositions, stage, destroy: () => prepared.destroy() };
    },
  };
  const lease = { acquire: async () => gpu, release: () => undefined };
  const weaver = await WebGpuWeaver.open(plan, datasetFor(plan), counting, lease, undefined);
  const { itemCount, length } = plan;
  const inputBytes = itemCount * itemBytes(plan).inputs;
  try {
    const { inputs, targets, labels } = await weaver.weave(0, itemCount, undefined);
    const dispatches = staged;
    const numbers = Float64Array.from({ length: itemCount }, (_, i) => i);
    const kept = [];
    for (const weaving of [weaver.weaveBuffers(0, itemCount, undefined), weaver.weaveItemBuffers(numbers, undefined)]) {
      const buffers = await weaving;
      kept.push({
        inputs: await readBack(gpu, buffers.inputs, inputBytes),
        targets: [...new Uint32Array((await readBack(gpu, buffers.targets, itemCount * length * 4)).buffer)],
        labels: buffers.labels && [
          ...new Uint32Array((await readBack(gpu, buffers.labels, itemCount * length * 4)).buffer),
        ],
      });
      for (const buffer of [buffers.inputs, buffers.targets, buffers.labels]) buffer?.destroy();
    }
    return {
      dispatches,
      name: path.name,
      read: {
        inputs: new Uint8Array(inputs),
        targets: [...new Uint8Array(targets)],
        labels: labels && [...new Uint8Array(labels)],
      },
      kept,
    };
  } finally {
    weaver.dispose();
  }
}

const float = { exampleDtype: "float32", scale: Math.fround(0.01), identityScale: Math.fround(0.5) } as const;
const whole = { mode: "dataset", itemsPerTask: 600, length: 1, examples: 600, labelLayout: "none" } as const;
/** Dispatches of at most 25 workgroups; buffers that hold a few examples. */
const fewGroups = { maxComputeWorkgroupsPerDimension: 5 };
const smallBuffers = { maxStorageBufferBindingSize: 12288 };

/** The name of the path, the differences from `plan`, and the limits that force several dispatches. */
const cases: [string, Partial<Plan>, Partial<GpuLimits>][] = [
  ["fused", {}, fewGroups],
  ["fused", { dtype: "float16", outFeatures: 31 }, fewGroups],
  ["fused", { labelFormat: "integer", grayOffset: 33 }, fewGroups],
  ["fused", { features: 400, outFeatures: 16 }, smallBuffers],
  ["product", { ...whole, taskCount: 2, itemCount: 1200, outFeatures: 2, features: 60 }, smallBuffers],
  [
    "product",
    { ...whole, taskCount: 2, itemCount: 1200, outFeatures: 3, features: 60, dtype: "float16" },
    smallBuffers,
  ],
  ["identity", { identityProjection: always }, fewGroups],
  ["identity", { identityProjection: always, dtype: "float16", outFeatures: 31 }, fewGroups],
  ["float", { ...float, features: 100 }, smallBuffers],
  ["float", { ...float, features: 100, dtype: "float16" }, smallBuffers],
  ["float", { ...float, features: 100, generator: "torch", labelFormat: "integer" }, smallBuffers],
  ["identity-float", { ...float, features: 100, identityProjection: always }, smallBuffers],
];

describe("a call of several dispatches has the results of a call of one", () => {
  test.each(cases)("%s, %o", async (name, choices, limits) => {
    const own: Plan = { ...plan, ...choices };
    const one = await weaveAll(own, {});
    const several = await weaveAll(own, limits);
    expect([one.name, one.dispatches]).toEqual([name, 1]);
    expect(several.dispatches).toBeGreaterThan(1);
    expect(several.read).toEqual(one.read);
    // Integers are one u32 each in buffers, and bytes if they are read back; both are arrays of numbers here.
    for (const kept of [...several.kept, ...one.kept]) expect(kept).toEqual(one.read);
    expect(one.read.labels !== undefined).toBe(hasLabels(own));
    if (own.exampleDtype === "float32") return;
    const expected = (await Engine.create(own, datasetFor(own))).weave(0, own.itemCount);
    expect(Buffer.from(several.read.inputs).equals(Buffer.from(expected.inputs))).toBe(true);
    expect(several.read.targets).toEqual([...new Uint8Array(expected.targets)]);
  });
});

test("the backend itself, with a device of few workgroups", async () => {
  const backend = new WebGpuBackend({ gpu: host, software: true, limits: fewGroups });
  const weaver = await backend.open(plan, datasetFor(plan));
  try {
    const { device, inputs, bytes } = await weaver.weaveBuffers(0, 8, undefined);
    const actual = await readBack(Gpu.from(device), inputs, bytes);
    const expected = (await Engine.create(plan, datasetFor(plan))).weave(0, 8);
    expect(Buffer.from(actual).equals(Buffer.from(expected.inputs))).toBe(true);
  } finally {
    weaver.dispose();
  }
});
