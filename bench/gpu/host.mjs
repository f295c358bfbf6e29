// The time of the calling thread. It needs the profiler of Node or Deno.
import { busy } from "./busy.mjs";
import { withAugmentor } from "./library.mjs";

/** Returns the milliseconds of a batch by the clock, and those of the calling thread's work; see `busy`. */
export async function hostTime({ device, sizes }, dataset, options, batchSize) {
  const tasks = sizes.steps * batchSize;
  const all = { seed: 42, ...options, taskCount: tasks, backend: device };
  return withAugmentor(all, async (augmentor) => {
    const run = async () => {
      for await (const batch of augmentor.gpuBatches(dataset, { batchSize })) batch.destroy();
    };
    await run();
    const start = performance.now();
    await run();
    const wall = (performance.now() - start) / sizes.steps;
    return { wall, work: (await busy(run)) / sizes.steps };
  });
}
