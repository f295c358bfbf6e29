import { InvalidOptionError } from "../base/errors.js";
import { MAX_TASKS } from "../base/limits.js";
import type { FloatDtype, SmallestDtype, TargetDtype } from "../base/tensor.js";
import type { WorkerLike } from "../base/worker-like.js";
import type { SettledChoices, TaskChoices, TaskSetSize } from "./choices.js";
import type { Share } from "./curriculum.js";
import { PRESETS, type PresetName } from "./presets.js";
import { augmentorSchema, parse } from "./schemas.js";

/** Fields that may be left out, of an object that its owner may change. */
export type Given<T> = { -readonly [Name in keyof T]?: T[Name] };

/** Options of a `TaskAugmentor`. Choices that are left out have the preset's value. */
export interface TaskAugmentorOptions<Dtype extends TargetDtype = SmallestDtype>
  extends Given<Omit<TaskChoices, "identity">> {
  /** Tasks in the set, 1..2^32. Default 1. */
  taskCount?: number;
  /** The first task's index; `taskOffset + taskCount <= 2^32`. Default 0. */
  taskOffset?: number;
  /** 0..2^64 - 1; numbers up to 2^53 - 1, larger ones as bigint. Default 0. */
  seed?: bigint | number;
  /** The defaults of all choices. Default `"notebook"`. */
  preset?: PresetName;
  /** Sequences (true, default), or plain projected examples. */
  drawSequence?: boolean;
  /**
   * Examples in a sequence, 1..2^31 - 1. Default 100, or with `episode` the `ways * (shots + queries)` there are. Ignored
   * where no sequences are drawn.
   */
  sequenceLength?: number;
  /** Sequences of each task, 1..2^32. Default 1. Ignored where no sequences are drawn. */
  samplesPerTask?: number;
  /**
   * Samples without sequences: this many (task, example) pairs drawn from all, with replacement, 1..2^32, instead of the whole
   * dataset for every task.
   */
  samples?: number;
  /** Values of a projected example, 1..2^20. Default: as many as the examples have. */
  outFeatures?: number;
  /**
   * The tasks that leave inputs unprojected and labels unpermuted, or one of the two: all (`true`), none (`false`, the
   * default), a share of them from 0 to 1, or a schedule of shares over training steps, `[[step, share], ...]`.
   */
  identity?:
    | boolean
    | Share
    | {
        /** The tasks that leave inputs unprojected. Default `false`. */
        projection?: boolean | Share;
        /** The tasks that leave labels unpermuted. Default `false`. */
        permutation?: boolean | Share;
      };
  /** The type of the inputs. Default `"float32"`; `"float16"` is rounded to nearest even from the float32 value. */
  dtype?: FloatDtype;
  /**
   * The type of targets, and of labels where they are integers, in typed arrays and files: `"uint8"`, `"uint16"`,
   * `"int32"` or `"int64"`, which is a `BigInt64Array`. It changes no value, so recipes do not have it. Buffers on a GPU
   * hold one u32 each, so `gpuBatches` refuses it. Default: uint8 up to 256 values, else uint16.
   */
  targetDtype?: Dtype;
  /**
   * `"auto"` (default) takes a real GPU through WebGPU, else WebAssembly. `"webgpu"` takes any adapter, a software one
   * included. A `GPUDevice` of the caller's is used as it is and never destroyed. Results do not depend on it for uint8
   * data; see `describeBackend()` for what was chosen.
   */
  backend?: "auto" | "wasm" | "webgpu" | GPUDevice;
  /**
   * Worker threads of the CPU backend, 0..1024; 0 works in the calling thread. Where a number above 0 is given and a thread
   * does not start, work rejects with a `BackendError`. Default: one for each core, and the calling thread where no thread
   * starts; `describeBackend()` says why then.
   */
  workers?: number;
  /**
   * Makes a worker thread of the CPU backend: a Web Worker, or in Node a `Worker` of `node:worker_threads`, that runs
   * `taskloom/worker`. It is for bundlers that do not emit the script, and for pages that require Trusted Types. Default:
   * the script beside the package's own.
   *
   * @example
   * ```ts
   * import TaskloomWorker from "taskloom/worker?worker"; // Vite
   *
   * new TaskAugmentor({ createWorker: () => new TaskloomWorker() });
   * ```
   */
  createWorker?: () => WorkerLike;
  /**
   * Lets the GPU backend first time the variants of its kernel, for a second or so, and take the fastest; the choice is
   * kept for the adapter and this shape of tasks as long as the program runs. Results do not depend on it. Default: on a
   * real GPU, for sets of as much work as 2^16 tasks of MNIST.
   */
  tune?: boolean;
  /** Ends everything the augmentor does. */
  signal?: AbortSignal;
}

/** Options with all defaults filled in. */
export interface ResolvedOptions extends SettledChoices, TaskSetSize, MachineOptions {
  readonly seed: bigint;
  readonly preset: PresetName;
  readonly sequenceLength: number;
  readonly samplesPerTask: number;
  readonly samples: number | undefined;
  readonly outFeatures: number | undefined;
  readonly targetDtype: TargetDtype | undefined;
  /** True if `inputScaling` was left to the preset. */
  readonly scalingIsDefault: boolean;
}

/** The options that no number depends on. */
interface MachineOptions {
  readonly backend: "auto" | "wasm" | "webgpu" | GPUDevice;
  readonly workers: number | undefined;
  readonly createWorker: (() => WorkerLike) | undefined;
  readonly tune: boolean | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Checks options and fills in defaults.
 *
 * @throws InvalidOptionError for the first option that is unknown or out of bounds.
 */
export function resolveOptions(options: TaskAugmentorOptions<TargetDtype>): ResolvedOptions {
  const given = parse(augmentorSchema, options);
  const preset = PRESETS[given.preset];
  const chosen = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const { episode } = given;
  const episodeLength = episode ? episode.ways * (episode.shots + episode.queries) : undefined;
  const absent = {
    samples: undefined,
    outFeatures: undefined,
    targetDtype: undefined,
    workers: undefined,
    createWorker: undefined,
    tune: undefined,
    signal: undefined,
  };
  const sequenceLength = episodeLength ?? 100;
  const scalingIsDefault = given.inputScaling === undefined;
  const resolved = { ...absent, sequenceLength, scalingIsDefault, ...preset, ...chosen } as ResolvedOptions;
  if (resolved.taskOffset + resolved.taskCount > MAX_TASKS) {
    throw new InvalidOptionError(
      "taskOffset + taskCount",
      resolved.taskOffset + resolved.taskCount,
      `at most 2 ** 32 = ${MAX_TASKS}, as task indices have 32 bits`,
    );
  }
  checkTogether(resolved, episodeLength);
  return resolved;
}

/** @throws InvalidOptionError for options that do not fit together */
function checkTogether(options: ResolvedOptions, episodeLength: number | undefined): void {
  const { samples, drawSequence, labelLayout, labelFormat, specialTokens, startToken, generator, sequenceLength } =
    options;
  const refuse = (option: keyof ResolvedOptions, allowed: string): never => {
    throw new InvalidOptionError(option, options[option], allowed);
  };
  if (samples !== undefined && drawSequence) {
    refuse("samples", "only with drawSequence: false; sequences have samplesPerTask");
  }
  if (!drawSequence) {
    if (labelLayout !== "shifted")
      refuse("labelLayout", '"shifted" where no sequences are drawn; there are none beside inputs');
    if (labelFormat !== "one-hot")
      refuse("labelFormat", '"one-hot" where no sequences are drawn; there are none beside inputs');
    if (options.episode) refuse("episode", "null where no sequences are drawn");
  }
  if (startToken !== null && startToken >= specialTokens) {
    refuse("startToken", `an integer below specialTokens, which is ${specialTokens}, or null`);
  }
  if (startToken !== null && labelLayout !== "shifted") {
    refuse(
      "startToken",
      `null with labelLayout ${JSON.stringify(labelLayout)}; only shifted labels have a first position`,
    );
  }
  if (episodeLength !== undefined && sequenceLength !== episodeLength) {
    refuse("sequenceLength", `${episodeLength} with this episode, ways * (shots + queries), or undefined`);
  }
  if (generator === "torch") {
    const why = 'with generator "torch", whose notebook has no other way; use "chacha8"';
    if (drawSequence && !options.replacement) refuse("replacement", `true ${why}`);
    if (options.episode) refuse("episode", `null ${why}`);
    if (samples !== undefined && samples > MAX_TORCH_SAMPLES) {
      refuse(
        "samples",
        `at most 2 ** 24 = ${MAX_TORCH_SAMPLES} with generator "torch", which draws them all before the first`,
      );
    }
  }
}

/** Drawn and held in order of their tasks; the notebook compares them in float32, which is exact up to here, too. */
const MAX_TORCH_SAMPLES = 2 ** 24;
