/**
 * Tells what an object is, also where it was made in another realm: an iframe, a `vm` context, Jest's jsdom. `instanceof`
 * knows the classes of its own realm only.
 */

/** The name of the built-in class of an object: `"Uint8Array"`, `"Blob"`, `"URL"`. */
export function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** True for a `Blob` or a `File`. */
export function isBlob(value: unknown): value is Blob {
  return (
    value instanceof Blob ||
    ((tagOf(value) === "Blob" || tagOf(value) === "File") && "arrayBuffer" in (value as object))
  );
}

/** True for a `URL`. */
export function isUrl(value: unknown): value is URL {
  return value instanceof URL || (tagOf(value) === "URL" && typeof (value as URL).href === "string");
}

/** True for an `ArrayBuffer` or a `SharedArrayBuffer`. */
export function isBuffer(value: unknown): value is ArrayBuffer {
  return value instanceof ArrayBuffer || tagOf(value) === "ArrayBuffer" || tagOf(value) === "SharedArrayBuffer";
}

/** Bytes as a `Uint8Array` of this realm, a view of the same memory; undefined for anything else. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (isBuffer(value)) return new Uint8Array(value);
  if (!ArrayBuffer.isView(value)) return undefined;
  const tag = tagOf(value);
  if (tag !== "Uint8Array" && tag !== "Uint8ClampedArray") return undefined;
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}
