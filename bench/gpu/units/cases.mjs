// Compares small task sets, whose sizes are no multiples of anything, with the WebAssembly backend.
import { Dataset } from "../../../dist/index.js";
import { hash } from "../reference.mjs";
import { compile, Setting, WrongResult } from "./kernel.mjs";

/** Key-stream blocks of a row in every case; this is a constant of the kernel. */
const BLOCKS = 5;
const PLAIN = { seed: 3, features: 70, zeros: 0.5 };
const CASES = [
  { ...PLAIN, sequenceLength: 11, outFeatures: 37 },
  { ...PLAIN, features: 80, sequenceLength: 1, outFeatures: 1 },
  // More positions and rows than a tile has.
  { ...PLAIN, features: 65, sequenceLength: 131, outFeatures: 150, seed: 2 ** 40 + 5 },
  { ...PLAIN, sequenceLength: 9, outFeatures: 67, identity: { projection: true } },
  // Blocks that are zero in all examples; only zeros; zero blocks with an offset, which needs the sums of whole rows.
  { ...PLAIN, sequenceLength: 3, outFeatures: 20, zeros: 0.99 },
  { ...PLAIN, sequenceLength: 3, outFeatures: 20, zeros: 1 },
  { ...PLAIN, sequenceLength: 3, outFeatures: 67, zeros: 0.99, inputScaling: { mean: 33.3, standardDeviation: 78.6 } },
  // The largest sums: all pixels are 255.
  { ...PLAIN, features: 80, sequenceLength: 5, outFeatures: 33, zeros: -1 },
];
const FIRST = 2 ** 32 - 3;
const TASKS = 2;

function dataset({ features, zeros }) {
  const image = (i) => {
    if (zeros < 0) return 255;
    return hash(i) < zeros * 2 ** 32 ? 0 : hash(i + 0x1234567) >>> 24;
  };
  const length = 9;
  return Dataset.from({
    images: Uint8Array.from({ length: length * features }, (_, i) => image(i)),
    targets: Uint8Array.from({ length }, (_, i) => (i * 7) % 5),
    shape: [features],
    classes: 5,
  });
}

/** @throws WrongResult if a value of a case differs */
export async function checkCases(device, shape, table, emulated = false) {
  const pipeline = await compile(device, shape, BLOCKS, emulated);
  for (const [i, { features, zeros, ...options }] of CASES.entries()) {
    const setting = new Setting(device, dataset({ features, zeros }), options, table);
    try {
      const job = setting.prepare(pipeline, shape, FIRST, TASKS);
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, job.bindGroup);
      pass.dispatchWorkgroups(...job.grid);
      pass.end();
      device.queue.submit([encoder.finish()]);
      await setting.check(job, FIRST, TASKS);
    } catch (error) {
      if (error instanceof WrongResult) error.message = `case ${i}: ${error.message}`;
      throw error;
    } finally {
      setting.destroy();
    }
  }
}
