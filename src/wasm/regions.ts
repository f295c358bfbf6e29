import { BackendError } from "../base/errors.js";
import type { KernelExports } from "./module.js";

const PAGE = 65536;
const ALIGNMENT = 64;

/**
 * Lays consecutive regions into a module's memory, from its heap base on. Views go stale whenever memory grows, so all
 * regions of a piece of work are placed first, then `commit` grows the memory once, then views are taken.
 */
export class Regions {
  readonly #exports: KernelExports;
  #end: number;

  constructor(exports: KernelExports) {
    this.#exports = exports;
    this.#end = align(exports.heapBase());
  }

  /** The offset of a new region. */
  place(bytes: number): number {
    const start = this.#end;
    this.#end = align(start + bytes);
    return start;
  }

  /** Makes every region so far addressable. */
  commit(): void {
    const { memory } = this.#exports;
    const missing = Math.ceil((this.#end - memory.buffer.byteLength) / PAGE);
    if (missing <= 0) return;
    try {
      memory.grow(missing);
    } catch (cause) {
      throw new BackendError("wasm", `out of memory: ${this.#end} bytes do not fit into a WebAssembly memory here`, {
        cause,
      });
    }
  }
}

function align(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}
