/**
 * What Node and Deno have and a browser has not. `process.getBuiltinModule` finds it at run time, so no bundler for
 * browsers ever meets a `node:` import outside `node/` and `cli/`. Each is `undefined` in a browser.
 */
function builtin<T>(id: string): T | undefined {
  return globalThis.process?.getBuiltinModule?.(id) as T | undefined;
}

/** The file system, with promises. */
export const fileSystem = () => builtin<typeof import("node:fs/promises")>("node:fs/promises");

/** The file system, synchronously. */
export const fileSystemSync = () => builtin<typeof import("node:fs")>("node:fs");

/** Node's own hashes. */
export const nodeCrypto = () => builtin<typeof import("node:crypto")>("node:crypto");

export const nodeEvents = () => builtin<typeof import("node:events")>("node:events");

/** Paths and file: URLs. */
export const nodeUrl = () => builtin<typeof import("node:url")>("node:url");

export const nodeOs = () => builtin<typeof import("node:os")>("node:os");

export const nodeThreads = () => builtin<typeof import("node:worker_threads")>("node:worker_threads");
