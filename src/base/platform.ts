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
      /** The queue that commands are submitted to. */
      readonly queue: object;
      /** A promise that resolves when the device is lost. */
      readonly lost: Promise<unknown>;
      // biome-ignore-start lint/suspicious/noExplicitAny: a device of any package's types must fit
      /** Makes a buffer. */
      createBuffer(descriptor: any): any;
      /** Compiles a compute pipeline. */
      createComputePipelineAsync(descriptor: any): Promise<any>;
      // biome-ignore-end lint/suspicious/noExplicitAny: see above
      /** Destroys the device and its buffers. */
      destroy(): void;
    };

/** A buffer of a GPU device; `size` is in bytes. */
export type GPUBuffer = typeof globalThis extends { GPUBuffer: { prototype: infer T } }
  ? T
  : {
      /** Bytes of the buffer. */
      readonly size: number;
      /** The flags that the buffer was made with. */
      readonly usage: number;
      /** Releases the memory of the buffer. */
      destroy(): void;
    };

/** An error that a GPU device reports. */
export type GPUError = typeof globalThis extends { GPUError: { prototype: infer T } }
  ? T
  : { readonly message: string };

/** The signal of an `AbortController`: it ends what it was given to. */
export type AbortSignal = typeof globalThis extends { AbortSignal: { prototype: infer T } }
  ? T
  : {
      /** True once the signal was given. */
      readonly aborted: boolean;
      /** The value that aborted calls reject with. */
      // biome-ignore lint/suspicious/noExplicitAny: as the platform has it
      readonly reason: any;
    };

/** Bytes of a file or of memory, which are read on demand. */
export type Blob = typeof globalThis extends { Blob: { prototype: infer T } }
  ? T
  : {
      /** Bytes in the blob. */
      readonly size: number;
      /** The media type, `""` if it is unknown. */
      readonly type: string;
      /** Reads all bytes. */
      arrayBuffer(): Promise<ArrayBuffer>;
    };

/** A parsed address. */
export type URL = typeof globalThis extends { URL: { prototype: infer T } }
  ? T
  : {
      /** The whole address. */
      readonly href: string;
    };

/** A file that a page was given, or one of its own (OPFS). */
export type FileSystemFileHandle = typeof globalThis extends { FileSystemFileHandle: { prototype: infer T } }
  ? T
  : {
      /** The kind of the handle. */
      readonly kind: "file";
      /** The name of the file, without its folder. */
      readonly name: string;
      /** Opens the file for reading. */
      getFile(): Promise<Blob>;
    };

/** A folder that a page was given, or one of its own (OPFS). */
export type FileSystemDirectoryHandle = typeof globalThis extends { FileSystemDirectoryHandle: { prototype: infer T } }
  ? T
  : {
      /** The kind of the handle. */
      readonly kind: "directory";
      /** The name of the folder. */
      readonly name: string;
      /** Finds a file in the folder. */
      getFileHandle(name: string): Promise<FileSystemFileHandle>;
      /** Finds a folder in the folder. */
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
