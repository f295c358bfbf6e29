import { tagOf } from "../base/realm.js";
import type { Pixels } from "./tensor.js";

/**
 * Pixels as an array of this realm: arrays of an iframe, a `vm` context or jsdom, and a canvas' `Uint8ClampedArray`, are
 * viewed, not copied. Anything else is given back as it is.
 */
export function ownPixels(images: unknown): unknown {
  if (!ArrayBuffer.isView(images) || images instanceof Uint8Array || images instanceof Float32Array) return images;
  const { buffer, byteOffset, byteLength } = images;
  switch (tagOf(images)) {
    case "Uint8Array":
    case "Uint8ClampedArray":
      return new Uint8Array(buffer, byteOffset, byteLength);
    case "Float32Array":
      return new Float32Array(buffer, byteOffset, byteLength / 4) satisfies Pixels;
    default:
      return images;
  }
}

/** The line that turns an array of another kind into pixels, as the end of a message; empty where there is none. */
export function conversionOf(images: unknown): string {
  const bytes = "Uint8Array.from(images) where all are whole numbers from 0 to 255, else Float32Array.from(images)";
  if (Array.isArray(images)) {
    const nested = Array.isArray(images[0]) || ArrayBuffer.isView(images[0]);
    return nested
      ? "; convert nested lists with Uint8Array.from(images.flatMap((image) => [...image].flat(Infinity)))"
      : `; convert them with ${bytes}`;
  }
  if (!ArrayBuffer.isView(images)) return "";
  const tag = tagOf(images);
  if (tag === "DataView")
    return "; convert it with new Uint8Array(images.buffer, images.byteOffset, images.byteLength)";
  if (tag.startsWith("Big")) return "; convert it with Uint8Array.from(images, Number)";
  if (tag === "Float64Array") return "; convert it with Float32Array.from(images)";
  return `; convert it with ${bytes}`;
}
