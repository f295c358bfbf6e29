/**
 * What Node and Deno have and a browser has not. `process.getBuiltinModule` finds it at run time, so no bundler ever
 * meets a `node:` import in this folder.
 */
function builtin(id: string): object | undefined {
  return globalThis.process?.getBuiltinModule?.(id);
}

/** The file system, or `undefined` in a browser. */
export function fileSystem(): typeof import("node:fs/promises") | undefined {
  return builtin("node:fs/promises") as typeof import("node:fs/promises") | undefined;
}

/** Node's own hashes, or `undefined` in a browser. */
export function nodeCrypto(): typeof import("node:crypto") | undefined {
  return builtin("node:crypto") as typeof import("node:crypto") | undefined;
}
