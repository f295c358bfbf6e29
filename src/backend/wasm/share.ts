import type { Examples } from "./engine.js";

type Shared = Examples["images"] | Examples["targets"];

/** Copies that threads share, by the arrays they were made of: augmentors of one dataset need one copy together. */
const copies = new WeakMap<Shared, Shared>();

/**
 * Gives the same examples in memory that all threads can read, so that each does not hold a copy. Where there is no such
 * memory they come back as they are: browsers have it only in pages that are isolated from other origins.
 */
export function shareExamples({ images, targets }: Examples): Examples {
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated ?? true;
  if (typeof SharedArrayBuffer === "undefined" || !isolated) return { images, targets };
  return { images: share(images), targets: share(targets) };
}

function share<T extends Shared>(data: T): T {
  if (data.buffer instanceof SharedArrayBuffer) return data;
  const known = copies.get(data);
  if (known) return known as T;
  const View = data.constructor as new (buffer: SharedArrayBuffer) => T;
  const copy = new View(new SharedArrayBuffer(data.byteLength));
  copy.set(data as never);
  copies.set(data, copy);
  return copy;
}
