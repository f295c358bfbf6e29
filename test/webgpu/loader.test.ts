import {
  BackendError,
  Dataset,
  type GpuTensor,
  InvalidOptionError,
  openTasks,
  recipeOf,
  TaskAugmentor,
  type TaskAugmentorOptions,
} from "taskloom";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { dawn } from "./dawn.js";

/** The variable keeps the host alive: Dawn destroys its devices when the host is collected. */
const host = dawn(); // @module-tag webgpu
let device: GPUDevice;

beforeAll(async () => {
  const adapter = await host.requestAdapter();
  if (!adapter) throw new Error("no WebGPU adapter: install a driver, or see VK_DRIVER_FILES");
  device = await adapter.requestDevice();
});
afterAll(() => device?.destroy());

const dataset = Dataset.from({
  images: Uint8Array.from({ length: 30 * 20 }, (_, i) => (i * 2654435761) >>> 24),
  targets: Array.from({ length: 30 }, (_, i) => i % 7),
  shape: [4, 5],
});
const options = { taskCount: 11, taskOffset: 100, samplesPerTask: 2, sequenceLength: 5, seed: 3, outFeatures: 6 };

async function recipeFor(more: TaskAugmentorOptions) {
  using tasks = new TaskAugmentor({ ...options, ...more });
  return recipeOf(tasks, dataset);
}

async function read({ buffer, offset, size }: GpuTensor): Promise<Uint8Array> {
  const bytes = Math.ceil(size / 4) * 4;
  const staging = device.createBuffer({ size: bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, offset, staging, 0, bytes);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const copy = new Uint8Array(staging.getMappedRange().slice(0, size));
  staging.destroy();
  return copy;
}

/** float16 with an odd number of values in a sequence, so that batches of 3 end within a word. */
const kinds = [{}, { dtype: "float16", sequenceLength: 3, outFeatures: 4 }, { drawSequence: false }] as const;

test.each(kinds)(
  "%o: batches in buffers are those in arrays, from a recipe here and there and from a store",
  async (kind) => {
    const recipe = await recipeFor(kind);
    await using cpu = await openTasks(recipe, { dataset, workers: 0, backend: "wasm" });
    await using gpu = await openTasks(recipe, { dataset, backend: device });
    await using store = await openTasks({
      recipe,
      items: cpu.length,
      read: async (first: number, count: number) => {
        const { inputs, targets } = await cpu.range(first, first + count);
        return { inputs: inputs.data.buffer as ArrayBuffer, targets: targets.data.buffer as ArrayBuffer };
      },
    });
    for (const shuffle of [false, true, "tasks"] as const) {
      const walk = { batchSize: 3, shuffle, epoch: 1, shard: { index: 1, count: 3 } };
      for (const [tasks, more] of [
        [gpu, {}],
        [cpu, { device }],
        [store, { device }],
      ] as const) {
        const arrays = cpu.batches(walk);
        const own = tasks.batches(walk);
        let some = 0;
        for await (const batch of tasks.gpuBatches({ ...walk, ...more, prefetch: 1 })) {
          const expected = (await arrays.next()).value!;
          expect((await own.next()).value).toEqual(expected);
          const { indices, state, epoch, inputs, targets } = expected;
          expect(batch).toMatchObject({ indices, state, epoch, batch: expected.batch });
          expect(batch.device).toBe(device);
          expect(batch.inputs).toMatchObject({ dtype: inputs.dtype, shape: inputs.shape, offset: 0 });
          expect(await read(batch.inputs)).toEqual(new Uint8Array(inputs.data.buffer));
          expect(batch.targets).toMatchObject({ dtype: "uint32", shape: targets.shape });
          expect(new Uint32Array((await read(batch.targets)).buffer)).toEqual(Uint32Array.from(targets.data));
          batch.destroy();
          if (++some === 2) break;
        }
        expect(some).toBe(2);
        await Promise.all([arrays.return(), own.return()]);
      }
    }
  },
);

test("what was made ahead and is not taken is destroyed", async () => {
  const made: GPUBuffer[] = [];
  const watched = new Proxy(device, {
    get(target, name) {
      if (name === "createBuffer") {
        return (descriptor: GPUBufferDescriptor) => {
          const buffer = target.createBuffer(descriptor);
          if (descriptor.label?.includes("loaded")) made.push(buffer);
          return buffer;
        };
      }
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  await using tasks = await openTasks(await recipeFor({}), { dataset, workers: 0, backend: "wasm" });
  for await (const batch of tasks.gpuBatches({ batchSize: 2, prefetch: 2, device: watched })) {
    batch.destroy();
    // Inputs and targets of the two batches that are made ahead.
    await vi.waitFor(() => expect(made.length).toBe(6), 10_000);
    break;
  }
  await vi.waitFor(async () => {
    for (const buffer of made) {
      device.pushErrorScope("validation");
      device.queue.writeBuffer(buffer, 0, new Uint32Array(1));
      expect((await device.popErrorScope())?.message).toMatch(/destroyed/);
    }
  }, 10_000);
});

test("where there is no device, it is asked for", async () => {
  const recipe = await recipeFor({});
  await using cpu = await openTasks(recipe, { dataset, workers: 0, backend: "wasm" });
  const error = await cpu
    .gpuBatches({ shuffle: true })
    .next()
    .catch((reason) => reason);
  expect(error).toBeInstanceOf(BackendError);
  await using store = await openTasks({ recipe, items: cpu.length, read: () => Promise.reject(new Error("unused")) });
  expect(() => store.gpuBatches()).toThrow(InvalidOptionError);
  expect(() => store.gpuBatches()).toThrow(
    /device is undefined; allowed: a GPUDevice, to which sequences of a store are uploaded/,
  );
});

test("a batch that no binding holds says how many sequences one does", async () => {
  await using tasks = await openTasks(await recipeFor({ taskCount: 2 ** 20, samplesPerTask: 1 }), {
    dataset,
    workers: 0,
    backend: "wasm",
  });
  const bytes = 5 * 13 * 4;
  const most = Math.floor(Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize) / bytes);
  const batches = tasks.gpuBatches({ batchSize: most + 1, prefetch: 0, device });
  await expect(batches.next()).rejects.toThrow(`batchSize is ${most + 1}; allowed: at most ${most} on this device`);
});
