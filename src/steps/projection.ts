import { Engine } from "../backend/wasm/engine.js";
import { checkInteger, signalOf } from "../base/check.js";
import { InvalidOptionError } from "../base/errors.js";
import type { Tensor } from "../base/tensor.js";
import type { DType, Pixels } from "../dataset/index.js";
import { dtypeOf } from "../dataset/tensor.js";
import { basePlan } from "../plan/base-plan.js";
import type { Generator, StandardDeviation } from "../plan/choices.js";
import { scheduleOf } from "../plan/curriculum.js";
import { checkMatrix, checkTorchMatrix } from "../plan/limits.js";
import type { Plan } from "../plan/plan.js";
import { resolveStandardDeviation } from "../plan/presets.js";
import { checkFactor } from "../plan/scale.js";
import { checkTask, parse, projectionSchema } from "../plan/schemas.js";
import { instantiate } from "../wasm/module.js";
import { Regions } from "../wasm/regions.js";
import { torchMatrix } from "../wasm/torch-matrix.js";
import { floats, project } from "./project.js";

/** Bytes of a matrix: it is made in a WebAssembly memory of 4 GiB. */
const MAX_MATRIX_BYTES = 2 ** 31;
/** Examples projected before the calling thread yields to the event loop: some tens of milliseconds of work for MNIST. */
const APPLY_STEP = 4096;

/** Options of a `LinearProjection`. */
export interface LinearProjectionOptions {
  /**
   * `"torch"`: the values of PyTorch's `normal_(0, standardDeviation)` on a CPU, within the bound that docs/torch.md
   * states. Default `"chacha8"`.
   */
  generator?: Generator;
  /** 0..2^64 - 1. Default 0. With `"torch"` and no task, the seed of PyTorch's generator itself (its low 32 bits). */
  seed?: bigint | number;
  /** Task index, 0..2^32 - 1. Only with `"torch"` can it be left out. */
  task?: number;
  /** Columns of the matrix. */
  inFeatures: number;
  /** Rows of the matrix. Default `inFeatures`. */
  outFeatures?: number;
  /** The deviation of matrix entries. Default `"1/n"` with n = inFeatures, like the preset `notebook`. */
  standardDeviation?: StandardDeviation;
  /** The identity matrix instead (ones on the diagonal of an outFeatures x inFeatures matrix). Default false. */
  identity?: boolean;
}

/**
 * The random matrix A of one task, `outFeatures x inFeatures`, entries N(0, standardDeviation^2).
 *
 * @example
 * ```ts
 * const projection = new LinearProjection({ seed: 42, task: 7, inFeatures: 784 });
 * const { data, shape } = await projection.matrix(); // [784, 784]
 * const projected = await projection.apply(dataset.images); // [60000, 784]
 *
 * // LinearProjection(784, random_state=1272380470) of the notebook, and task 0 of its random_state 69: the same matrix.
 * new LinearProjection({ generator: "torch", seed: 1272380470, inFeatures: 784 });
 * new LinearProjection({ generator: "torch", seed: 69, task: 0, inFeatures: 784 });
 * ```
 */
export class LinearProjection {
  /** The source of random numbers. */
  readonly generator: Generator;
  /** The index of the task. `undefined`: the seed is the matrix's own. */
  readonly task: number | undefined;
  /** Columns of the matrix. */
  readonly inFeatures: number;
  /** Rows of the matrix. */
  readonly outFeatures: number;
  /** The standard deviation of the entries as a number. */
  readonly standardDeviation: number;
  /** True for the identity matrix. */
  readonly identity: boolean;
  /** The seed, 0..2^64 - 1. */
  readonly seed: bigint;

  /** @throws InvalidOptionError for an unknown option or one out of bounds. */
  constructor(options: LinearProjectionOptions) {
    const given = parse(projectionSchema, options);
    checkTask(given);
    this.generator = given.generator;
    this.task = given.task;
    this.inFeatures = given.inFeatures;
    this.outFeatures = given.outFeatures ?? given.inFeatures;
    checkMatrix(this.outFeatures, this.inFeatures);
    if (given.generator === "torch" && !given.identity) checkTorchMatrix(this.outFeatures, this.inFeatures);
    this.standardDeviation = resolveStandardDeviation(given.standardDeviation, given.inFeatures);
    const unit = given.generator === "torch" ? 1 : 4096;
    if (!given.identity) checkFactor("standardDeviation", given.standardDeviation, this.standardDeviation / unit);
    this.identity = given.identity;
    this.seed = given.seed;
  }

  /**
   * Rows `[start, stop)` of the matrix, `[stop - start, inFeatures]`: `f32(f32(g) * f32(standardDeviation / 4096))` with
   * the deviates g of the stream, or, with `"torch"`, what PyTorch's generator gives.
   */
  async matrix(start = 0, stop = this.outFeatures): Promise<Tensor<"float32", Float32Array>> {
    checkInteger("start", start, 0, this.outFeatures - 1);
    checkInteger("stop", stop, start + 1, this.outFeatures);
    const shape = [stop - start, this.inFeatures] as const;
    const values = shape[0] * shape[1];
    if (this.identity) {
      const data = floats(values);
      for (let row = start; row < Math.min(stop, this.inFeatures); row++) data[(row - start) * shape[1] + row] = 1;
      return { dtype: "float32", shape, data };
    }
    if (this.generator === "torch") {
      const { seed, task, outFeatures: rows, inFeatures: columns, standardDeviation } = this;
      const data = await torchMatrix({ seed, task, rows, columns, standardDeviation }, start, stop);
      return { dtype: "float32", shape, data };
    }
    if (values * 4 > MAX_MATRIX_BYTES) {
      const allowed = `a row so near start that the rows between have at most 2 ** 31 bytes; ${values * 4} bytes do not fit`;
      throw new InvalidOptionError("stop", stop, allowed);
    }
    const kernel = await instantiate(this.seed);
    const layout = new Regions(kernel);
    const out = layout.place(values * 4);
    layout.commit();
    kernel.matrix(this.task as number, start, shape[0], shape[1], Math.fround(this.standardDeviation / 4096), out);
    return { dtype: "float32", shape, data: new Float32Array(kernel.memory.buffer, out, values).slice() };
  }

  /**
   * Projects examples: `[n, inFeatures]` values become `[n, outFeatures]`. uint8 values are read as [0, 1] and multiplied
   * exactly, int16 ones as the integers that they are; float32 ones agree with the true product within
   * `(inFeatures + 2) * 2^-24 * sum over j of |A(i, j) * x(j)|`, and so do integers with `"torch"`, where x(j) is the
   * pixel / 255 rounded to float32, or the int16 value.
   *
   * @throws InvalidOptionError when the length is no multiple of `inFeatures`.
   */
  async apply(examples: Pixels, options: { signal?: AbortSignal } = {}): Promise<Tensor<"float32", Float32Array>> {
    const signal = signalOf(options);
    signal?.throwIfAborted();
    const { inFeatures, outFeatures } = this;
    const dtype = dtypeOf(examples);
    if (!dtype) throw new InvalidOptionError("examples", examples, "a Uint8Array, an Int16Array or a Float32Array");
    const count = examples.length / inFeatures;
    if (!Number.isInteger(count)) {
      throw new InvalidOptionError("examples.length", examples.length, `a multiple of inFeatures, ${inFeatures}`);
    }
    if (this.generator === "torch" && !this.identity) return this.#applyTorch(examples, count, signal);
    const data = floats(count * outFeatures);
    const plan = this.#planFor(count, dtype);
    const kernel = await Engine.create(plan, { images: examples, targets: new Uint16Array(count) });
    for (let first = 0; first < count; first += APPLY_STEP) {
      const n = Math.min(APPLY_STEP, count - first);
      data.set(new Float32Array(kernel.weave(first, n).inputs), first * outFeatures);
      // Yields to the event loop, where the signal may be aborted.
      await new Promise((resolve) => setTimeout(resolve));
      signal?.throwIfAborted();
    }
    return { dtype: "float32", shape: [count, outFeatures], data };
  }

  #planFor(count: number, dtype: DType): Plan {
    const divisor = dtype === "uint8" ? 255 : 1;
    return {
      ...basePlan,
      seed: this.seed,
      // The identity needs no task.
      taskOffset: this.task ?? 0,
      itemsPerTask: count,
      itemCount: count,
      examples: count,
      features: this.inFeatures,
      outFeatures: this.outFeatures,
      exampleDtype: dtype,
      identityProjection: scheduleOf(this.identity ? 1 : 0),
      identityPermutation: scheduleOf(1),
      scale: this.identity
        ? 1
        : checkFactor("standardDeviation", this.standardDeviation, this.standardDeviation / 4096 / divisor),
      identityScale: Math.fround(1 / divisor),
    };
  }

  async #applyTorch(
    examples: Pixels,
    count: number,
    signal: AbortSignal | undefined,
  ): Promise<Tensor<"float32", Float32Array>> {
    const { inFeatures, outFeatures } = this;
    const data = floats(count * outFeatures);
    const matrix = await this.matrix();
    for (let first = 0; first < count; first += APPLY_STEP) {
      const some = examples.subarray(first * inFeatures, (first + APPLY_STEP) * inFeatures);
      const divisor = some instanceof Uint8Array ? 255 : 1;
      const values = some instanceof Float32Array ? some : Float32Array.from(some, (value) => value / divisor);
      const projected = await project(matrix, values, signal ? { signal } : {});
      data.set(projected.data, first * outFeatures);
    }
    return { dtype: "float32", shape: [count, outFeatures], data };
  }
}
