import { afterAll, beforeAll, expect, test } from "vitest";
import { USAGE } from "../../../src/backend/webgpu/device/buffers.js";
import { Gpu } from "../../../src/backend/webgpu/device/device.js";
import { MOST_GROUPS, StandardizeExamplesKernel } from "../../../src/backend/webgpu/kernels/standardize-examples.js";
import { perform } from "../../../src/backend/webgpu/kernels/work.js";
import { standardizeExamples } from "../../../src/scaling/standardize-examples.js";
import { dawn } from "../../webgpu/dawn.js";

/** The variable keeps the host alive: Dawn destroys its devices when the host is collected. */
const host = dawn(); // @module-tag webgpu
let gpu: Gpu;

beforeAll(async () => {
  gpu = await Gpu.request({ gpu: host, software: true });
});

afterAll(() => gpu?.destroy());

/** Standardizes rows on the device, in place. */
async function onDevice(rows: Float32Array, stride: number, features: number, device = gpu): Promise<Float32Array> {
  const kernel = await StandardizeExamplesKernel.create(device);
  const values = await gpu.buffer("test: rows", rows.byteLength, USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST);
  const back = await gpu.buffer("test: back", rows.byteLength, USAGE.MAP_READ | USAGE.COPY_DST);
  gpu.device.queue.writeBuffer(values, 0, rows as Float32Array<ArrayBuffer>);
  await perform(device, "test", (work) => {
    kernel.encode(work, { values, rows: rows.length / stride, width: features, stride });
    work.encoder.copyBufferToBuffer(values, 0, back, 0, rows.byteLength);
  });
  await back.mapAsync(1);
  const result = new Float32Array(back.getMappedRange().slice(0));
  back.destroy();
  values.destroy();
  return result;
}

/** Returns numbers in [0, 1). */
const uniform = (i: number, salt: number) => (Math.imul(i + 1 + salt * 7919, 0x9e3779b1) >>> 8) / 2 ** 24;

/** Returns rows of four kinds: like projections, far from zero, with an outlier as the first value, and constant. */
function sample(row: number, i: number, features: number): number {
  const noise = uniform(row * features + i, row) - 0.5;
  if (row % 4 === 0) return noise * 10 ** ((row % 5) - 2);
  if (row % 4 === 1) return 70_000 + noise; // 2^17.9 deviations
  if (row % 4 === 2) return i === 0 ? 1e4 : noise;
  return -0.1 * row;
}

/** Compares with the host's results. The bound includes their own rounding of 2^-24 of a value. */
function expectClose(actual: Float32Array, given: Float32Array, stride: number, features: number): void {
  const expected = given.slice();
  standardizeExamples(expected, stride, features, given.length / stride);
  const bound = StandardizeExamplesKernel.bound(features);
  const wrong: unknown[] = [];
  actual.forEach((z, k) => {
    const e = expected[k] as number;
    const near = k % stride < features ? Math.abs(z - e) <= bound * (Math.abs(e) + 1) : z === given[k];
    if (!near) wrong.push({ row: Math.floor(k / stride), column: k % stride, given: given[k], actual: z, expected: e });
  });
  expect(wrong.slice(0, 3)).toEqual([]);
  expect(actual.length).toBe(expected.length);
}

test.each([
  [1, 1, 9],
  [1, 4, 9],
  [7, 7, 40],
  [7, 17, 40],
  [64, 64, 12],
  [64, 74, 12],
  [65, 70, 12],
  [784, 794, 24],
  [3072, 3082, 12],
])("%i features of rows of %i values, as the host has them", async (features, stride, count) => {
  const rows = Float32Array.from({ length: count * stride }, (_, k) => {
    const [row, i] = [Math.floor(k / stride), k % stride];
    return i < features ? sample(row, i, features) : row + i;
  });
  expectClose(await onDevice(rows, stride, features), rows, stride, features);
});

test("rows of equal values become zeros, also at either end of float32", async () => {
  const features = 100;
  const constants = [0, -0, 1 / 3, -1e-30, 3e38];
  const rows = Float32Array.from(
    { length: constants.length * features },
    (_, k) => constants[Math.floor(k / features)]!,
  );
  const actual = await onDevice(rows, features, features);
  expect(actual.every((z) => z === 0)).toBe(true);
});

test("a table larger than a binding", async () => {
  const most = 2 ** 13;
  const small = Gpu.from(gpu.device, { limits: { maxStorageBufferBindingSize: most, maxBufferSize: most } });
  const [features, stride, count] = [11, 17, 600];
  const rows = Float32Array.from({ length: count * stride }, (_, k) => uniform(k, 3));
  expect(rows.byteLength).toBeGreaterThan(4 * most);
  expectClose(await onDevice(rows, stride, features, small), rows, stride, features);
});

test("more rows than workgroups", async () => {
  const [features, stride, count] = [2, 2, MOST_GROUPS + 10];
  const rows = Float32Array.from({ length: count * stride }, (_, k) => k % 2);
  const actual = await onDevice(rows, stride, features);
  expectClose(actual, rows, stride, features);
});
