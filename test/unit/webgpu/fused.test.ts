import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../../src/backend/wasm/engine.js";
import { WebGpuBackend } from "../../../src/backend/webgpu/backend.js";
import type { GpuOptions } from "../../../src/backend/webgpu/device/adapter.js";
import { USAGE } from "../../../src/backend/webgpu/device/buffers.js";
import { Gpu } from "../../../src/backend/webgpu/device/device.js";
import { failureOf, WebGpuError } from "../../../src/backend/webgpu/device/failure.js";
import { prepareFused } from "../../../src/backend/webgpu/paths/fused-path.js";
import { identityPath } from "../../../src/backend/webgpu/paths/identity-path.js";
import type { Path } from "../../../src/backend/webgpu/paths/path.js";
import type { Variant } from "../../../src/backend/webgpu/paths/variants.js";
import { WebGpuWeaver } from "../../../src/backend/webgpu/weaver.js";
import { BackendError, DisposedError, InvalidOptionError } from "../../../src/base/errors.js";
import { Dataset } from "../../../src/dataset/index.js";
import { isAlways } from "../../../src/plan/curriculum.js";
import { itemBytes, type Plan } from "../../../src/plan/plan.js";
import { golden, name, sha256, trainingSet } from "../../support/support.js";
import { dawn } from "../../webgpu/dawn.js";
import { always, plain } from "../support/plans.js";
import { readBack } from "./read-back.js";

const host = dawn(); // @module-tag webgpu

const notebook: Plan = {
  ...plain,
  seed: 0n,
  mode: "sequence",
  taskOffset: 0,
  taskCount: 1,
  itemsPerTask: 1,
  itemCount: 1,
  length: 100,
  replacement: true,
  examples: 60000,
  features: 784,
  outFeatures: 784,
  exampleClasses: 10,
  classes: 10,
  exampleDtype: "uint8",
  grayOffset: 0,
  scale: Math.fround(1 / 784 / (4096 * 255)),
  dtype: "float32",
};

/** Some sequences of few, small examples. */
const small: Plan = {
  ...notebook,
  taskCount: 40,
  itemCount: 40,
  length: 9,
  examples: 12,
  features: 20,
  outFeatures: 7,
  exampleClasses: 5,
  classes: 5,
};

/** A plan whose kernel compiles fast. */
const identity: Plan = { ...small, identityProjection: always };

/** @param sparse true to set two of three blocks of sixteen pixels to zero */
function datasetFor({ examples, features, classes, exampleDtype }: Plan, sparse = false): Dataset {
  const pixel = (i: number) => (Math.imul(i + 1, 2654435761) >>> 13) % 256;
  const zero = (i: number) => sparse && pixel((i % features) >> 4) % 3 > 0 && pixel(i >> 5) % 4 > 0;
  const bytes = Uint8Array.from({ length: examples * features }, (_, i) => (zero(i) ? 0 : pixel(i)));
  // The extremes are among the steps.
  const steps = (byte: number, i: number) => (byte === 0 ? 0 : Math.imul(byte, i % 5 ? 257 : 128));
  return Dataset.from({
    ...(exampleDtype === "int16" ? { images: Int16Array.from(bytes, steps), scale: 1 } : { images: bytes }),
    targets: Uint16Array.from({ length: examples }, (_, i) => (i * 7) % classes),
    shape: [features],
    classes,
  });
}

describe("golden digests", () => {
  const backend = new WebGpuBackend({ gpu: host, software: true });
  // The keeper keeps the device and its compiled kernel from one test to the next.
  let keeper: WebGpuWeaver | undefined;
  beforeAll(async () => {
    keeper = await backend.open(identity, datasetFor(identity));
  });
  afterAll(() => keeper?.dispose());

  test.each(golden.cases.map((c) => [name(c), c] as const))("%s", async (_, c) => {
    const plan = { ...notebook, seed: BigInt(c.seed), taskOffset: c.task };
    // trainingSet() returns the class of the build; this file imports the class of the sources.
    const weaver = await backend.open(plan, (await trainingSet()) as unknown as Dataset);
    try {
      const { inputs, targets } = await weaver.weave(0, 1, undefined);
      expect([...new Uint8Array(targets)]).toEqual(c.targets);
      expect(sha256(new Uint8Array(inputs))).toBe(c.inputs_sha256_f32le_position_column_794);
    } finally {
      weaver.dispose();
    }
  });
});

/** Plans whose sizes are no multiples of anything, with scales that reach float16's subnormals and infinity. */
const plans = fc
  .record({
    seed: fc.bigInt(0n, 2n ** 64n - 1n),
    mode: fc.constantFrom("sequence", "sequence", "dataset", "samples") as fc.Arbitrary<Plan["mode"]>,
    taskOffset: fc.constantFrom(0, 77, 2 ** 32 - 6),
    samplesPerTask: fc.integer({ min: 1, max: 3 }),
    length: fc.integer({ min: 1, max: 45 }),
    replacement: fc.boolean(),
    examples: fc.integer({ min: 1, max: 60 }),
    features: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 70 }) }, fc.constantFrom(512, 600)),
    outFeatures: fc.integer({ min: 1, max: 60 }),
    classes: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant(300)),
    identityProjection: fc.constantFrom(0, 0, 0.5, 0.5, 1).map((share) => [[0, share]] as const),
    identityPermutation: fc.constantFrom(0, 0.5, 1).map((share) => [[0, share]] as const),
    fixed: fc.constantFrom(null, {
      share: [[0, 0.5]] as const,
      permutation: true,
      projection: true,
      task: "step" as const,
      pool: 2,
    }),
    tasksPerStep: fc.constantFrom(1, 4),
    labelLayout: fc.constantFrom("shifted", "shifted", "query-last", "none") as fc.Arbitrary<Plan["labelLayout"]>,
    labelFormat: fc.constantFrom("one-hot", "one-hot", "integer") as fc.Arbitrary<Plan["labelFormat"]>,
    specialTokens: fc.constantFrom(0, 2),
    startToken: fc.constantFrom(null, 1),
    grayOffset: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 255 })),
    scale: fc.constantFrom(1e-12, 3e-10, 1e-6, 0.37).map(Math.fround),
    identityScale: fc.constantFrom(1e-6, 0.37, 300).map(Math.fround),
    dtype: fc.constantFrom("float32", "float16") as fc.Arbitrary<Plan["dtype"]>,
    range: fc.tuple(fc.nat(200), fc.integer({ min: 1, max: 60 })),
    sparse: fc.boolean(),
  })
  .map(({ samplesPerTask, range, labelLayout, sparse, ...given }) => {
    const { mode, length, replacement, examples } = given;
    const taskCount = 6;
    const itemsPerTask = { sequence: samplesPerTask, dataset: examples, samples: 0 }[mode];
    const itemCount = mode === "samples" ? 40 : taskCount * itemsPerTask;
    const positions = mode === "sequence" ? (replacement ? length : Math.min(length, examples)) : 1;
    const plan: Plan = {
      ...notebook,
      ...given,
      exampleClasses: given.classes,
      labelLayout: mode === "sequence" ? labelLayout : "none",
      taskCount,
      itemsPerTask,
      itemCount,
      length: positions,
    };
    const first = range[0] % itemCount;
    return { plan, first, count: Math.min(range[1], itemCount - first), sparse };
  });

/** Plans of int16 examples, for which few kernels are compiled: that takes seconds for each. */
const int16Plans = fc
  .tuple(plans, fc.boolean(), fc.integer({ min: -32767, max: 32767 }))
  .map(([{ plan, ...given }, sparse, offset]) => ({
    ...given,
    sparse,
    plan: {
      ...plan,
      features: Math.min(plan.features, 600),
      exampleDtype: "int16" as const,
      identityProjection: isAlways(plan.identityProjection) ? always : ([[0, 0.5]] as const),
      grayOffset: sparse ? 0 : offset || 1,
      scale: Math.fround(plan.scale / 256),
      dtype: sparse ? ("float16" as const) : ("float32" as const),
    },
  }));

/** Shapes that the model does not choose, and other limits: results must not depend on them. */
const kinds: [string, Variant & { product: "packed" | "wide" }, GpuOptions][] = [
  ["packed products, wide tiles", { product: "packed", shape: { GROUPS: 3, ROW_GROUPS: 5, DEPTH: 2 } }, {}],
  [
    "wide products, narrow tiles, buffers that hold little",
    { product: "wide", shape: { GROUPS: 1, ROW_GROUPS: 2, DEPTH: 3 } },
    { packedDot: false, limits: { maxStorageBufferBindingSize: 2048, maxComputeWorkgroupsPerDimension: 150 } },
  ],
];

describe.each(kinds)("the same bits as WebAssembly, %s", (_, variant, options) => {
  let owner: Gpu;
  let gpu: Gpu;
  const shaped: Path = {
    name: "fused",
    prepare: (gpu, plan, dataset, table) => {
      const { product } = variant;
      const its: Variant = { ...variant, product: plan.exampleDtype === "int16" ? `${product}-int16` : product };
      return prepareFused(gpu, plan, dataset, table, its);
    },
  };
  const lease = { acquire: async () => gpu, release: () => undefined };
  beforeAll(async () => {
    owner = await Gpu.request({ gpu: host, software: true });
    gpu = Gpu.from(owner.device, options);
  });
  afterAll(() => owner?.destroy());

  const open = (plan: Plan, dataset: Dataset) =>
    WebGpuWeaver.open(plan, dataset, isAlways(plan.identityProjection) ? identityPath : shaped, lease, undefined);

  const read = (buffer: GPUBuffer, bytes: number) => readBack(gpu, buffer, bytes);

  test.each([
    ["any plan", plans, 60],
    ["int16 examples", int16Plans, 25],
  ])("%s, read back", async (_, plans, numRuns) => {
    await fc.assert(
      fc.asyncProperty(plans, async ({ plan, first, count, sparse }) => {
        const dataset = datasetFor(plan, sparse);
        const expected = (await Engine.create(plan, dataset)).weave(first, count);
        const weaver = await open(plan, dataset);
        try {
          // Overlapping calls share the drawing module and the buffers.
          const half = Math.ceil(count / 2);
          const woven = await Promise.all([
            weaver.weave(first, count, undefined),
            weaver.weave(first, half, undefined),
            weaver.weave(first, count, undefined),
          ]);
          const bytes = itemBytes(plan);
          for (const [i, { inputs, targets }] of woven.entries()) {
            const n = i === 1 ? half : count;
            expectSame(inputs, expected.inputs.slice(0, n * bytes.inputs));
            expectSame(targets, expected.targets.slice(0, n * bytes.targets));
          }
        } finally {
          weaver.dispose();
        }
      }),
      { numRuns },
    );
  });

  test("any plan, in buffers", async () => {
    await fc.assert(
      fc.asyncProperty(plans, async ({ plan, first, count: wanted }) => {
        const dataset = datasetFor(plan);
        const count = Math.max(1, Math.min(wanted, Math.floor(2048 / itemBytes(plan).inputs)));
        const fits = count * itemBytes(plan).inputs <= gpu.limits.maxStorageBufferBindingSize;
        const expected = (await Engine.create(plan, dataset)).weave(first, count);
        const weaver = await open(plan, dataset);
        try {
          const weaving = weaver.weaveBuffers(first, count, undefined);
          if (!fits) {
            await expect(weaving).rejects.toBeInstanceOf(InvalidOptionError);
            return;
          }
          const { device, inputs, targets, bytes } = await weaving;
          expect(device).toBe(gpu.device);
          expect(bytes).toBe(expected.inputs.byteLength);
          expectSame((await read(inputs, bytes)).buffer, expected.inputs);
          const Labels = plan.classes > 256 ? Uint16Array : Uint8Array;
          const labels = new Uint32Array((await read(targets, count * plan.length * 4)).buffer);
          expect([...labels]).toEqual([...new Labels(expected.targets)]);
          inputs.destroy();
          targets.destroy();
        } finally {
          weaver.dispose();
        }
      }),
      { numRuns: 40 },
    );
  });

  function expectSame(actual: ArrayBufferLike, expected: ArrayBufferLike) {
    const [a, b] = [Buffer.from(actual), Buffer.from(expected)];
    if (a.equals(b)) return;
    const bad = [...a.keys()].filter((i) => a[i] !== b[i]);
    expect.fail(`${bad.length} of ${b.length} bytes differ, from ${bad[0]} to ${bad.at(-1)}; ${a.length} bytes given`);
  }
});

test("tuning takes one of the variants, once for an adapter, and changes no bit", async () => {
  const plan: Plan = { ...small, taskCount: 3, itemCount: 3 };
  const dataset = datasetFor(plan, true);
  const expected = (await Engine.create(plan, dataset)).weave(0, 3);
  const compiled: number[] = [];
  for (let turn = 0; turn < 2; turn++) {
    const owner = await Gpu.request({ gpu: host, software: true });
    const { device } = owner;
    const compile = device.createComputePipelineAsync;
    let count = 0;
    device.createComputePipelineAsync = (descriptor) => {
      count++;
      return compile.call(device, descriptor);
    };
    const weaver = await new WebGpuBackend({ device, tune: true }).open(plan, dataset);
    const { inputs } = await weaver.weave(0, 3, undefined);
    expect(Buffer.from(inputs).equals(Buffer.from(expected.inputs))).toBe(true);
    weaver.dispose();
    owner.destroy();
    compiled.push(count);
  }
  expect(compiled[0]).toBeGreaterThan(1);
  expect(compiled[1]).toBe(1);
});

describe("when things go wrong", () => {
  const dataset = datasetFor(identity);

  test("a lost device fails the calls under way and is replaced for the next", async () => {
    const backend = new WebGpuBackend({ gpu: host, software: true });
    const weaver = await backend.open(identity, dataset);
    try {
      const before = await weaver.weave(3, 5, undefined);
      const { device } = await weaver.weaveBuffers(0, 1, undefined);
      const [first, second] = [weaver.weave(3, 5, undefined), weaver.weave(20, 5, undefined)];
      device.destroy();
      const failures = await Promise.allSettled([first, second]);
      for (const [i, failure] of failures.entries()) {
        const reason = failure.status === "rejected" ? failure.reason : undefined;
        expect(reason).toBeInstanceOf(BackendError);
        expect(reason).toMatchObject({ backend: "webgpu", reason: "device lost", nextTask: [3, 20][i] });
      }
      const after = await weaver.weave(3, 5, undefined);
      expect(Buffer.from(after.inputs).equals(Buffer.from(before.inputs))).toBe(true);
    } finally {
      weaver.dispose();
    }
  });

  test("a device of the caller's is not destroyed, and not replaced", async () => {
    const owner = await Gpu.request({ gpu: host, software: true });
    const backend = new WebGpuBackend({ device: owner.device });
    const weaver = await backend.open(identity, dataset);
    await weaver.weave(0, 1, undefined);
    weaver.dispose();
    const again = await backend.open(identity, dataset);
    await again.weave(0, 1, undefined);
    owner.destroy();
    await expect(again.weave(0, 1, undefined)).rejects.toMatchObject({ reason: "device lost", nextTask: 0 });
    await expect(again.weave(7, 1, undefined)).rejects.toMatchObject({ reason: "device lost", nextTask: 7 });
    again.dispose();
  });

  test("abort and disposal end a call at once", async () => {
    const backend = new WebGpuBackend({ gpu: host, software: true });
    const weaver = await backend.open(identity, dataset);
    const reason = new Error("enough");
    await expect(weaver.weave(0, 1, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const aborted = weaver.weave(0, 40, controller.signal);
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    await expect(backend.open(identity, dataset, AbortSignal.abort(reason))).rejects.toBe(reason);
    await weaver.weave(0, 40, undefined);
    const disposed = weaver.weave(0, 40, undefined);
    weaver.dispose();
    await expect(disposed).rejects.toBeInstanceOf(DisposedError);
    await expect(weaver.weave(0, 1, undefined)).rejects.toBeInstanceOf(DisposedError);
  });

  test("a failure of the device is typed, and what no scope caught is thrown by the next call", async () => {
    const gpu = await Gpu.request({ gpu: host, software: true });
    try {
      await expect(gpu.buffer("wrong", 16, 0xffff)).rejects.toMatchObject({ code: "BACKEND", reason: "validation" });
      await expect(gpu.pipeline("project-packed", { NOBODY: 1 })).rejects.toMatchObject({ reason: "shader" });
      await gpu.pipeline("project-identity", { HALF: 0 });
      gpu.device.createBuffer({ size: 16, usage: 0xffff });
      await gpu.device.queue.onSubmittedWorkDone();
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(() => gpu.check()).toThrow(WebGpuError);
      gpu.check();
    } finally {
      gpu.destroy();
    }
  });

  test("a buffer that does not fit is out of memory", async () => {
    class GPUOutOfMemoryError extends Error {}
    expect(failureOf(new GPUOutOfMemoryError("full"), "buffer x")).toMatchObject({
      reason: "out of memory",
      message: "webgpu: out of memory: buffer x: full",
    });
  });

  test("a path that fails at work says which task is next", async () => {
    const gpu = await Gpu.request({ gpu: host, software: true });
    const lease = { acquire: async () => gpu, release: () => gpu.destroy() };
    let broken = true;
    const flaky: Path = {
      name: "flaky",
      async prepare(...all) {
        const path = await identityPath.prepare(...all);
        const stage: typeof path.stage = async (batch, loans) => {
          const encode = await path.stage(batch, loans);
          // A buffer that a shader cannot write.
          const wrong = await loans.take("wrong", 65536, USAGE.COPY_DST);
          return (encoder, output) => encode(encoder, broken ? wrong : output);
        };
        return { maxPositions: path.maxPositions, stage, destroy: () => path.destroy() };
      },
    };
    const weaver = await WebGpuWeaver.open(identity, dataset, flaky, lease, undefined);
    await expect(weaver.weave(11, 2, undefined)).rejects.toMatchObject({ reason: "validation", nextTask: 11 });
    broken = false;
    await weaver.weave(11, 2, undefined);
    weaver.dispose();
  });
});
