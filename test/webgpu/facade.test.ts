import {
  BackendError,
  Dataset,
  DisposedError,
  type GpuBatch,
  type GpuTensor,
  gpuMatrix,
  gpuNormalize,
  gpuProject,
  gpuStatistics,
  InvalidOptionError,
  LinearProjection,
  project,
  TaskAugmentor,
  WebGpuError,
} from "taskloom";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { dawn } from "./dawn.js";

/** The variable keeps the host alive: Dawn destroys its devices when the host is collected. */
const host = dawn(); // @module-tag webgpu
let device: GPUDevice;

const { architecture, description, device: model } = (await host.requestAdapter())?.info ?? {};
const software = /swiftshader|llvmpipe/i.test(`${architecture} ${description} ${model}`);

const newDevice = async (limits: Record<string, number> = {}) => {
  const adapter = await host.requestAdapter();
  if (!adapter) throw new Error("no WebGPU adapter: install a driver, or see VK_DRIVER_FILES");
  console.log(`adapter: ${adapter.info.description}`);
  return adapter.requestDevice({ requiredLimits: limits });
};

beforeAll(async () => {
  device = await newDevice();
});
afterAll(() => device?.destroy());

const dataset = Dataset.from({
  images: Uint8Array.from({ length: 40 * 30 }, (_, i) => ((i * 2654435761) >>> 24) * (i % 3 === 0 ? 1 : 0)),
  targets: Array.from({ length: 40 }, (_, i) => i % 7),
  shape: [5, 6],
});
const options = { taskCount: 50, seed: 3, sequenceLength: 11 } as const;

async function read({ buffer, offset, size }: GpuTensor, on = device): Promise<ArrayBuffer> {
  const staging = on.createBuffer({
    size: Math.ceil(size / 4) * 4,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  const encoder = on.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, offset, staging, 0, Math.ceil(size / 4) * 4);
  on.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const bytes = staging.getMappedRange().slice(0, size);
  staging.destroy();
  return bytes;
}

describe("batches in GPU buffers, on the caller's device", () => {
  test.each([
    {},
    { dtype: "float16" },
    { drawSequence: false },
    { labelFormat: "integer", specialTokens: 1, startToken: 0, identity: 0.5 },
    { labelLayout: "query-last", labelFormat: "integer", fixed: { share: 0.5, projection: true } },
  ] as const)("%o hold the bits of the WASM backend", async (more) => {
    using cpu = new TaskAugmentor({ ...options, ...more, backend: "wasm", workers: 0 });
    using gpu = new TaskAugmentor({ ...options, ...more, backend: device });
    let next = 4;
    for await (const batch of gpu.gpuBatches(dataset, { start: 4, stop: 29, batchSize: 10 })) {
      const expected = await cpu.batch(dataset, next, Math.min(next + 10, 29));
      expect(batch.tasks).toEqual(expected.tasks);
      expect(batch.device).toBe(device);
      expect(batch.inputs).toMatchObject({ dtype: expected.inputs.dtype, shape: expected.inputs.shape, offset: 0 });
      expect(new Uint8Array(await read(batch.inputs))).toEqual(new Uint8Array(expected.inputs.data.buffer));
      expect([...new Uint32Array(await read(batch.targets))]).toEqual([...expected.targets.data]);
      expect(batch.labels && [...new Uint32Array(await read(batch.labels))]).toEqual(
        expected.labels && [...expected.labels.data],
      );
      batch.destroy();
      next += 10;
    }
    expect(next).toBe(34);
    expect(await gpu.describeBackend()).toMatchObject({ name: "webgpu", reason: expect.stringContaining("caller") });
  });

  test("a batch larger than a binding is refused with what would fit; typed arrays are cut by the library", async () => {
    const small = await newDevice();
    // Every device allows 128 MiB, WebGPU's minimum, so the batch is larger than the device's limit.
    using tasks = new TaskAugmentor({ ...options, taskCount: 2 ** 20, backend: small });
    await expect(tasks.gpuBatches(dataset, { batchSize: 2 ** 20 }).next()).rejects.toThrow(InvalidOptionError);
    await expect(tasks.gpuBatches(dataset, { batchSize: 2 ** 20 }).next()).rejects.toThrow(/at most \d+ items/);
    const { inputs } = await tasks.batch(dataset, 5);
    expect(inputs.shape).toEqual([1, 11, 37]);
    tasks.dispose();
    small.destroy();
  });

  test("leaving the loop early destroys what was made ahead, and the device stays the caller's", async () => {
    const live = new Set<GPUBuffer>();
    const createBuffer = device.createBuffer.bind(device);
    device.createBuffer = (descriptor) => {
      const buffer = createBuffer(descriptor);
      if (!descriptor.label?.includes("woven")) return buffer;
      const destroy = buffer.destroy.bind(buffer);
      buffer.destroy = () => {
        live.delete(buffer);
        destroy();
      };
      live.add(buffer);
      return buffer;
    };
    onTestFinished(() => {
      device.createBuffer = createBuffer;
    });
    const tasks = new TaskAugmentor({ ...options, backend: device });
    let first: GpuBatch | undefined;
    for await (const batch of tasks.gpuBatches(dataset, { batchSize: 5 })) {
      first = batch;
      // The next two batches are under way and have their buffers.
      await vi.waitFor(() => expect(live.size).toBe(6), 20_000);
      break;
    }
    await vi.waitFor(() => expect([...live]).toEqual([first?.inputs.buffer, first?.targets.buffer]), 20_000);
    tasks.dispose();
    expect(new Float32Array(await read(first!.inputs)).some((value) => value !== 0)).toBe(true);
    first?.destroy();
    await expect(tasks.gpuBatches(dataset).next()).rejects.toBeInstanceOf(DisposedError);
  });

  test("the WASM backend has none", async () => {
    using tasks = new TaskAugmentor({ ...options, backend: "wasm", workers: 0 });
    await expect(tasks.gpuBatches(dataset, { start: 7 }).next()).rejects.toMatchObject({
      code: "BACKEND",
      nextTask: 7,
    });
    await expect(tasks.gpuBatches(dataset).next()).rejects.toThrow(BackendError);
  });
});

describe("a device that is lost", () => {
  test("the caller's: a typed error with the next task, then and later", async () => {
    const own = await newDevice();
    using tasks = new TaskAugmentor({ ...options, backend: own });
    const batches = tasks.batches(dataset, { start: 20, batchSize: 2 });
    await batches.next();
    own.destroy();
    const lost = async () => {
      for await (const _ of batches);
    };
    // Batches that were under way may have finished.
    const error = (await lost().catch((reason) => reason)) as WebGpuError;
    expect(error).toBeInstanceOf(WebGpuError);
    expect(error).toMatchObject({ name: "WebGpuError", code: "BACKEND", backend: "webgpu", reason: "device lost" });
    expect(error.nextTask).toBeGreaterThanOrEqual(22);
    await expect(tasks.batch(dataset, 30)).rejects.toMatchObject({ reason: "device lost", nextTask: 30 });
  });

  test("one of Taskloom's own is replaced: the call under way fails, the next one works with the same bits", async () => {
    using tasks = new TaskAugmentor({ ...options, backend: "webgpu" });
    const expected = await tasks.batch(dataset, 33);
    const [first] = [await tasks.gpuBatches(dataset, { batchSize: 1 }).next()];
    const lost = first.value?.device as GPUDevice;
    expect(lost).not.toBe(device);
    const running = tasks.batch(dataset, 33, 50);
    lost.destroy();
    await expect(running).rejects.toMatchObject({ name: "WebGpuError", reason: "device lost", nextTask: 33 });
    const again = await tasks.batch(dataset, 33);
    expect(again.inputs.data).toEqual(expected.inputs.data);
    for await (const batch of tasks.gpuBatches(dataset, { batchSize: 50 })) {
      expect(batch.device).not.toBe(lost);
      batch.destroy();
    }
  });

  // SwiftShader allows a buffer of 1 GiB but has no memory for it; a real GPU may have the memory.
  test.runIf(software)("memory that runs out: a typed error, and smaller batches go on", async () => {
    const { maxBufferSize, maxStorageBufferBindingSize } = (await host.requestAdapter())?.limits ?? {};
    const large = await newDevice({ maxBufferSize, maxStorageBufferBindingSize } as Record<string, number>);
    // A sequence has 16 positions of 25 + 7 values, 2 KiB, so that a batch has exactly the size of the largest buffer.
    const sequences = { taskCount: 2 ** 24, sequenceLength: 16, outFeatures: 25 };
    using tasks = new TaskAugmentor({ ...options, ...sequences, backend: large });
    const batchSize = Math.min(large.limits.maxBufferSize, large.limits.maxStorageBufferBindingSize) / 2048;
    const batches = tasks.gpuBatches(dataset, { start: 5, batchSize, signal: AbortSignal.timeout(30_000) });
    await expect(batches.next()).rejects.toMatchObject({ reason: "out of memory", nextTask: 5 });
    const { value } = await tasks.gpuBatches(dataset, { start: 5, batchSize: 2 }).next();
    expect(value?.inputs.shape).toEqual([2, 16, 32]);
    value?.destroy();
    tasks.dispose();
    large.destroy();
  });

  test("abort rejects with the reason, and the augmentor goes on", async () => {
    using tasks = new TaskAugmentor({ ...options, backend: device });
    const reason = new Error("enough");
    const abort = new AbortController();
    const walk = async () => {
      for await (const _ of tasks.batches(dataset, { batchSize: 3, signal: abort.signal })) abort.abort(reason);
    };
    await expect(walk()).rejects.toBe(reason);
    expect((await tasks.batch(dataset, 49)).inputs.shape).toEqual([1, 11, 37]);
  });
});

describe("single steps", () => {
  test.each([
    [48, 20],
    [50, 37],
  ])("gpuMatrix, %i columns and %i rows: the bits of matrix()", async (inFeatures, outFeatures) => {
    for (const identity of [false, true]) {
      const projection = new LinearProjection({
        seed: 2n ** 64n - 1n,
        task: 2 ** 32 - 1,
        inFeatures,
        outFeatures,
        identity,
      });
      const whole = await gpuMatrix(device, projection);
      expect(whole.shape).toEqual([outFeatures, inFeatures]);
      expect(new Float32Array(await read(whole))).toEqual((await projection.matrix()).data);
      const part = await gpuMatrix(device, projection, 3, 11);
      expect(new Float32Array(await read(part))).toEqual((await projection.matrix(3, 11)).data);
    }
    const projection = new LinearProjection({ task: 0, inFeatures });
    await expect(gpuMatrix(device, projection, 0, inFeatures + 1)).rejects.toThrow(/stop is/);
  });

  test("project and gpuProject multiply with a matrix of one's own, within their bound", async () => {
    const [rows, columns, count] = [23, 45, 70];
    const noise = (n: number, salt: number) =>
      Float32Array.from({ length: n }, (_, i) => Math.sin(i * 12.9898 + salt) * 10);
    const matrix = { dtype: "float32", shape: [rows, columns], data: noise(rows * columns, 1) } as const;
    const x = noise(count * columns, 2).map((value, i) => (i % 5 === 0 ? 0 : value));
    const cpu = await project(matrix, x);
    const gpu = await gpuProject(device, matrix, x);
    expect(cpu.shape).toEqual([count, rows]);
    expect(gpu.shape).toEqual([count, rows]);
    const onGpu = new Float32Array(await read(gpu));
    for (let p = 0; p < count; p++) {
      for (let i = 0; i < rows; i++) {
        let sum = 0;
        let size = 0;
        for (let j = 0; j < columns; j++) {
          const term = matrix.data[i * columns + j]! * x[p * columns + j]!;
          sum += term;
          size += Math.abs(term);
        }
        const bound = (columns + 2) * 2 ** -24 * size;
        expect(Math.abs(cpu.data[p * rows + i]! - sum)).toBeLessThanOrEqual(bound);
        expect(Math.abs(onGpu[p * rows + i]! - sum)).toBeLessThanOrEqual(bound);
      }
    }
    const identity = { dtype: "float32", shape: [2, 2], data: Float32Array.of(0, -1, 1, 0) } as const;
    expect([...(await project(identity, Float32Array.of(3, 4))).data]).toEqual([-4, 3]);
    await expect(project(matrix, new Float32Array(44))).rejects.toThrow(/multiple of the matrix' columns, 45/);
    await expect(project({ ...matrix, shape: [rows, 44] }, x)).rejects.toThrow(/matrix.shape/);
    await expect(gpuProject(device, matrix, new Float32Array(0))).rejects.toThrow(/above 0/);
  });

  test.each(["example", "set", "notebook"] as const)(
    "outputs standardized by %s: what WebAssembly gives, within the kernels' bounds",
    async (outputScaling) => {
      const scaled = { ...options, taskCount: 12, samplesPerTask: 2, outputScaling };
      using cpu = new TaskAugmentor({ ...scaled, backend: "wasm", workers: 0 });
      using gpu = new TaskAugmentor({ ...scaled, backend: device });
      const read32 = async (tensor: GpuTensor) => new Float32Array(await read(tensor));
      for await (const batch of gpu.gpuBatches(dataset, { start: 3, stop: 9, batchSize: 6 })) {
        const expected = (await cpu.batch(dataset, 3, 9)).inputs.data;
        const actual = await read32(batch.inputs);
        // At most 132 rows: the moments are off by (80 + 24 * 16) * 2^-24 * max |x| in units of the deviation; max |x| is 8.
        const bound = 8 * (80 + 24 * 16) * 2 ** -24 * 8;
        expect(actual.length).toBe(expected.length);
        expect(Math.max(...actual.map(Math.abs))).toBeLessThan(8);
        expect(Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(bound);
        batch.destroy();
      }
      // The host scales values that are read back, so the bits are the same.
      expect((await gpu.batch(dataset, 3, 9)).inputs.data).toEqual((await cpu.batch(dataset, 3, 9)).inputs.data);
      using halves = new TaskAugmentor({ ...scaled, dtype: "float16", backend: device });
      await expect(halves.gpuBatches(dataset).next()).rejects.toThrow(/dtype is "float16"; allowed: "float32"/);
    },
  );

  test("gpuStatistics and gpuNormalize: every feature gets mean 0 and deviation 1", async () => {
    using tasks = new TaskAugmentor({ ...options, backend: device });
    for await (const batch of tasks.gpuBatches(dataset, { batchSize: 50 })) {
      const before = new Float32Array(await read(batch.inputs));
      const statistics = await gpuStatistics(batch, { unbiased: true });
      const found = new Float32Array(await read(statistics));
      const rows = 50 * 11;
      const column = (values: Float32Array, feature: number) =>
        Array.from({ length: rows }, (_, r) => values[r * 37 + feature]!);
      const moments = (values: number[]) => {
        const mean = values.reduce((a, b) => a + b) / rows;
        return { mean, deviation: Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / (rows - 1)) };
      };
      const largest = Math.max(...before.map(Math.abs));
      const bound = (80 + 24 * 16) * 2 ** -24 * largest;
      for (let feature = 0; feature < 37; feature++) {
        const { mean, deviation } = moments(column(before, feature));
        expect(Math.abs(found[feature * 2]! - mean)).toBeLessThanOrEqual(bound);
        expect(Math.abs(found[feature * 2 + 1]! - deviation)).toBeLessThanOrEqual(bound * 1.01);
      }
      await gpuNormalize(batch, statistics);
      const after = new Float32Array(await read(batch.inputs));
      for (let feature = 0; feature < 30; feature++) {
        const { mean, deviation } = moments(column(after, feature));
        expect(Math.abs(mean)).toBeLessThan(1e-3);
        expect(deviation).toBeCloseTo(1, 3);
      }
      await expect(gpuNormalize(batch, { ...statistics, shape: [36, 2] })).rejects.toThrow(/statistics.shape/);
      batch.destroy();
    }
  });
});
