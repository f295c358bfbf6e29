import { InvalidOptionError } from "./errors.js";
import { type Generator, type InputScaling, PRESETS, type PresetName, type StandardDeviation } from "./presets.js";
import { augmentorSchema, MAX_TASKS, parse } from "./schemas.js";
import type { FloatDtype } from "./tensor.js";

/** Options of a `TaskAugmentor`. */
export interface TaskAugmentorOptions {
  /** Tasks in the set, 1..2^32. Default 1. */
  taskCount?: number;
  /** The first task's index; `taskOffset + taskCount <= 2^32`. Default 0. */
  taskOffset?: number;
  /** 0..2^64 - 1; numbers up to 2^53 - 1, larger ones as bigint. Default 0. */
  seed?: bigint | number;
  /** Defaults of the options below. Default `"notebook"`. */
  preset?: PresetName;
  generator?: Generator;
  /** Of the matrix entries. */
  standardDeviation?: StandardDeviation;
  inputScaling?: InputScaling;
  /** Whether an example can occur twice in a sequence. */
  replacement?: boolean;
  /** Sequences (true, default), or plain projected examples. */
  drawSequence?: boolean;
  /** Examples in a sequence, from 1. Default 100. Ignored where no sequences are drawn. */
  sequenceLength?: number;
  /** Sequences of each task, 1..2^32. Default 1. Ignored where no sequences are drawn. */
  samplesPerTask?: number;
  /**
   * Without sequences: this many (task, example) pairs drawn from all, with replacement, 1..2^32, instead of the whole
   * dataset for every task.
   */
  samples?: number;
  /** Values of a projected example. Default: as many as the examples have. */
  outFeatures?: number;
  /** Leaves inputs unprojected and labels unpermuted (`true`), or one of the two. Default false. */
  identity?: boolean | { projection?: boolean; permutation?: boolean };
  /** Of the inputs. Default `"float32"`; `"float16"` is rounded to nearest even from the float32 value. */
  dtype?: FloatDtype;
  /**
   * `"auto"` (default) takes a real GPU through WebGPU, else WebAssembly. `"webgpu"` takes any adapter, a software one
   * included. A `GPUDevice` of the caller's is used as it is and never destroyed. Results do not depend on it for uint8
   * data; see `describeBackend()` for what was chosen.
   */
  backend?: "auto" | "wasm" | "webgpu" | GPUDevice;
  /** Worker threads of the CPU backend; 0 works in the calling thread. Default: one for each core. */
  workers?: number;
  /** Ends everything the augmentor does. */
  signal?: AbortSignal;
}

export type ResolvedOptions = Required<
  Omit<TaskAugmentorOptions, "samples" | "outFeatures" | "workers" | "signal" | "seed" | "identity">
> & {
  seed: bigint;
  identity: { projection: boolean; permutation: boolean };
  samples: number | undefined;
  outFeatures: number | undefined;
  workers: number | undefined;
  signal: AbortSignal | undefined;
};

/**
 * Checks options and fills in defaults.
 *
 * @throws InvalidOptionError for the first option that is unknown or out of bounds.
 */
export function resolveOptions(options: TaskAugmentorOptions): ResolvedOptions {
  const given = parse(augmentorSchema, options);
  const preset = PRESETS[given.preset];
  if (given.taskOffset + given.taskCount > MAX_TASKS) {
    throw new InvalidOptionError(
      "taskOffset + taskCount",
      given.taskOffset + given.taskCount,
      `at most 2 ** 32 = ${MAX_TASKS}, as task indices have 32 bits`,
    );
  }
  if (given.samples !== undefined && given.drawSequence) {
    throw new InvalidOptionError(
      "samples",
      given.samples,
      "only with drawSequence: false; sequences have samplesPerTask",
    );
  }
  return {
    ...given,
    generator: given.generator ?? preset.generator,
    standardDeviation: given.standardDeviation ?? preset.standardDeviation,
    inputScaling: given.inputScaling ?? preset.inputScaling,
    replacement: given.replacement ?? preset.replacement,
    samples: given.samples,
    outFeatures: given.outFeatures,
    workers: given.workers,
    signal: given.signal,
  };
}

/** An integer argument that is no option: a task index, a bound of a range. */
export function checkInteger(name: string, value: unknown, low: number, high: number): asserts value is number {
  if (!Number.isSafeInteger(value) || (value as number) < low || (value as number) > high) {
    throw new InvalidOptionError(name, value, `an integer from ${low} to ${high}`);
  }
}

/** The blocks of a matrix' key stream, 16 columns each, are counted in 32 bits. */
export function checkMatrix(outFeatures: number, inFeatures: number): void {
  const most = Math.floor(2 ** 32 / Math.ceil(inFeatures / 16));
  if (outFeatures > most) {
    throw new InvalidOptionError("outFeatures", outFeatures, `at most ${most} for ${inFeatures} input features`);
  }
}
