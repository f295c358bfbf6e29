/** Thrown in a runtime that has no threads at all. */
export class NoThreads extends Error {
  constructor() {
    super("this runtime has no worker threads");
  }
}

/**
 * Gives the place of the worker script. Bundlers recognize this expression; it stands here only, so they emit one file.
 *
 * @throws TypeError where the code does not know its own URL, as in a classic script
 */
export function workerUrl(): URL {
  return new URL("./worker.js", import.meta.url);
}

/** Says whether the script has another origin than the page: as from a CDN, or in a sandboxed frame, which has none. */
export function isCrossOrigin({ protocol, origin }: URL): boolean {
  const { origin: own, location } = globalThis as { origin?: string; location?: Location };
  return location !== undefined && protocol.startsWith("http") && origin !== (own ?? location.origin);
}
