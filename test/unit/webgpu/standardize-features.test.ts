import { afterAll, beforeAll, expect, test } from "vitest";
import { USAGE } from "../../../src/backend/webgpu/device/buffers.js";
import { Gpu } from "../../../src/backend/webgpu/device/device.js";
import { StandardizeFeaturesKernel } from "../../../src/backend/webgpu/kernels/standardize-features.js";
import { StatisticsKernel } from "../../../src/backend/webgpu/kernels/statistics.js";
import { perform } from "../../../src/backend/webgpu/kernels/work.js";
import { FeatureMoments } from "../../../src/scaling/feature-moments.js";
import { standardizeFeatures } from "../../../src/scaling/standardize-features.js";
import { dawn } from "../../webgpu/dawn.js";

/** The variable keeps the host alive: Dawn destroys its devices when the host is collected. */
const host = dawn(); // @module-tag webgpu
let gpu: Gpu;

beforeAll(async () => {
  gpu = await Gpu.request({ gpu: host, software: true });
});

afterAll(() => gpu?.destroy());

/** Standardizes the first `width` values of each row by the batch's own statistics, on the device. */
async function onDevice(rows: Float32Array, stride: number, width: number, unbiased: boolean, epsilon: number) {
  const [statistics, normalize] = await Promise.all([
    StatisticsKernel.create(gpu),
    StandardizeFeaturesKernel.create(gpu),
  ]);
  const values = await gpu.buffer("test: rows", rows.byteLength, USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST);
  const back = await gpu.buffer("test: back", rows.byteLength, USAGE.MAP_READ | USAGE.COPY_DST);
  gpu.device.queue.writeBuffer(values, 0, rows as Float32Array<ArrayBuffer>);
  const table = { values, rows: rows.length / stride, width, stride };
  await perform(gpu, "test", (work) => {
    const result = { buffer: work.temporary("statistics", StatisticsKernel.resultBytes(width), USAGE.STORAGE) };
    statistics.encode(work, table, unbiased, result);
    normalize.encode(work, table, result, epsilon);
    work.encoder.copyBufferToBuffer(values, 0, back, 0, rows.byteLength);
  });
  await back.mapAsync(1);
  const result = new Float32Array(back.getMappedRange().slice(0));
  back.destroy();
  values.destroy();
  return { result, merges: StatisticsKernel.merges(gpu.limits, table) };
}

test.each([
  ["the projected values alone", 20, 0, 0],
  ["one-hots included, unbiased, with the notebook's epsilon", 24, 1, 1e-12],
] as const)("a batch by its own features: %s", async (_, width, ddof, epsilon) => {
  const [features, stride, count] = [20, 24, 300];
  const rows = Float32Array.from({ length: count * stride }, (_, k) => {
    const [row, i] = [Math.floor(k / stride), k % stride];
    if (i === 3) return 1 / 3; // constant
    if (i >= features) return row % 3 === i - features ? 1 : 0; // the last class never occurs
    return ((Math.imul(k + 1, 0x9e3779b1) >>> 8) / 2 ** 24 - 0.5) * 2 ** (i - 10);
  });
  const { result, merges } = await onDevice(rows, stride, width, ddof === 1, epsilon);

  const expected = rows.slice();
  const moments = new FeatureMoments(width);
  moments.add(rows, stride, count);
  const deviation = moments.variance(ddof).map(Math.sqrt);
  standardizeFeatures(expected, stride, width, count, moments.mean(), deviation, epsilon);
  for (let i = 0; i < stride; i++) {
    const largest = Math.max(...Array.from({ length: count }, (_, row) => Math.abs(rows[row * stride + i]!)));
    // `off` is the error of both statistics, see StatisticsKernel, in units of the deviation. The error of the mean moves a
    // value by `off`, the error of the deviation by `off` of itself. Standardizing adds 8 roundings, see kernels.test.ts.
    const off = ((80 + 24 * merges) * 2 ** -24 * largest * Math.sqrt(count / (count - 1))) / (deviation[i] ?? 1);
    for (let row = 0; row < count; row++) {
      const z = expected[row * stride + i]!;
      const actual = result[row * stride + i]!;
      if (i >= width || deviation[i] === 0) expect(actual).toBe(z);
      else expect(Math.abs(actual - z)).toBeLessThanOrEqual((off + 8 * 2 ** -24) * (1 + Math.abs(z)));
    }
  }
  expect(result[3]).toBe(0);
});
