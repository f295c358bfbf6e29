import { convertIndexedToRgb, decode } from "fast-png";
import { Unzlib } from "fflate";
import type { Image } from "./image.js";

/** Pixels of an image, at most. */
export const MOST_PIXELS = 2 ** 26;

/** Compressed bytes whose content is counted before it is decoded: smaller ones cannot take much memory. */
const SMALL = 2 ** 18;

/** The parts of a file that pixels come from, by their types. */
const PARTS = ["IHDR", "PLTE", "IDAT", "IEND"];

/**
 * Decodes a PNG image. Palettes become colors, grey levels of fewer bits are spread over 0 to 255, of 16 bits the upper 8
 * are kept, and opacity is left out, as PIL's `convert("RGB")` leaves it out.
 *
 * @throws Error for a damaged or too large image
 */
export function decodePng(bytes: Uint8Array): Image {
  const { file, compressed } = essential(bytes);
  const view = new DataView(file.buffer);
  const [width, height, depth, type, interlaced] = [16, 20, 24, 25, 28].map((at, i) =>
    i < 2 ? view.getUint32(at) : view.getUint8(at),
  ) as [number, number, number, number, number];
  if (width === 0 || height === 0 || width * height > MOST_PIXELS) {
    throw new Error(`it has ${width} x ${height} pixels; allowed: 1 to ${MOST_PIXELS}`);
  }
  if (interlaced === 1 && depth < 8)
    throw new Error(`it is interlaced with ${depth} bits; save it without interlacing`);
  const samples = [1, 0, 3, 1, 2, 0, 4][type] ?? 0;
  // A byte for the filter of each row; of interlaced images up to seven times as many rows.
  const size =
    height * (Math.ceil((width * samples * depth) / 8) + 1) * (interlaced === 1 ? 2 : 1) + 7 * (width + height);
  checkSize(compressed, size);
  const png = decode(file, { checkCrc: true });
  if (png.palette)
    return { width, height, channels: 3, data: convertIndexedToRgb(png).slice(0, width * height * 3), reduced: false };
  const wide = png.data instanceof Uint16Array;
  const values = wide
    ? Uint8Array.from(png.data, (value) => value >> 8)
    : depth < 8
      ? unpack(png.data as Uint8Array, width, height, depth)
      : new Uint8Array(png.data.buffer, png.data.byteOffset, png.data.byteLength);
  const channels = png.channels >= 3 ? 3 : 1;
  return { width, height, channels, data: withoutOpacity(values, png.channels, channels), reduced: wide };
}

/** A file without the parts that do not matter for the pixels, whose content can be large or damaged, and its compressed data. */
function essential(bytes: Uint8Array): { file: Uint8Array<ArrayBuffer>; compressed: Uint8Array[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts = [bytes.subarray(0, 8)];
  const compressed: Uint8Array[] = [];
  let type = "";
  for (let at = 8; type !== "IEND"; ) {
    if (at + 12 > bytes.length) throw new Error("it is truncated");
    const end = at + 12 + view.getUint32(at);
    type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (end > bytes.length) throw new Error("it is truncated");
    if (PARTS.includes(type)) parts.push(bytes.subarray(at, end));
    if (type === "IDAT") compressed.push(bytes.subarray(at + 8, end - 4));
    at = end;
  }
  const header = parts[1];
  if (header?.[7] !== 0x52 || header.length !== 25 || compressed.length === 0)
    throw new Error("it has no header or no data");
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let to = 0;
  for (const part of parts) {
    file.set(part, to);
    to += part.length;
  }
  return { file, compressed };
}

/** @throws Error for data that would take more memory than the pixels do */
function checkSize(compressed: readonly Uint8Array[], most: number): void {
  if (compressed.reduce((sum, part) => sum + part.length, 0) <= SMALL) return;
  let size = 0;
  const counter = new Unzlib((piece) => {
    size += piece.length;
    if (size > most) throw new Error("it holds more data than its pixels take");
  });
  for (const part of compressed) {
    // In pieces, so that no piece of the content is large.
    for (let at = 0; at < part.length; at += 2 ** 14) counter.push(part.slice(at, at + 2 ** 14));
  }
}

/** Grey levels of 1, 2 or 4 bits as bytes. */
function unpack(packed: Uint8Array, width: number, height: number, depth: number): Uint8Array {
  const row = Math.ceil((width * depth) / 8);
  const highest = 2 ** depth - 1;
  const values = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const byte = packed[y * row + (bit >> 3)] as number;
      values[y * width + x] = (((byte >> (8 - depth - (bit & 7))) & highest) * 255) / highest;
    }
  }
  return values;
}

/** Values with `from` channels of which the first `to` are kept. */
function withoutOpacity(values: Uint8Array, from: number, to: number): Uint8Array {
  if (from === to) return values;
  const result = new Uint8Array((values.length / from) * to);
  for (let i = 0, at = 0; i < values.length; i += from)
    for (let k = 0; k < to; k++) result[at++] = values[i + k] as number;
  return result;
}
