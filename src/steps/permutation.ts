import { InvalidOptionError } from "../base/errors.js";
import type { Generator } from "../plan/choices.js";
import { checkTask, parse, permutationSchema } from "../plan/schemas.js";
import { instantiate } from "../wasm/module.js";
import { Regions } from "../wasm/regions.js";
import { beginTorch, torchStateBytes } from "../wasm/torch-state.js";

/** Options of a `TargetPermutation`. */
export interface TargetPermutationOptions {
  /** `"torch"`: `torch.randperm(classes)`; see docs/torch.md. Default `"chacha8"`. */
  generator?: Generator;
  /** 0..2^64 - 1. Default 0. With `"torch"` and no task, the seed of PyTorch's generator itself. */
  seed?: bigint | number;
  /** Task index, 0..2^32 - 1. Only with `"torch"` can it be left out. */
  task?: number;
  /** Labels, 1..65536. */
  classes: number;
  /** Leaves labels as they are. Default false. */
  identity?: boolean;
}

/**
 * The label permutation of one task: label y becomes `permutation[y]`.
 *
 * @example
 * ```ts
 * const labels = new TargetPermutation({ seed: 42, task: 0, classes: 10 });
 * await labels.permutation(); // Uint16Array [1, 7, 4, 6, 0, 5, 3, 2, 8, 9]
 * await labels.apply([0, 1]); // Uint16Array [1, 7]
 * ```
 */
export class TargetPermutation {
  /** The source of random numbers. */
  readonly generator: Generator;
  /** The index of the task. `undefined`: the seed is the permutation's own. */
  readonly task: number | undefined;
  /** Labels, 1..65536. */
  readonly classes: number;
  /** True if labels stay as they are. */
  readonly identity: boolean;
  readonly #seed: bigint;

  /** @throws InvalidOptionError for an unknown option or one out of bounds. */
  constructor(options: TargetPermutationOptions) {
    const given = parse(permutationSchema, options);
    checkTask(given);
    this.generator = given.generator;
    this.task = given.task;
    this.classes = given.classes;
    this.identity = given.identity;
    this.#seed = given.seed;
  }

  /** The permuted label of each label, `[classes]`. */
  async permutation(): Promise<Uint16Array> {
    if (this.identity) return Uint16Array.from({ length: this.classes }, (_, label) => label);
    const kernel = await instantiate(this.#seed);
    const layout = new Regions(kernel);
    const out = layout.place(this.classes * 4);
    const state = layout.place(torchStateBytes(kernel));
    layout.commit();
    if (this.generator === "torch") {
      beginTorch(kernel, state, this.#seed, this.task);
      kernel.torchPermutation(state, this.classes, out);
    } else {
      kernel.permutation(this.task as number, this.classes, out);
    }
    return Uint16Array.from(new Uint32Array(kernel.memory.buffer, out, this.classes));
  }

  /**
   * Permutes labels.
   *
   * @throws InvalidOptionError for a label that is no integer from 0 to classes - 1.
   */
  async apply(targets: ArrayLike<number>): Promise<Uint16Array> {
    if (!Array.isArray(targets) && !ArrayBuffer.isView(targets)) {
      throw new InvalidOptionError("targets", targets, "a list or typed array of labels");
    }
    const permutation = await this.permutation();
    return Uint16Array.from(targets, (label, i) => {
      const permuted = typeof label === "number" ? permutation[label] : undefined;
      if (permuted === undefined) {
        throw new InvalidOptionError(`targets[${i}]`, label, `an integer from 0 to ${this.classes - 1}`);
      }
      return permuted;
    });
  }
}
