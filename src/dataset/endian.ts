/** True on every machine in ordinary use; s390x is the exception among those Node runs on. */
const machineIsLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** The bytes of an array as little-endian: a view where the machine already keeps them so, else a copy. */
export function littleEndianBytes(
  array: ArrayBufferView & { readonly BYTES_PER_ELEMENT: number },
  littleEndian = machineIsLittleEndian,
): Uint8Array {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return littleEndian || array.BYTES_PER_ELEMENT === 1 ? bytes : reversed(bytes, array.BYTES_PER_ELEMENT);
}

/** A copy whose elements of `width` bytes have their bytes in the opposite order. */
export function reversed(bytes: Uint8Array, width: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes.length);
  for (let start = 0; start < bytes.length; start += width) {
    for (let i = 0; i < width; i++) copy[start + i] = bytes[start + width - 1 - i] as number;
  }
  return copy;
}

/** A copy of big-endian elements in the machine's own order. */
export function fromBigEndian(
  bytes: Uint8Array,
  width: number,
  littleEndian = machineIsLittleEndian,
): Uint8Array<ArrayBuffer> {
  return littleEndian ? reversed(bytes, width) : new Uint8Array(bytes);
}

/** Little-endian elements in the machine's own order: a view where they are so and lie at a multiple of their width. */
export function fromLittleEndian(bytes: Uint8Array, width: number, littleEndian = machineIsLittleEndian): Uint8Array {
  if (!littleEndian && width > 1) return reversed(bytes, width);
  return bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
}
