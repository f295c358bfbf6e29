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
    growTo(this.#exports, this.#end);
  }
}

/**
 * Grows a module's memory until `bytes` are addressable.
 *
 * @throws BackendError where the engine has no more memory
 */
export function growTo({ memory }: KernelExports, bytes: number): void {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE);
  if (missing <= 0) return;
  try {
    memory.grow(missing);
  } catch (cause) {
    throw outOfMemory(bytes, { cause });
  }
}

export function outOfMemory(bytes: number, options?: ErrorOptions): BackendError {
  return new BackendError("wasm", `out of memory: ${bytes} bytes do not fit into a WebAssembly memory here`, options);
}

function align(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}
