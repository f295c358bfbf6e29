import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Engine } from "../../../src/backend/wasm/engine.js";
import { USAGE, uploadTable } from "../../../src/backend/webgpu/device/buffers.js";
import { Gpu } from "../../../src/backend/webgpu/device/device.js";
import { LimbsKernel } from "../../../src/backend/webgpu/kernels/limbs.js";
import { blocksOf, MatrixKernel } from "../../../src/backend/webgpu/kernels/matrix.js";
import { NarrowKernel } from "../../../src/backend/webgpu/kernels/narrow.js";
import { ProductKernel } from "../../../src/backend/webgpu/kernels/product.js";
import { ProjectFloatKernel } from "../../../src/backend/webgpu/kernels/project-float.js";
import { StandardizeFeaturesKernel } from "../../../src/backend/webgpu/kernels/standardize-features.js";
import { StatisticsKernel } from "../../../src/backend/webgpu/kernels/statistics.js";
import { perform, type Work } from "../../../src/backend/webgpu/kernels/work.js";
import { floatPath } from "../../../src/backend/webgpu/paths/float-path.js";
import { identityFloatPath } from "../../../src/backend/webgpu/paths/identity-float-path.js";
import type { Path } from "../../../src/backend/webgpu/paths/path.js";
import { productPath } from "../../../src/backend/webgpu/paths/product-path.js";
import { WebGpuWeaver } from "../../../src/backend/webgpu/weaver.js";
import { Dataset } from "../../../src/dataset/index.js";
import type { Plan } from "../../../src/plan/plan.js";
import { rowLength } from "../../../src/plan/plan.js";
import { float16Edges } from "../../support/float16-values.js";
import { deviatesOf, moduleWith, u32 } from "../../support/module.js";
import { dawn } from "../../webgpu/dawn.js";
import { always, never, plain } from "../support/plans.js";

/** The variable keeps the host alive: Dawn destroys its devices when the host is collected. */
const host = dawn(); // @module-tag webgpu
let gpu: Gpu;
let table: GPUBuffer;

beforeAll(async () => {
  gpu = await Gpu.request({ gpu: host, software: true });
  const { kernel } = await moduleWith(0n, {});
  table = await uploadTable(gpu, u32(kernel, kernel.normalTable(), 768));
});

afterAll(() => gpu?.destroy());

const limited = new Map<number, Gpu>();

/** Returns the device with a lower limit of bindings. Tests share one for each limit, because each compiles its pipelines. */
function withBindings(most: number): Gpu {
  const known = limited.get(most);
  if (known) return known;
  const made = Gpu.from(gpu.device, { limits: { maxStorageBufferBindingSize: most, maxBufferSize: most } });
  limited.set(most, made);
  return made;
}

/** The contents of results before a kernel writes them. */
const POISON = 12345;

/** Runs dispatches that write a buffer of `bytes`, which is full of POISON before, and reads it. */
async function collect(bytes: number, encode: (work: Work, out: GPUBuffer) => void): Promise<ArrayBuffer> {
  const size = Math.ceil(bytes / 4) * 4;
  const out = await gpu.buffer("test: out", size, USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST);
  const readable = await gpu.buffer("test: read-back", size, USAGE.MAP_READ | USAGE.COPY_DST);
  gpu.device.queue.writeBuffer(out, 0, new Float32Array(size / 4).fill(POISON));
  try {
    await perform(gpu, "test", (work) => {
      encode(work, out);
      work.encoder.copyBufferToBuffer(out, 0, readable, 0, size);
    });
    await readable.mapAsync(GPUMapMode.READ);
    gpu.check();
    return readable.getMappedRange().slice(0);
  } finally {
    out.destroy();
    readable.destroy();
  }
}

const seeds = fc.bigInt(0n, 2n ** 64n - 1n);
const taskNumbers = fc.nat(2 ** 32 - 1);

/** Returns values in [0, 1) that depend on a salt. */
function uniform(salt: number): () => number {
  let state = salt;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state / 2 ** 32;
  };
}

/** Pads each row of values with zeros to a multiple of `unit` values. */
function padRows<T extends Uint8Array | Float32Array>(values: T, columns: number, unit = 16): T {
  const stride = Math.ceil(columns / unit) * unit;
  const rows = values.length / columns;
  const padded = new (values.constructor as new (length: number) => T)(rows * stride);
  for (let r = 0; r < rows; r++) padded.set(values.subarray(r * columns, (r + 1) * columns), r * stride);
  return padded;
}

/** Fails with the places of the first and last difference instead of both arrays. */
function expectSame(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  const wrong: number[] = [];
  for (let i = 0; i < expected.length; i++) if (!Object.is(actual[i], expected[i])) wrong.push(i);
  const [first, last] = [wrong[0], wrong.at(-1)];
  if (first === undefined || last === undefined) return;
  expect.fail(
    `${wrong.length} of ${expected.length} differ: [${first}] is ${actual[first]}, not ${expected[first]}; ` +
      `last [${last}] is ${actual[last]}, not ${expected[last]}`,
  );
}

test("matrix: the module's, for any rows of any tasks", async () => {
  const kernel = await MatrixKernel.create(gpu, table);
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        seed: seeds,
        tasks: fc.array(taskNumbers, { minLength: 1, maxLength: 3 }),
        row: fc.nat(70),
        rows: fc.integer({ min: 1, max: 40 }),
        columns: fc.integer({ min: 1, max: 100 }),
      }),
      fc.constantFrom(1, 1 / 4096, Math.fround(0.3 / 4096)),
      async (which, scale) => {
        const { seed, tasks, row, rows, columns } = which;
        const actual = await collect(tasks.length * rows * MatrixKernel.rowBytes(columns), (work, out) => {
          kernel.encode(work, which, scale, { buffer: out });
        });
        const { kernel: module, at } = await moduleWith(seed, { out: rows * columns * 4 });
        const stride = rows * blocksOf(columns) * 16;
        tasks.forEach((task, t) => {
          module.matrix(task, row, rows, columns, scale, at.out);
          const expected = new Float32Array(module.memory.buffer, at.out, rows * columns);
          expectSame(new Float32Array(actual, t * stride * 4, stride), padRows(expected.slice(), columns));
        });
      },
    ),
    { numRuns: 30 },
  );
});

test("limbs: 256 * high + low is the deviate, and sums begin with (128 - offset) * rowsum", async () => {
  const kernel = await LimbsKernel.create(gpu, table);
  const [rows, columns, offset] = [37, 53, -2000];
  const tasks = [4, 2 ** 32 - 1];
  const blocks = blocksOf(columns);
  const bytes = tasks.length * rows * LimbsKernel.rowBytes(columns);
  const initialAt = Math.ceil(bytes / 256) * 256;
  const actual = await collect(initialAt + tasks.length * rows * 4, (work, out) => {
    kernel.encode(work, { seed: 9n, tasks, row: 0, rows, columns }, offset, {
      limbs: { buffer: out, size: bytes },
      initial: { buffer: out, offset: initialAt },
    });
  });
  for (const [t, task] of tasks.entries()) {
    const g = padRows(Float32Array.from(await deviatesOf(9n, task, rows, columns)), columns);
    const limbs = new Int8Array(actual, (t * bytes) / 2, bytes / 2);
    const joined = g.map((_, k) => {
      const [block, column] = [Math.floor(k / 16), k % 16];
      return 256 * limbs[32 * block + 16 + column]! + limbs[32 * block + column]!;
    });
    expectSame(joined, g);
    const sums = Array.from({ length: rows }, (_, i) => {
      const row = g.subarray(i * blocks * 16, (i + 1) * blocks * 16);
      return Math.imul(
        128 - offset,
        row.reduce((sum, v) => sum + v, 0),
      );
    });
    expectSame(new Int32Array(actual, initialAt + t * rows * 4, rows), sums);
  }
});

/** Returns a plan of one task over a whole dataset. */
function datasetPlan(
  given: Pick<Plan, "seed" | "taskOffset" | "examples" | "features" | "outFeatures"> & Partial<Plan>,
) {
  return {
    ...plain,
    mode: "dataset",
    taskCount: 1,
    itemsPerTask: given.examples,
    itemCount: given.examples,
    length: 1,
    replacement: true,
    exampleClasses: given.classes ?? 1,
    classes: 1,
    exampleDtype: "uint8",
    identityPermutation: always,
    labelLayout: given.mode === "sequence" ? "shifted" : "none",
    grayOffset: 0,
    scale: Math.fround(1 / (4096 * 255)),
    dtype: "float32",
    ...given,
  } satisfies Plan;
}

const shapes = fc.record({
  seed: seeds,
  taskOffset: taskNumbers,
  examples: fc.integer({ min: 1, max: 300 }),
  features: fc.integer({ min: 1, max: 130 }),
  outFeatures: fc.integer({ min: 1, max: 150 }),
  grayOffset: fc.constantFrom(0, 33, 255, -2000),
});

test.each(["packed", "emulated"])("product: bit for bit the module's, for any sizes (%s)", async (kind) => {
  const device = kind === "packed" ? gpu : Gpu.from(gpu.device, { packedDot: false });
  const limbsKernel = await LimbsKernel.create(gpu, table);
  const product = await ProductKernel.create(device);
  await fc.assert(
    fc.asyncProperty(shapes, fc.nat(2 ** 31), fc.nat(1000), fc.nat(1000), async (shape, salt, skip, cut) => {
      const plan = datasetPlan(shape);
      const { examples, features, outFeatures, seed, grayOffset, scale } = plan;
      const next = uniform(salt);
      const images = Uint8Array.from({ length: examples * features }, () => next() * 300);
      const first = skip % examples;
      // Two panels of rows, side by side.
      const panels = [cut % outFeatures, outFeatures - (cut % outFeatures)].filter((rows) => rows > 0);
      const actual = await collect((1 + examples - first) * outFeatures * 4, (work, out) => {
        const pixels = { buffer: work.upload("images", padRows(images, features)) };
        let row = 0;
        for (const rows of panels) {
          const limbs = {
            limbs: { buffer: work.temporary("limbs", rows * LimbsKernel.rowBytes(features), USAGE.STORAGE) },
            initial: {
              buffer: work.temporary("sums", rows * 4, USAGE.STORAGE | USAGE.COPY_DST),
            },
          };
          limbsKernel.encode(work, { seed, tasks: [plan.taskOffset], row, rows, columns: features }, grayOffset, limbs);
          const range = { first, examples: examples - first, columns: features, rows, position: 1, column: row };
          product.encode(work, { ...range, stride: outFeatures, scale }, pixels, limbs, { buffer: out });
          row += rows;
        }
      });
      const kernel = await Engine.create(plan, { images, targets: new Uint16Array(examples) });
      const expected = new Float32Array(kernel.weave(first, examples - first).inputs);
      expectSame(new Float32Array(actual, 0, outFeatures), new Array(outFeatures).fill(POISON));
      expectSame(new Float32Array(actual, outFeatures * 4), expected);
    }),
    { numRuns: kind === "packed" ? 30 : 8 },
  );
});

test("float: within the bound of the true product, gathered, for any tasks, positions and sizes", async () => {
  const kernel = await ProjectFloatKernel.create(gpu, 1000);
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        tasks: fc.integer({ min: 1, max: 3 }),
        positions: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 150 })),
        columns: fc.integer({ min: 1, max: 90 }),
        rows: fc.integer({ min: 1, max: 140 }),
        extra: fc.nat(5),
        first: fc.nat(7),
        shared: fc.boolean(),
      }),
      fc.nat(2 ** 31),
      async ({ tasks, positions, columns, rows, extra, first, shared }, salt) => {
        const next = uniform(salt);
        const scale = Math.fround(1 / 784);
        const x = Float32Array.from({ length: 9 * columns }, () => (next() - 0.5) * 2000);
        const a = Float32Array.from({ length: (shared ? 1 : tasks) * rows * columns }, () => (next() - 0.5) * 40000);
        const indices = Uint32Array.from({ length: first + tasks * positions }, () => Math.floor(next() * 9));
        const stride = rows + extra;
        const column = extra >> 1;
        const data = await collect((2 + tasks * positions) * stride * 4, (work, out) => {
          const examples = { buffer: work.upload("examples", padRows(x, columns, 4)) };
          const matrices = { buffer: work.upload("matrices", padRows(a, columns)) };
          const buffers = { examples, matrices, indices: { buffer: work.upload("indices", indices) } };
          const range = { tasks, first, positions, columns, rows, shared, position: 2, column, stride, scale };
          kernel.encode(work, range, { ...buffers, out: { buffer: out } });
        });
        const actual = new Float32Array(data, 2 * stride * 4);
        expectSame(new Float32Array(data, 0, 2 * stride), new Array(2 * stride).fill(POISON));
        for (let q = 0; q < tasks * positions; q++) {
          const matrix = shared ? 0 : Math.floor(q / positions) * rows;
          for (let i = -column; i < stride - column; i++) {
            const value = actual[q * stride + column + i]!;
            if (i < 0 || i >= rows) {
              expect(value).toBe(POISON);
              continue;
            }
            let sum = 0;
            let size = 0;
            for (let j = 0; j < columns; j++) {
              const term = a[(matrix + i) * columns + j]! * x[indices[first + q]! * columns + j]! * scale;
              sum += term;
              size += Math.abs(term);
            }
            expect(Math.abs(value - sum)).toBeLessThanOrEqual((columns + 2) * 2 ** -24 * size);
          }
        }
      },
    ),
    { numRuns: 25 },
  );
});

test("narrow: the module's float16, at its edges and for many values", async () => {
  const next = uniform(8);
  const random = Array.from({ length: 2999 }, () => (next() - 0.5) * 2 ** Math.floor(next() * 50 - 30));
  const values = Float32Array.from([...float16Edges, ...random]);
  const plan: Plan = {
    ...datasetPlan({ seed: 0n, taskOffset: 0, examples: 1, features: values.length, outFeatures: values.length }),
    exampleDtype: "float32",
    identityProjection: always,
    identityScale: 1,
    dtype: "float16",
  };
  const kernel = await Engine.create(plan, { images: values, targets: new Uint16Array(1) });
  const expected = new Uint16Array(kernel.weave(0, 1).inputs);
  const narrow = await NarrowKernel.create(gpu);
  const actual = await collect(12 + Math.ceil(values.length / 2) * 4, (work, out) => {
    narrow.encode(work, values.length, { buffer: work.upload("values", values) }, 3, { buffer: out });
  });
  expectSame(new Float32Array(actual, 0, 3), [POISON, POISON, POISON]);
  expectSame(new Uint16Array(actual, 12, values.length), expected);
  expect(values.length % 2).toBe(1);
  expect(new Uint16Array(actual, 12)[values.length]).toBe(0);
});

test.each([
  [1, 1, 1],
  [2, 3, 5],
  [129, 33, 40],
  [20000, 3, 3],
  [1000, 70, 70],
])(
  "statistics of %i rows x %i of %i values, and what they normalize, within the bound",
  async (rows, width, stride) => {
    // The largest table takes several bindings.
    const device = withBindings(2 ** 16);
    const statistics = await StatisticsKernel.create(device);
    const normalize = await StandardizeFeaturesKernel.create(device);
    const next = uniform(rows);
    // Some features are far from zero and close together, some have very different sizes, one is constant, and one begins with
    // an outlier.
    const values = Float32Array.from({ length: rows * stride }, (_, k) => {
      const [row, column] = [Math.floor(k / stride), k % stride];
      if (column % 4 === 0) return 1000 + next();
      if (column % 4 === 1) return (next() - 0.5) * 10 ** (column % 7);
      return column % 4 === 2 ? 42 : row === 0 ? 1e4 : next();
    });
    const size = rows * stride * 4;
    const resultAt = Math.ceil(size / 256) * 256;
    for (const unbiased of rows > 1 ? [false, true] : [false]) {
      const eps = 1e-3;
      let merges = 0;
      const actual = await collect(resultAt + StatisticsKernel.resultBytes(width), (work, out) => {
        work.encoder.copyBufferToBuffer(work.upload("values", values, USAGE.COPY_SRC), 0, out, 0, size);
        const result = work.temporary("result", width * 8, USAGE.STORAGE | USAGE.COPY_SRC);
        const what = { values: out, rows, width, stride };
        merges = StatisticsKernel.merges(device.limits, what);
        statistics.encode(work, what, unbiased, { buffer: result });
        normalize.encode(work, what, { buffer: result }, eps);
        work.encoder.copyBufferToBuffer(result, 0, out, resultAt, width * 8);
      });
      const result = new Float32Array(actual, resultAt, width * 2);
      const normalized = new Float32Array(actual, 0, rows * stride);
      for (let column = 0; column < width; column++) {
        const feature = Array.from({ length: rows }, (_, row) => values[row * stride + column]!);
        const mean = feature.reduce((sum, v) => sum + v, 0) / rows;
        const squares = feature.reduce((sum, v) => sum + (v - mean) ** 2, 0);
        const deviation = Math.sqrt(squares / (rows - (unbiased ? 1 : 0)));
        const bound = (80 + 24 * merges) * 2 ** -24 * Math.max(...feature.map(Math.abs));
        const [m, d] = [result[2 * column]!, result[2 * column + 1]!];
        expect(Math.abs(m - mean)).toBeLessThanOrEqual(bound);
        expect(Math.abs(d - deviation)).toBeLessThanOrEqual(bound * (unbiased ? Math.sqrt(rows / (rows - 1)) : 1));
        // Given the statistics on the device, standardizing adds three roundings and a division of 2.5 ulp.
        for (let row = 0; row < rows; row++) {
          const exact = (feature[row]! - m) / (d + eps);
          expect(Math.abs(normalized[row * stride + column]! - exact)).toBeLessThanOrEqual(
            8 * 2 ** -24 * Math.abs(exact),
          );
        }
      }
      for (let k = 0; k < rows * stride; k++) if (k % stride >= width) expect(normalized[k]).toBe(values[k]);
    }
  },
);

/** Makes items `[first, first + count)` by a path, with limits that force many steps, and by the WebAssembly engine. */
async function weaveBoth(path: Path, plan: Plan, images: Uint8Array | Float32Array, limit: number) {
  const labels = Uint16Array.from({ length: plan.examples }, (_, i) => (i * 7) % plan.classes);
  const { features, classes } = plan;
  const dataset = Dataset.from({ images, targets: labels, shape: [features], classes });
  const lease = { acquire: async () => withBindings(limit), release: () => undefined };
  const weaver = await WebGpuWeaver.open(plan, dataset, path, lease, undefined);
  const kernel = await Engine.create(plan, { images, targets: labels });
  const first = Math.floor(plan.itemCount / 3);
  const count = plan.itemCount - first;
  try {
    const actual = await weaver.weave(first, count, undefined);
    const expected = kernel.weave(first, count);
    expectSame(new Uint8Array(actual.targets), new Uint8Array(expected.targets));
    const values = plan.dtype === "float16" ? Uint16Array : Float32Array;
    return { actual: new values(actual.inputs), expected: new values(expected.inputs), kernel, first };
  } finally {
    weaver.dispose();
  }
}

test.each([
  ["float32", 2 ** 27],
  ["float32", 2 ** 12],
  ["float16", 2 ** 27],
  ["float16", 2 ** 12],
] as const)(
  "whole uint8 datasets: bit for bit the module's (%s, bindings of at most %i bytes)",
  async (dtype, limit) => {
    const next = uniform(limit);
    const examples = limit === 2 ** 27 ? 203 : 63;
    // In the second set some tasks have the identity matrix.
    for (const [outFeatures, share] of [
      [40, never],
      [71, [[0, 0.5]]],
    ] as const) {
      const sizes = { seed: 77n, taskOffset: 2 ** 32 - 3, examples, features: 50, outFeatures, grayOffset: 33 };
      const plan: Plan = datasetPlan({
        ...sizes,
        taskCount: 3,
        itemCount: 3 * examples,
        dtype,
        classes: 10,
        identityProjection: share,
      });
      const images = Uint8Array.from({ length: examples * 50 }, () => next() * 256);
      const { actual, expected } = await weaveBoth(productPath, plan, images, limit);
      expectSame(actual, expected);
    }
  },
);

const floatModes: [string, Partial<Plan>][] = [
  ["sequence", { mode: "sequence", length: 7, itemsPerTask: 3, itemCount: 30, taskCount: 10, replacement: false }],
  ["sequence", { mode: "sequence", length: 33, itemsPerTask: 1, itemCount: 9, taskCount: 9, dtype: "float16" }],
  ["dataset", { taskCount: 3, itemCount: 3 * 41 }],
  ["samples", { mode: "samples", itemsPerTask: 0, itemCount: 40, taskCount: 2 ** 31 }],
];

test.each(floatModes.flatMap(([mode, choice]) => [2 ** 27, 2 ** 12].map((limit) => [mode, limit, choice] as const)))(
  "float32 examples, %s, bindings of at most %i bytes: within the bound, labels and one-hots equal",
  async (...given) => {
    const [, limit, choice] = given;
    const next = uniform(limit);
    const sizes = { seed: 78n, taskOffset: 5, examples: 41, features: 37, outFeatures: 67 };
    const scale = Math.fround(0.3 / 4096);
    const plan: Plan = datasetPlan({
      ...sizes,
      exampleDtype: "float32",
      scale,
      identityScale: Math.fround(0.7),
      identityProjection: [[0, 0.4]],
      classes: 9,
      identityPermutation: never,
      ...choice,
    });
    const images = Float32Array.from({ length: 41 * 37 }, () => (next() - 0.5) * 10);
    const { actual, kernel, first, expected } = await weaveBoth(floatPath, plan, images, limit);
    expect(actual.length).toBe(expected.length);
    const width = rowLength(plan);
    for (let item = first; item < plan.itemCount; item++) {
      const { task, identity, indices } = kernel.examplesOf(item);
      const g = identity
        ? Float64Array.from({ length: 67 * 37 }, (_, k) => (Math.floor(k / 37) === k % 37 ? 1 : 0))
        : await deviatesOf(plan.seed, task, 67, 37);
      const scale = identity ? plan.identityScale : plan.scale;
      for (let p = 0; p < plan.length; p++) {
        const at = ((item - first) * plan.length + p) * width;
        for (let i = 0; i < 67; i++) {
          let sum = 0;
          let size = 0;
          for (let j = 0; j < 37; j++) {
            const term = g[i * 37 + j]! * scale * images[indices[p]! * 37 + j]!;
            sum += term;
            size += Math.abs(term);
          }
          const bound = (37 + 2) * 2 ** -24 * size;
          const half = plan.dtype === "float16";
          const value = half ? fromFloat16(actual[at + i]!) : actual[at + i]!;
          // Half a unit in the last of binary16's 11 bits, or half of its smallest number.
          const rounding = half ? 2 ** -11 * (Math.abs(sum) + bound) + 2 ** -25 : 0;
          expect(Math.abs(value - sum)).toBeLessThanOrEqual(bound + rounding);
        }
        expectSame(actual.subarray(at + 67, at + width), expected.subarray(at + 67, at + width));
      }
    }
  },
);

test.each(floatModes)("float32 examples under the identity: bit for bit the module's (%s)", async (_, choice) => {
  const next = uniform(3);
  for (const [outFeatures, limit] of [
    [37, 2 ** 27],
    [20, 2 ** 12],
    [45, 2 ** 12],
  ] as const) {
    const sizes = { seed: 79n, taskOffset: 5, examples: 41, features: 37, outFeatures };
    const plan: Plan = datasetPlan({
      ...sizes,
      exampleDtype: "float32",
      identityProjection: always,
      identityScale: 1,
      classes: 70,
      ...choice,
    });
    const images = Float32Array.from({ length: 41 * 37 }, () => (next() - 0.5) * 10);
    const { actual, expected } = await weaveBoth(identityFloatPath, plan, images, limit);
    expectSame(actual, expected);
  }
});

function fromFloat16(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return bits >> 15 ? -size : size;
}
