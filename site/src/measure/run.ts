import type { Dataset } from "taskloom";
import { Floors } from "../../../bench/gpu/floors.mjs";
import { measureFused } from "../../../bench/gpu/fused-rows.mjs";
import { measureRates } from "../../../bench/gpu/rates.mjs";
import { measureVariants, variantName } from "../../../bench/gpu/variants.mjs";
import { slice } from "../data/slices.js";
import { type Bench, growSizes, LENGTH, openBench } from "./bench.js";
import { checkDigests } from "./digests.js";
import type { FromMeasure, Measure, Order, Results } from "./messages.js";
import { gpuThroughput, wasmThroughput } from "./throughput.js";

type Post = (message: FromMeasure) => void;

/** What the parts share. */
interface Context {
  readonly dataset: Dataset;
  readonly bench: Bench | undefined;
  readonly cores: number;
  readonly step: (text: string) => void;
  readonly result: (results: Results) => void;
  floors?: Floors;
}

/** Measures the parts of an order one after the other. A part that fails is a problem, and the next one runs. */
export async function measure(order: Order, post: Post): Promise<void> {
  const step = (text: string) => post({ kind: "step", text });
  step("opening the GPU");
  const dataset = await slice("train", order.base);
  const bench = await open(order, post, step);
  const context: Context = {
    dataset,
    bench,
    cores: order.cores,
    step,
    result: (results) => post({ kind: "result", results }),
  };
  for (const part of order.parts) {
    try {
      if (bench || WITHOUT_GPU.has(part)) await PARTS[part](context);
    } catch (error) {
      post({ kind: "problem", text: `${part}: ${error instanceof Error ? error.message : String(error)}` });
    }
  }
  for (const failure of bench?.failures ?? []) post({ kind: "problem", text: `WebGPU: ${failure}` });
  bench?.device.destroy();
  post({ kind: "done" });
}

async function open({ cores, webgpu }: Order, post: Post, step: (text: string) => void): Promise<Bench | undefined> {
  try {
    if (!webgpu) throw new Error("this browser offers no WebGPU here");
    const bench = await openBench(cores, step);
    const { info, limits, features, clock } = bench;
    const setting = {
      adapter: info,
      why: undefined,
      limits,
      features,
      clock: clock ? "timestamp queries" : "host clock",
    } as const;
    post({ kind: "setting", setting });
    return bench;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    post({ kind: "setting", setting: { adapter: undefined, why, limits: {}, features: [], clock: "none" } });
    return undefined;
  }
}

/** Parts that say something without a GPU too. */
const WITHOUT_GPU = new Set<Measure>(["digests", "tasks"]);

/** The bench of parts that only run with one. */
function gpu({ bench }: Context): Bench {
  if (!bench) throw new Error("there is no GPU");
  return bench;
}

const PARTS: Record<Measure, (context: Context) => Promise<void>> = {
  async digests({ dataset, bench, step, result }) {
    step("golden tasks on WebAssembly");
    let digests = await checkDigests(dataset, "wasm");
    result({ digests });
    if (!bench) return;
    step("golden tasks on the GPU");
    digests = [...digests, ...(await checkDigests(dataset, bench.device))];
    result({ digests });
  },

  async tasks({ dataset, bench, cores, step, result }) {
    step("tasks on WebAssembly, one thread");
    let tasks = [await wasmThroughput(dataset, 0)];
    result({ tasks });
    if (cores > 1) {
      step(`tasks on WebAssembly, ${cores} threads`);
      tasks = [...tasks, await wasmThroughput(dataset, cores)];
      result({ tasks });
    }
    if (!bench) return;
    step("tasks on the GPU");
    await growSizes(bench, dataset);
    result({ tasks: [await gpuThroughput(bench, dataset), ...tasks] });
  },

  async rates(context) {
    const rates = await measureRates(gpu(context));
    context.floors = new Floors(rates);
    context.result({ rates: { rates, overlap: context.floors.overlap } });
  },

  async fused(context) {
    const bench = gpu(context);
    context.step("the fused kernel");
    await growSizes(bench, context.dataset);
    const sizes = { tasks: bench.sizes.tasks, batch: bench.sizes.batch, length: LENGTH };
    const rows = await measureFused(bench, context.dataset, sizes, context.floors);
    const { shape } = bench.fused as { shape: Parameters<typeof variantName>[0] };
    context.result({ fused: { rows, kernel: variantName(shape) } });
  },

  async variants(context) {
    const bench = gpu(context);
    context.step("variants of the fused kernel");
    await growSizes(bench, context.dataset);
    const { variants } = await measureVariants(bench, context.dataset, bench.sizes.batch, LENGTH);
    context.result({
      variants: variants.map(({ shape, chosen, milliseconds }) => {
        return { name: `${variantName(shape)}${shape.SKIP > 0 ? "" : ", all blocks"}`, chosen, milliseconds };
      }),
    });
  },

  async tfjs(context) {
    context.step("TensorFlow.js on the same adapter");
    const { measureTensorflow } = await import("./tensorflow.js");
    context.result({ tfjs: await measureTensorflow(gpu(context), context.dataset) });
  },
};
