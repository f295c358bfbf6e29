import { DatasetError, describe } from "../../base/errors.js";
import { float16ToFloat32 } from "../../base/float16.js";
import type { ExtentOf } from "../../files/growing.js";
import { fromBigEndian, fromLittleEndian } from "../endian.js";
import { product, shapeText } from "../tensor.js";
import { type NdArray, type Numbers, rowMajor } from "./nd-array.js";

/** NumPy's types of elements: kind and width, as a header has them. */
const TYPES = new Map<
  string,
  readonly [name: string, array: new (buffer: ArrayBuffer, at: number, length: number) => Numbers]
>([
  ["b1", ["bool", Uint8Array]],
  ["u1", ["uint8", Uint8Array]],
  ["u2", ["uint16", Uint16Array]],
  ["u4", ["uint32", Uint32Array]],
  ["u8", ["uint64", BigUint64Array]],
  ["i1", ["int8", Int8Array]],
  ["i2", ["int16", Int16Array]],
  ["i4", ["int32", Int32Array]],
  ["i8", ["int64", BigInt64Array]],
  ["f2", ["float16", Uint16Array]],
  ["f4", ["float32", Float32Array]],
  ["f8", ["float64", Float64Array]],
]);

/** Remedies for types that are no numbers or texts, by their kind. */
const REFUSED: Record<string, string> = {
  O: "an array of Python objects, which needs Python to open it; if its rows have one shape, save np.stack(list(a))",
  V: "a structured array; save its fields as arrays of their own",
  c: "an array of complex numbers; save a.real, or np.abs(a)",
  M: "an array of dates; save numbers",
  m: "an array of times; save numbers",
};

interface Header {
  readonly kind: string;
  readonly width: number;
  readonly bigEndian: boolean;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  /** The byte at which the values begin. */
  readonly start: number;
}

/** Tells from the head of an .npy file how much of it the first `limit` rows take. */
export function extentOfNpy(limit: number): ExtentOf {
  const everything = { bytes: Number.POSITIVE_INFINITY, whole: false };
  return (head) => {
    try {
      const { kind, width, fortran, shape, start } = parseHeader(head, "npy");
      const [count = 0, ...row] = shape;
      // Integers are read whole, as all of them decide whether they fit into 8 bits.
      const wide = (kind === "i" || kind === "u") && width > 1;
      if (fortran || wide || limit >= count) return everything;
      return { bytes: start + limit * product(row) * width, whole: false };
    } catch {
      return everything;
    }
  };
}

/**
 * Decodes the .npy format, versions 1 to 3, of any byte order. Fortran order becomes row-major order.
 *
 * @param limit rows that are needed; `bytes` may end behind them
 * @throws DatasetError for anything else, and for types that hold neither numbers nor text
 */
export function decodeNpy(bytes: Uint8Array, name: string, limit = Number.POSITIVE_INFINITY): NdArray {
  const { kind, width, bigEndian, fortran, shape, start } = parseHeader(bytes, name);
  const expected = product(shape) * width;
  const there = bytes.length - start;
  const [count = 1, ...row] = shape;
  const cut = !fortran && limit < count;
  const wanted = cut ? limit * product(row) * width : expected;
  if (there < wanted || (there > expected && !cut)) {
    const problem =
      there < wanted ? "is truncated; download it again" : "has bytes behind its array; is it one .npy file?";
    const facts = `${there} bytes of values, where the header says ${expected}: ${shapeText(shape)} ${kind}${width}`;
    throw new DatasetError(name, `${problem} (${facts})`);
  }
  const values = bytes.subarray(start, start + Math.min(there, expected) - (Math.min(there, expected) % width));
  if (kind === "U" || kind === "S") return { data: textsOf(values, kind, width, bigEndian), shape, type: "text" };
  const [type, Values] = TYPES.get(`${kind}${width}`) as NonNullable<ReturnType<typeof TYPES.get>>;
  const own = bigEndian ? fromBigEndian(values, width) : fromLittleEndian(values, width);
  const data = new Values(own.buffer as ArrayBuffer, own.byteOffset, own.length / width);
  const ordered = fortran && shape.length > 1 ? rowMajor(data, shape) : data;
  return { data: type === "float16" ? float16ToFloat32(ordered as Uint16Array) : ordered, shape, type };
}

function parseHeader(bytes: Uint8Array, name: string): Header {
  const damaged = (what: string): never => {
    throw new DatasetError(name, `is a damaged .npy file: ${what}; save or download it again`);
  };
  const major = bytes[6] ?? 0;
  if (bytes.length < 12) damaged(`it has ${bytes.length} bytes`);
  if (major < 1 || major > 3) damaged(`its version is ${major}, of 1 to 3`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [length, begin] = major === 1 ? [view.getUint16(8, true), 10] : [view.getUint32(8, true), 12];
  const start = begin + length;
  if (start > bytes.length) damaged(`its header has ${length} bytes, beyond the end of the file`);
  const header = new TextDecoder(major === 3 ? "utf-8" : "latin1").decode(bytes.slice(begin, start));
  const descr = /['"]descr['"]\s*:\s*(?:['"]([^'"]*)['"]|(\[))/.exec(header);
  const order = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(header)?.[1];
  const sizes = /['"]shape['"]\s*:\s*\(([^)]*)\)/.exec(header)?.[1];
  if (!descr || order === undefined || sizes === undefined) return damaged("its header is not that of NumPy");
  if (descr[2]) throw new DatasetError(name, `is ${REFUSED.V}`);
  const [, mark = "", kind = "", digits = ""] = /^([<>|=]?)([a-zA-Z])(\d*)/.exec(descr[1] ?? "") ?? [];
  const width = Number(digits) * (kind === "U" ? 4 : 1);
  if (Object.hasOwn(REFUSED, kind)) throw new DatasetError(name, `is ${REFUSED[kind]}`);
  if (!TYPES.has(`${kind}${width}`) && !((kind === "U" || kind === "S") && width > 0)) {
    throw new DatasetError(name, `has elements of the type ${describe(descr[1])}; save a.astype(np.float32) instead`);
  }
  const shape = sizes
    .split(",")
    .map((size) => size.trim())
    .filter((size) => size !== "")
    .map((size) => (/^\d+L?$/.test(size) ? Number.parseInt(size, 10) : -1));
  if (!shape.every((size) => size >= 0) || !Number.isSafeInteger(product(shape) * width))
    damaged(`its shape is (${sizes})`);
  return { kind, width, bigEndian: mark === ">", fortran: order === "True", shape, start };
}

/** Texts of fixed width: code points of 4 bytes (`U`), or bytes (`S`), with zeros behind. */
function textsOf(bytes: Uint8Array, kind: string, width: number, bigEndian: boolean): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  for (let start = 0; start < bytes.length; start += width) {
    let text = "";
    for (let at = start; at < start + width; at += kind === "U" ? 4 : 1) {
      const code = kind === "U" ? view.getUint32(at, !bigEndian) : (bytes[at] as number);
      if (code === 0) break;
      text += code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
    }
    texts.push(text);
  }
  return texts;
}
