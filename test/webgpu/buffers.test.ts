import { Dataset, type GpuTensor, openTasks, recipeOf, TaskAugmentor, type TaskAugmentorOptions } from "taskloom";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dawn } from "./dawn.js";

/** The variable keeps the host alive: Dawn ends when its host is collected. */
const host = dawn(); // @module-tag webgpu
let device: GPUDevice;

beforeAll(async () => {
  const adapter = await host.requestAdapter();
  if (!adapter) throw new Error("no WebGPU adapter: install a driver, or see VK_DRIVER_FILES");
  device = await adapter.requestDevice();
});
afterAll(() => device?.destroy());

const dataset = Dataset.from({
  images: Uint8Array.from({ length: 40 * 30 }, (_, i) => (i * 2654435761) >>> 24),
  targets: Array.from({ length: 40 }, (_, i) => i % 7),
  shape: [5, 6],
});
/** Batches of 4 leave a last one of 1, the fourth: a walk of three sets has buffers of 4 free then. Compiled in no time. */
const options = { taskCount: 13, seed: 3, sequenceLength: 11, identity: { projection: true } } as const;

const kinds = [
  {},
  { samplesPerTask: 3 },
  { labelFormat: "integer" },
  { drawSequence: false },
  { outputScaling: "example" },
  { outputScaling: "set" },
  // 11 positions of 3 + 8 values of 2 bytes: a last batch that ends within a word.
  { dtype: "float16", outFeatures: 3 },
] as const satisfies TaskAugmentorOptions[];

type Arrays = { inputs: GpuTensor; targets: GpuTensor; labels?: GpuTensor };

/** The properties that a library relies on if it takes nothing but a GPUBuffer. */
function expectWhole({ inputs, targets, labels }: Arrays): void {
  const elements = ({ shape }: GpuTensor) => shape.reduce((product, size) => product * size, 1);
  expect(inputs.size).toBe(elements(inputs) * (inputs.dtype === "float32" ? 4 : 2));
  for (const integers of labels ? [targets, labels] : [targets]) expect(integers.size).toBe(elements(integers) * 4);
  for (const { buffer, offset, size } of labels ? [inputs, targets, labels] : [inputs, targets]) {
    expect(offset).toBe(0);
    expect(buffer.size).toBe(Math.ceil(size / 4) * 4);
    expect(buffer.usage).toBe(GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST);
  }
}

describe.each([false, true])("with reuse: %s, each buffer begins and ends with its batch", (reuse) => {
  test.each(kinds)("%o", async (kind) => {
    using tasks = new TaskAugmentor({ ...options, ...kind, backend: device });
    const counts: number[] = [];
    for await (const batch of tasks.gpuBatches(dataset, { batchSize: 4, reuse })) {
      expectWhole(batch);
      counts.push(batch.tasks.stop - batch.tasks.start);
      batch.destroy();
    }
    expect(counts).toEqual([4, 4, 4, 1]);
  });

  test.each(["made on the device", "uploaded"] as const)(
    "sequences of a loader, %s, epoch after epoch",
    async (how) => {
      using tasks = new TaskAugmentor({ ...options, dtype: "float16", outFeatures: 3 });
      const recipe = await recipeOf(tasks, dataset);
      const backend = how === "uploaded" ? ({ workers: 0, backend: "wasm" } as const) : { backend: device };
      const set = await openTasks(recipe, { dataset, ...backend });
      const counts: number[] = [];
      const walk = { batchSize: 4, shuffle: true, epochs: 2, prefetch: 1, device, reuse };
      for await (const batch of set.gpuBatches(walk)) {
        expectWhole(batch);
        counts.push(batch.indices.length);
        batch.destroy();
      }
      expect(counts).toEqual([4, 4, 4, 1, 4, 4, 4, 1]);
      await set.dispose();
    },
  );
});
