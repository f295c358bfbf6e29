import { type Dataset, TaskAugmentor } from "taskloom";
import { walk } from "../../../bench/gpu/library.mjs";
import type { Bench } from "./bench.js";
import type { Throughput } from "./messages.js";

/** Milliseconds of a walk on WebAssembly, after a warm-up of some batches. */
const WALK = 1500;
const BATCH = 16;
const WARM = 4;

/** Tasks a second that stay on the GPU. The first and the last one are compared with WebAssembly's, bit for bit. */
export async function gpuThroughput(bench: Bench, dataset: Dataset): Promise<Throughput> {
  const { tasks, batch } = bench.sizes;
  const { wall } = await walk(bench, dataset, bench.info.software ? {} : { tune: true }, tasks, batch);
  return { backend: "GPU", tasksPerSecond: 1000 / wall, tasks };
}

/** Tasks a second on WebAssembly, in the calling thread or on so many workers. */
export async function wasmThroughput(dataset: Dataset, workers: number): Promise<Throughput> {
  const tasks = new TaskAugmentor({ seed: 42, taskCount: 2 ** 24, backend: "wasm", workers });
  const warm = WARM * Math.max(1, workers);
  let [batches, start, end] = [0, 0, 0];
  try {
    for await (const _ of tasks.batches(dataset, { batchSize: BATCH, reuse: true })) {
      batches++;
      end = performance.now();
      if (batches === warm) start = end;
      else if (batches > warm && end - start > WALK) break;
    }
  } finally {
    tasks.dispose();
  }
  const count = (batches - warm) * BATCH;
  const backend = workers === 0 ? "WebAssembly, one thread" : `WebAssembly, ${workers} threads`;
  return { backend, tasksPerSecond: (1000 * count) / (end - start), tasks: count };
}
