import { Layout } from "../backend/wasm/memory.js";
import { instantiate, type KernelExports } from "../backend/wasm/module.js";
import type { FloatDtype } from "../tensor.js";
import { bytesPerElement } from "../tensor.js";

/**
 * Label cells taken out of stored inputs and put back on reading: they follow from the targets, so that a store need
 * not hold them.
 */

/** The first `kept` bytes of every row of `row` bytes. */
export function withoutOneHot(inputs: ArrayBuffer, row: number, kept: number): Uint8Array<ArrayBuffer> {
  const from = new Uint8Array(inputs);
  const to = new Uint8Array((from.length / row) * kept);
  for (let i = 0; i * row < from.length; i++) to.set(from.subarray(i * row, i * row + kept), i * kept);
  return to;
}

/** What rows are put together from. */
export interface RowLayout {
  readonly dtype: FloatDtype;
  /** Projected values of a row. */
  readonly outFeatures: number;
  /** Label cells of a row. */
  readonly classes: number;
  /** Positions of a sequence. */
  readonly length: number;
}

/** As in assembly/output.ts. */
const DTYPE_CODE = { float32: 1, float16: 2 } as const;

/** Bytes of rows that the module's memory holds at a time. */
const BLOCK = 4 * 2 ** 20;

/** Puts the one-hots of previous labels behind projected values, by the function that the WASM backend uses. */
export class OneHotPacker {
  readonly #kernel: KernelExports;
  readonly #layout: RowLayout;
  /** Rows at a time. */
  readonly #block: number;
  readonly #at: { readonly rows: number; readonly targets: number };

  static async create(layout: RowLayout): Promise<OneHotPacker> {
    // Packing draws nothing, so any seed does.
    return new OneHotPacker(await instantiate(0n), layout);
  }

  private constructor(kernel: KernelExports, layout: RowLayout) {
    this.#kernel = kernel;
    this.#layout = layout;
    this.#block = Math.max(1, Math.floor(BLOCK / this.#rowBytes));
    const memory = new Layout(kernel);
    // One target more, as a row reads the one before it.
    this.#at = { rows: memory.place(this.#block * this.#rowBytes), targets: memory.place((this.#block + 1) * 2) };
    memory.commit();
  }

  get #rowBytes(): number {
    const { outFeatures, classes, dtype } = this.#layout;
    return (outFeatures + classes) * bytesPerElement(dtype);
  }

  /**
   * @param values projected values of whole sequences, `[rows, outFeatures]`
   * @param targets one for each row
   * @returns `[rows, outFeatures + classes]`
   */
  pack(values: ArrayBuffer, targets: Uint8Array | Uint16Array): ArrayBuffer {
    const { outFeatures, classes, length, dtype } = this.#layout;
    const kept = outFeatures * bytesPerElement(dtype);
    const row = this.#rowBytes;
    const from = new Uint8Array(values);
    const out = new Uint8Array(targets.length * row);
    for (let start = 0; start < targets.length; start += this.#block) {
      const n = Math.min(this.#block, targets.length - start);
      const { buffer } = this.#kernel.memory;
      const rows = new Uint8Array(buffer, this.#at.rows, n * row);
      for (let i = 0; i < n; i++) rows.set(from.subarray((start + i) * kept, (start + i + 1) * kept), i * row);
      const before = Math.max(0, start - 1);
      const labels = new Uint16Array(buffer, this.#at.targets, this.#block + 1);
      labels.set(targets.subarray(before, start + n), 1 - (start - before));
      this.#kernel.packOneHot(
        this.#at.rows,
        n,
        outFeatures,
        classes,
        this.#at.targets + 2,
        start % length,
        length,
        DTYPE_CODE[dtype],
      );
      out.set(rows, start * row);
    }
    return out.buffer;
  }
}
