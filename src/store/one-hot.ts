import { bytesPerElement, type FloatDtype } from "../base/tensor.js";
import { NO_LABEL } from "../draws/labels.js";
import { firstHidden, labelCells } from "../plan/plan.js";
import type { Recipe } from "../plan/recipe.js";
import { layoutOf } from "../plan/set-layout.js";
import { instantiate, type KernelExports } from "../wasm/module.js";
import { Regions } from "../wasm/regions.js";

/**
 * Label cells taken out of stored inputs and put back on reading: they follow from the targets, so that a store need
 * not hold them.
 */

/** The first `kept` bytes of every row of `row` bytes, moved together where they are: `inputs` is used up. */
export function withoutOneHot(inputs: ArrayBuffer, row: number, kept: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(inputs);
  const rows = bytes.length / row;
  for (let i = 1; i < rows; i++) bytes.copyWithin(i * kept, i * row, i * row + kept);
  return bytes.subarray(0, rows * kept);
}

/** The parts that rows are put together from. */
export interface RowLayout {
  readonly dtype: FloatDtype;
  /** Projected values of a row. */
  readonly outFeatures: number;
  /** Label cells of a row. */
  readonly cells: number;
  /** Positions of a sequence. */
  readonly length: number;
  readonly shifted: boolean;
  /** The first position whose own label is not given, where labels are not shifted. */
  readonly firstHidden: number;
  readonly startToken: number | null;
}

/** The rows of a recipe's sequences of `length` positions. */
export function rowLayoutOf(recipe: Recipe, length: number): RowLayout {
  const { dtype, outFeatures, episode, labelLayout, startToken } = recipe;
  return {
    dtype,
    outFeatures,
    cells: labelCells(layoutOf(recipe)),
    length,
    shifted: labelLayout === "shifted",
    firstHidden: firstHidden({ episode, length }),
    startToken,
  };
}

/** The codes of assembly/output.ts. */
const DTYPE_CODE = { float32: 1, float16: 2 } as const;

/** Bytes of rows that the module's memory holds at a time. */
const BLOCK = 4 * 2 ** 20;

/** Puts the one-hots of given labels behind projected values, by the functions that the WASM backend uses. */
export class OneHotPacker {
  readonly #kernel: KernelExports;
  readonly #layout: RowLayout;
  /** Rows at a time, whole sequences. */
  readonly #block: number;
  readonly #at: { readonly rows: number; readonly targets: number; readonly given: number };

  static async create(layout: RowLayout): Promise<OneHotPacker> {
    // Packing draws nothing, so any seed does.
    return new OneHotPacker(await instantiate(0n), layout);
  }

  private constructor(kernel: KernelExports, layout: RowLayout) {
    this.#kernel = kernel;
    this.#layout = layout;
    this.#block = layout.length * Math.max(1, Math.floor(BLOCK / (layout.length * this.#rowBytes)));
    const memory = new Regions(kernel);
    this.#at = {
      rows: memory.place(this.#block * this.#rowBytes),
      targets: memory.place(this.#block * 2),
      given: memory.place(this.#block * 4),
    };
    memory.commit();
  }

  /** Values of a row, label cells included. */
  get rowLength(): number {
    return this.#layout.outFeatures + this.#layout.cells;
  }

  get #rowBytes(): number {
    return this.rowLength * bytesPerElement(this.#layout.dtype);
  }

  /**
   * @param values projected values of whole sequences, `[rows, outFeatures]`
   * @param targets one for each row
   * @returns `[rows, outFeatures + cells]`
   */
  pack(values: ArrayBuffer, targets: Uint16Array): ArrayBuffer {
    const { outFeatures, cells, length, dtype, shifted, firstHidden, startToken } = this.#layout;
    const kept = outFeatures * bytesPerElement(dtype);
    const row = this.#rowBytes;
    const from = new Uint8Array(values);
    const out = new Uint8Array(targets.length * row);
    for (let start = 0; start < targets.length; start += this.#block) {
      const n = Math.min(this.#block, targets.length - start);
      const { buffer } = this.#kernel.memory;
      const rows = new Uint8Array(buffer, this.#at.rows, n * row);
      for (let i = 0; i < n; i++) rows.set(from.subarray((start + i) * kept, (start + i + 1) * kept), i * row);
      new Uint16Array(buffer, this.#at.targets, n).set(targets.subarray(start, start + n));
      const { giveLabels, packOneHot } = this.#kernel;
      giveLabels(this.#at.targets, n, length, shifted ? 1 : 0, firstHidden, startToken ?? NO_LABEL, this.#at.given);
      packOneHot(this.#at.rows, n, outFeatures, cells, this.#at.given, DTYPE_CODE[dtype]);
      out.set(rows, start * row);
    }
    return out.buffer;
  }
}
