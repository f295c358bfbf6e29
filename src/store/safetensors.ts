import * as v from "valibot";
import { StoreError } from "../base/errors.js";
import { parseNested } from "../base/json.js";
import { bytesPerElement } from "../base/tensor.js";
import { ARRAY_NAMES, type ArrayName, type StoredArray, type StoredDtype, storedItemBytes } from "./arrays.js";

/**
 * The safetensors format: a u64 length, a JSON header of that length that says where each tensor lies behind it, then
 * the values. The header is padded with spaces so that the values begin at a multiple of 8 bytes.
 */

const DTYPES = { float32: "F32", float16: "F16", uint8: "U8", uint16: "U16", int32: "I32", int64: "I64" } as const;

/** Headers are longer than this only where somebody else wrote them. */
export const SAFETENSORS_HEADER_LIMIT = 2 ** 20;

/** A tensor's values within the file, in bytes from its beginning. */
export interface TensorPlace {
  readonly name: ArrayName;
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  readonly start: number;
  readonly stop: number;
}

/**
 * The header of a file of task arrays, and where each array begins.
 *
 * @param metadata goes into `__metadata__`
 */
export function safetensorsHeader(
  arrays: readonly StoredArray[],
  items: number,
  metadata: Readonly<Record<string, string>>,
): { header: Uint8Array<ArrayBuffer>; offsets: Record<ArrayName, number>; total: number } {
  // Wider elements first, which keeps every tensor aligned to its elements; the format allows no gaps.
  const order = [...arrays].sort((a, b) => bytesPerElement(b.dtype) - bytesPerElement(a.dtype));
  const entries: Record<string, unknown> = { __metadata__: metadata };
  const offsets = { inputs: 0, targets: 0, labels: 0 };
  let end = 0;
  for (const array of order) {
    const start = end;
    end += items * storedItemBytes(array);
    offsets[array.name] = start;
    entries[array.name] = {
      dtype: DTYPES[array.dtype],
      shape: [items, ...array.itemShape],
      data_offsets: [start, end],
    };
  }
  const text = new TextEncoder().encode(JSON.stringify(entries));
  const length = Math.ceil(text.length / 8) * 8;
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(text, 8);
  for (const { name } of arrays) offsets[name] += header.length;
  return { header, offsets, total: header.length + end };
}

/**
 * Reads the length of the header from the file's first 8 bytes.
 *
 * @param source the folder, for error messages
 * @returns bytes that the length and the header take
 */
export function safetensorsHeaderLength(head: Uint8Array, source: string): number {
  const length =
    head.length < 8 ? Number.NaN : Number(new DataView(head.buffer, head.byteOffset).getBigUint64(0, true));
  if (!(length >= 2 && length <= SAFETENSORS_HEADER_LIMIT)) throw foreign(source, "bad header length");
  return 8 + length;
}

function foreign(source: string, why: string, cause?: unknown): StoreError {
  const problem = `is not a safetensors file that taskloom wrote: ${why}`;
  return new StoreError(source, problem, { chunk: SAFETENSORS_FILE, cause });
}

const offset = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const tensor = v.object({
  dtype: v.picklist(Object.values(DTYPES)),
  shape: v.array(offset),
  data_offsets: v.tuple([offset, offset]),
});
const schema = v.object({
  __metadata__: v.object({ taskloom: v.string() }),
  inputs: tensor,
  targets: tensor,
  labels: v.optional(tensor),
});

/**
 * Reads a header that `safetensorsHeader` wrote, or another writer with the same tensors.
 *
 * @param bytes the length and the header
 * @param source the folder, for error messages
 * @returns the recipe's JSON, the tensors, and the bytes of the file
 * @throws StoreError when it is something else, or the tensors overlap or leave gaps
 */
export function parseSafetensorsHeader(
  bytes: Uint8Array,
  source: string,
): { recipe: string; tensors: readonly TensorPlace[]; size: number } {
  let value: unknown;
  try {
    value = parseNested(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8)));
  } catch (cause) {
    throw foreign(source, (cause as Error).message, cause);
  }
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (!result.success) {
    const [issue] = result.issues;
    throw foreign(source, `${v.getDotPath(issue)}: ${issue.message}`);
  }
  const tensors = ARRAY_NAMES.flatMap((name): TensorPlace[] => {
    const found = result.output[name];
    if (!found) return [];
    const dtype = (Object.keys(DTYPES) as StoredDtype[]).find((key) => DTYPES[key] === found.dtype) as StoredDtype;
    const [start, stop] = found.data_offsets.map((at) => at + bytes.length) as [number, number];
    if (stop - start !== found.shape.reduce((a, b) => a * b, bytesPerElement(dtype))) {
      throw foreign(source, `tensor ${name} takes ${stop - start} bytes, which its shape does not`);
    }
    return [{ name, dtype, shape: found.shape, start, stop }];
  });
  let size = bytes.length;
  for (const { name, start, stop } of [...tensors].sort((a, b) => a.start - b.start)) {
    if (start !== size)
      throw foreign(source, `tensor ${name} begins at byte ${start}; the bytes before end at ${size}`);
    size = stop;
  }
  return { recipe: result.output.__metadata__.taskloom, tensors, size };
}

/** The file of a folder in the format safetensors. */
export const SAFETENSORS_FILE = "tasks.safetensors";
