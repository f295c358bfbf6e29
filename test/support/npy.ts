import { readFileSync } from "node:fs";

const DTYPES: Record<string, string> = { "<f4": "float32", "<f2": "float16", "|u1": "uint8", "<u2": "uint16" };

/** A .npy file of version 1 by the definition of the format, apart from the package's reader. */
export function readNpy(path: string): { dtype: string; shape: readonly number[]; bytes: Buffer } {
  const file = readFileSync(path);
  if (file.toString("latin1", 0, 8) !== "\x93NUMPY\x01\x00") throw new Error(`${path} is no .npy file of version 1`);
  const offset = 10 + file.readUInt16LE(8);
  const header = file.toString("latin1", 10, offset);
  const [, descr, sizes] = /^\{'descr': '(\S+)', 'fortran_order': False, 'shape': \(([\d, ]*)\), \}/.exec(header) ?? [];
  const dtype = DTYPES[descr ?? ""];
  if (dtype === undefined || sizes === undefined) throw new Error(`${path} has the header ${header}`);
  return { dtype, shape: sizes.match(/\d+/g)?.map(Number) ?? [], bytes: file.subarray(offset) };
}

/** The beginning of a .npy file, padded as NumPy pads it. */
export function npyHeader(descr: string, shape: readonly number[]): Buffer {
  const entries = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`;
  const header = `${entries.padEnd(64 * Math.ceil((entries.length + 11) / 64) - 11)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), length, Buffer.from(header, "latin1")]);
}
