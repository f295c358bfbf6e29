import { StoreError } from "../base/errors.js";
import type { FloatDtype, TargetDtype } from "../base/tensor.js";

/** The .npy format, version 1.0: magic, header length, a Python dict literal padded to 64 bytes, then the values. */

const MAGIC = "\x93NUMPY\x01\x00";
const DESCR = { float32: "<f4", float16: "<f2", uint8: "|u1", uint16: "<u2", int32: "<i4", int64: "<i8" } as const;

export type NpyDtype = FloatDtype | TargetDtype;

/** The header of a C-ordered array; the values, little-endian, follow it. */
export function npyHeader(dtype: NpyDtype, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const dict = `{'descr': '${DESCR[dtype]}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const total = Math.ceil((MAGIC.length + 2 + dict.length + 1) / 64) * 64;
  const text = `${dict.padEnd(total - MAGIC.length - 3)}\n`;
  const header = new Uint8Array(total);
  for (let i = 0; i < MAGIC.length; i++) header[i] = MAGIC.charCodeAt(i);
  new DataView(header.buffer).setUint16(MAGIC.length, text.length, true);
  for (let i = 0; i < text.length; i++) header[MAGIC.length + 2 + i] = text.charCodeAt(i);
  return header;
}

export interface NpyInfo {
  readonly dtype: NpyDtype;
  readonly shape: readonly number[];
  /** The first byte of the values. */
  readonly offset: number;
}

/** Bytes from the start of a file that hold any header this module writes. */
export const NPY_HEADER_LIMIT = 4096;

/**
 * Reads a header that `npyHeader` or NumPy wrote for one of these dtypes.
 *
 * @param source the folder, or the file, for error messages
 * @param key the file in it
 * @throws StoreError when the bytes are not a .npy file of version 1.0, or of another dtype or order.
 */
export function parseNpyHeader(bytes: Uint8Array, source: string, key?: string): NpyInfo {
  const magic = String.fromCharCode(...bytes.subarray(0, MAGIC.length));
  if (magic !== MAGIC) {
    throw new StoreError(source, "is not a .npy file of version 1.0 (bad magic)", { chunk: key });
  }
  if (bytes.length < MAGIC.length + 2) throw new StoreError(source, "ends within its header", { chunk: key });
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint16(MAGIC.length, true);
  const offset = MAGIC.length + 2 + length;
  const text = String.fromCharCode(...bytes.subarray(MAGIC.length + 2, Math.min(offset, bytes.length)));
  const descr = /'descr': '([^']*)'/.exec(text)?.[1];
  const shape = /'shape': \(([^)]*)\)/.exec(text)?.[1];
  const dtype = (Object.keys(DESCR) as NpyDtype[]).find((name) => DESCR[name] === descr);
  if (!dtype || shape === undefined || !/'fortran_order': False/.test(text)) {
    throw new StoreError(source, `has a .npy header that taskloom does not write: ${text.trim()}`, { chunk: key });
  }
  return {
    dtype,
    shape: shape
      .split(",")
      .map((size) => size.trim())
      .filter(Boolean)
      .map(Number),
    offset,
  };
}

/** The files of a folder in the format npy; the recipe is written last and says that the others are whole. */
export const FILES = {
  /** The inputs of all items. */
  inputs: "inputs.npy",
  /** The targets of all items. */
  targets: "targets.npy",
  /** The recipe of the task set. */
  recipe: "recipe.json",
} as const;
