import { afterAll, beforeAll, expect, test } from "vitest";
import { USAGE } from "../../../src/backend/webgpu/device/buffers.js";
import { Gpu } from "../../../src/backend/webgpu/device/device.js";
import { MatrixKernel } from "../../../src/backend/webgpu/kernels/matrix.js";
import { TorchMatrixKernel, type TorchMatrixRows } from "../../../src/backend/webgpu/kernels/torch-matrix.js";
import { perform } from "../../../src/backend/webgpu/kernels/work.js";
import { firstOutside, torchCpu, torchNormals } from "../../support/torch.js";
import { dawn } from "../../webgpu/dawn.js";

/** The variable keeps the host alive: Dawn destroys its devices when the host is collected. */
const host = dawn(); // @module-tag webgpu
let gpu: Gpu;
let kernel: TorchMatrixKernel;

beforeAll(async () => {
  gpu = await Gpu.request({ gpu: host, software: true });
  kernel = await TorchMatrixKernel.create(gpu);
});

afterAll(() => gpu?.destroy());

/** Error bound in units of 2^-24 times the radius of a pair; docs/torch.md derives it. */
const BOUND = 24;

/** The contents of results, and of the bytes after them, before the kernel writes. */
const POISON = 12345;

/** Returns the kernel's rows of each task without their padding. Fails if the padding is not zero. */
async function matrices(which: TorchMatrixRows, scale: number): Promise<Float32Array[]> {
  const { seeds, rows, columns } = which;
  const stride = MatrixKernel.rowBytes(columns) / 4;
  const size = (seeds.length * rows * stride + 16) * 4;
  const out = await gpu.buffer("test: out", size, USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST);
  const readable = await gpu.buffer("test: read-back", size, USAGE.MAP_READ | USAGE.COPY_DST);
  gpu.device.queue.writeBuffer(out, 0, new Float32Array(size / 4).fill(POISON));
  try {
    await perform(gpu, "test", (work) => {
      kernel.encode(work, which, scale, { buffer: out });
      work.encoder.copyBufferToBuffer(out, 0, readable, 0, size);
    });
    await readable.mapAsync(GPUMapMode.READ);
    gpu.check();
    const values = new Float32Array(readable.getMappedRange().slice(0));
    expect([...values.subarray(-16)]).toEqual(new Array(16).fill(POISON));
    return seeds.map((_, t) => {
      const result = new Float32Array(rows * columns);
      for (let row = 0; row < rows; row++) {
        const at = (t * rows + row) * stride;
        result.set(values.subarray(at, at + columns), row * columns);
        expect(values.subarray(at + columns, at + stride).every((value) => Object.is(value, 0))).toBe(true);
      }
      return result;
    });
  } finally {
    out.destroy();
    readable.destroy();
  }
}

// 4 x 4 is one block; 613 and 621 values have their last 16 words on both sides of a twist, at 624; 37 x 17 is 629.
test.each([
  [4, 4],
  [17, 1],
  [1, 613],
  [9, 69],
  [37, 17],
  [39, 16],
  [3, 500],
  [784, 784],
])("%i x %i: the module's values, task by task", async (outFeatures, columns) => {
  const seeds = [1272380470, 0, 2 ** 32 - 1].slice(0, outFeatures === 784 ? 2 : 3);
  const scale = 1 / columns;
  const made = await matrices({ seeds, row: 0, rows: outFeatures, columns, outFeatures }, scale);
  for (const [t, seed] of seeds.entries()) {
    const expected = await torchNormals(seed, outFeatures * columns, scale);
    expect(firstOutside(made[t]!, expected, scale, BOUND), `seed ${seed}`).toBeUndefined();
  }
});

test("panels of rows put together are the whole matrix, bit for bit", async () => {
  const whole = { seeds: [3, 4], row: 0, rows: 61, columns: 37, outFeatures: 61 };
  const expected = await matrices(whole, 1);
  const cuts = [0, 1, 16, 17, 42, 60, 61];
  const panels = [];
  for (const [i, row] of cuts.slice(0, -1).entries()) {
    panels.push(await matrices({ ...whole, row, rows: cuts[i + 1]! - row }, 1));
  }
  for (const t of [0, 1]) {
    expect(panels.flatMap((panel) => [...panel[t]!])).toEqual([...expected[t]!]);
  }
});

test("PyTorch's own values: 40 of seed 5, and rows of the notebook's first task", async () => {
  const [forty] = await matrices({ seeds: [5], row: 0, rows: 1, columns: 40, outFeatures: 1 }, 1);
  expect(firstOutside(forty!, torchCpu.normal_seed5_numel40, 1, BOUND)).toBeUndefined();
  const { seed, A_row0_first16, A_row783_last16 } = torchCpu.tasks[0]!;
  const [matrix] = await matrices({ seeds: [seed], row: 0, rows: 784, columns: 784, outFeatures: 784 }, 1 / 784);
  expect(firstOutside(matrix!.slice(0, 16), A_row0_first16, 1 / 784, BOUND)).toBeUndefined();
  expect(firstOutside(matrix!.slice(-16), A_row783_last16, 1 / 784, BOUND)).toBeUndefined();
});
