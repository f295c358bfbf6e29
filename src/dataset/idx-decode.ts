import { DatasetError } from "../base/errors.js";
import { type ExtentOf, HEAD_BYTES } from "../files/growing.js";
import { fromBigEndian } from "./endian.js";
import { sniff } from "./sniff.js";
import { product, shapeText } from "./tensor.js";

/** An array as an IDX file holds it. */
export interface IdxArray {
  /** The values, row-major: `product(shape)` of them. */
  readonly data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
  /** The size of each dimension; for a dataset the first is the number of examples. */
  readonly shape: readonly number[];
}

/** IDX type codes, the third byte of a file. */
const kinds = new Map([
  [0x08, { name: "uint8", array: Uint8Array }],
  [0x09, { name: "int8", array: Int8Array }],
  [0x0b, { name: "int16", array: Int16Array }],
  [0x0c, { name: "int32", array: Int32Array }],
  [0x0d, { name: "float32", array: Float32Array }],
  [0x0e, { name: "float64", array: Float64Array }],
]);

/**
 * Tells from the head of an IDX file how much of it the first `limit` examples take.
 *
 * @returns undefined when the head is not that of an IDX file
 */
export function extentOfIdx(limit: number): ExtentOf {
  return (head) => {
    const dimensions = head[3] ?? 0;
    const kind = kinds.get(head[2] ?? -1);
    const start = 4 + 4 * dimensions;
    if (head[0] !== 0 || head[1] !== 0 || !kind || dimensions === 0 || head.length < Math.min(start, HEAD_BYTES)) {
      return undefined;
    }
    const [count = 0, ...shape] = shapeOf(head, dimensions);
    const examples = Math.min(limit, count);
    const bytes = start + examples * product(shape) * kind.array.BYTES_PER_ELEMENT;
    return { bytes, whole: examples === count };
  };
}

function shapeOf(bytes: Uint8Array, dimensions: number): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: dimensions }, (_, axis) => view.getUint32(4 + 4 * axis));
}

/**
 * Decodes IDX: two zero bytes, a type code, the number of dimensions, each dimension as a big-endian u32, then the values,
 * big-endian and row-major. Single bytes are viewed, wider values copied into the machine's order.
 *
 * @param limit examples to decode at most; `bytes` need hold no more then
 * @returns the array, and how many examples the file has
 */
export function decodeIdx(
  bytes: Uint8Array,
  name: string,
  limit = Number.POSITIVE_INFINITY,
): IdxArray & { readonly count: number } {
  const kind = kinds.get(bytes[2] ?? -1);
  const dimensions = bytes[3] ?? 0;
  if (bytes[0] !== 0 || bytes[1] !== 0 || !kind || dimensions === 0) {
    throw new DatasetError(
      name,
      `begins with ${opening(bytes)}; an IDX file begins with 00 00, a type (08, 09, 0b, 0c, 0d or 0e) ` +
        `and the number of dimensions, 01 or more, such as 00 00 08 03${guess(bytes)}`,
    );
  }
  const headerLength = 4 + 4 * dimensions;
  if (bytes.length < headerLength) {
    throw new DatasetError(
      name,
      `is truncated: it holds ${bytes.length} bytes, its header of ${dimensions} dimensions has ${headerLength}; ` +
        "download it again",
    );
  }
  const [count = 0, ...rest] = shapeOf(bytes, dimensions);
  const cut = limit < count;
  const shape = [cut ? limit : count, ...rest];
  const { array: Values } = kind;
  const expected = headerLength + product(shape) * Values.BYTES_PER_ELEMENT;
  if (bytes.length < expected || (bytes.length > expected && !cut)) {
    const difference = fitsLittleEndian(bytes, dimensions, Values.BYTES_PER_ELEMENT)
      ? "has little-endian dimensions, where IDX is big-endian; write them again with their bytes reversed"
      : bytes.length < expected
        ? "is truncated; download it again"
        : `has ${bytes.length - expected} bytes too many; is it one IDX file?`;
    throw new DatasetError(
      name,
      `${difference} (${bytes.length} bytes, where the header says ${expected}: ${shapeText(shape)} ${kind.name})`,
    );
  }
  const values = bytes.subarray(headerLength, expected);
  const own = Values.BYTES_PER_ELEMENT === 1 ? values : fromBigEndian(values, Values.BYTES_PER_ELEMENT);
  return { data: new Values(own.buffer as ArrayBuffer, own.byteOffset, product(shape)), shape, count };
}

function opening(bytes: Uint8Array): string {
  if (bytes.length === 0) return "nothing: it is empty";
  return Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** The mistakes that happen: a web server's error page, neighboring formats, an opening in the wrong byte order. */
function guess(bytes: Uint8Array): string {
  if (bytes[2] === 0 && bytes[3] === 0 && kinds.has(bytes[1] ?? -1) && (bytes[0] ?? 0) > 0) {
    return ". Its header looks little-endian, where IDX is big-endian: write it again with the bytes of each number reversed";
  }
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf && bytes[3] === 0) {
    return ". A byte order mark stands before it, which a text editor wrote: remove the first three bytes";
  }
  const { format, name, remedy } = sniff(bytes);
  if (format === "page") return `. It looks like a web page: ${remedy}`;
  if (format === "idx" || format === "empty" || format === "unknown") return "";
  return `. It is ${name}${remedy ? `: ${remedy}` : ""}`;
}

/** True if the sizes of the dimensions are right when their bytes are read in the opposite order. */
function fitsLittleEndian(bytes: Uint8Array, dimensions: number, width: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: dimensions }, (_, axis) => view.getUint32(4 + 4 * axis, true));
  return bytes.length === 4 + 4 * dimensions + product(shape) * width;
}
