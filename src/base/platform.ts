/**
 * Types of the platform, for readers of the package's declarations who do not have them all: a program in Node without DOM,
 * or one without `@webgpu/types`. Where a global type is declared it is that; elsewhere it is the little that a program can
 * do with such an object that Taskloom gives or takes. scripts/types.mjs makes the published declarations import these
 * instead of relying on globals; sources use the globals.
 */

/** A GPU device, with its queue. */
export type GPUDevice = typeof globalThis extends { GPUDevice: { prototype: infer T } }
  ? T
  : {
      readonly queue: object;
      readonly lost: Promise<unknown>;
      // biome-ignore-start lint/suspicious/noExplicitAny: a device of any package's types must fit
      createBuffer(descriptor: any): any;
      createComputePipelineAsync(descriptor: any): Promise<any>;
      // biome-ignore-end lint/suspicious/noExplicitAny: see above
      destroy(): void;
    };

/** A buffer of a GPU device; `size` is in bytes. */
export type GPUBuffer = typeof globalThis extends { GPUBuffer: { prototype: infer T } }
  ? T
  : { readonly size: number; readonly usage: number; destroy(): void };

export type GPUError = typeof globalThis extends { GPUError: { prototype: infer T } }
  ? T
  : { readonly message: string };

export type AbortSignal = typeof globalThis extends { AbortSignal: { prototype: infer T } }
  ? T
  : {
      readonly aborted: boolean;
      // biome-ignore lint/suspicious/noExplicitAny: as the platform has it
      readonly reason: any;
    };

export type Blob = typeof globalThis extends { Blob: { prototype: infer T } }
  ? T
  : { readonly size: number; readonly type: string; arrayBuffer(): Promise<ArrayBuffer> };

export type URL = typeof globalThis extends { URL: { prototype: infer T } } ? T : { readonly href: string };

export type FileSystemFileHandle = typeof globalThis extends { FileSystemFileHandle: { prototype: infer T } }
  ? T
  : { readonly kind: "file"; readonly name: string; getFile(): Promise<Blob> };

export type FileSystemDirectoryHandle = typeof globalThis extends { FileSystemDirectoryHandle: { prototype: infer T } }
  ? T
  : {
      readonly kind: "directory";
      readonly name: string;
      getFileHandle(name: string): Promise<FileSystemFileHandle>;
      // biome-ignore lint/suspicious/noExplicitAny: a directory of directories
      getDirectoryHandle(name: string): Promise<any>;
    };

/** The member that `using` calls, where the language has it. */
export type Disposable = SymbolConstructor extends { readonly dispose: infer S extends symbol }
  ? { [K in S]: () => void }
  : object;

/** The member that `await using` calls, where the language has it. */
export type AsyncDisposable = SymbolConstructor extends { readonly asyncDispose: infer S extends symbol }
  ? { [K in S]: () => Promise<void> }
  : object;
