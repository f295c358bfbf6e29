import type { Dataset } from "taskloom";
import { Clock, type OpenDevice, openDevice } from "../../../bench/gpu/device.mjs";
import { walk } from "../../../bench/gpu/library.mjs";
import { Recorder } from "../../../bench/gpu/recorder.mjs";

/** Examples in a sequence. */
export const LENGTH = 100;
/** Values of a sequence, and a byte of each. */
const SEQUENCE_BYTES = 4 * LENGTH * 794;
/** A dispatch takes at least so long on a real GPU: browsers round its timestamps to 0.1 ms. */
const DISPATCH_MILLISECONDS = 20;
/** A walk over tasks takes about so long. */
const WALK_MILLISECONDS = 2500;
/** The most that the library puts into one dispatch. */
const MOST_IN_BATCH = 200;

/** The sizes of bench/gpu.mjs, for a visitor who waits. */
interface Sizes {
  tasks: number;
  batch: number;
  readonly warm: number;
  readonly tuned: number;
  readonly turns: number;
  readonly rounds: number;
  readonly rates: {
    readonly workgroups: number;
    readonly milliseconds: number;
    readonly rounds: number;
    readonly bytes: number;
  };
}

/** What the modules of bench/gpu take. */
export interface Bench extends OpenDevice {
  readonly clock: Clock | undefined;
  readonly recorder: Recorder;
  readonly sizes: Sizes;
  onStep: (text: string) => void;
  fused?: object;
}

/** Opens the GPU. @throws Error where there is none */
export async function openBench(cores: number, onStep: (text: string) => void): Promise<Bench> {
  if (!navigator.gpu) throw new Error("workers of this browser have no WebGPU");
  const opened = await openDevice();
  const clock = opened.timestamps ? new Clock(opened.device) : undefined;
  const sizes: Sizes = opened.info.software
    ? {
        ...{ tasks: 2, batch: 2, warm: 1, tuned: 2, turns: 3, rounds: 3 },
        rates: { workgroups: 4 * cores, milliseconds: 20, rounds: 3, bytes: 2 ** 24 },
      }
    : {
        ...{ tasks: 2, batch: 2, warm: 2, tuned: 2 ** 16, turns: 11, rounds: 11 },
        rates: { workgroups: 4096, milliseconds: 20, rounds: 5, bytes: 2 ** 27 },
      };
  return { ...opened, clock, sizes, onStep, recorder: new Recorder(opened.device, clock) };
}

/** Finds a batch that takes long enough for the clock, and a number of tasks that a visitor waits for. */
export async function growSizes(bench: Bench, dataset: Dataset): Promise<void> {
  const { sizes, limits, info } = bench;
  if (info.software) return;
  const most = Math.min(MOST_IN_BATCH, Math.floor((limits.maxStorageBufferBindingSize ?? 0) / SEQUENCE_BYTES));
  for (;;) {
    const { wall } = await walk(bench, dataset, {}, sizes.batch, sizes.batch);
    const wanted = Math.ceil(WALK_MILLISECONDS / wall / sizes.batch) * sizes.batch;
    sizes.tasks = Math.min(2 ** 16, Math.max(sizes.batch, wanted));
    if (wall * sizes.batch >= DISPATCH_MILLISECONDS || sizes.batch >= most) break;
    sizes.batch = Math.min(most, 4 * sizes.batch);
  }
  sizes.tasks = Math.ceil(sizes.tasks / sizes.batch) * sizes.batch;
}
