/**
 * Types of the platform, for readers of the package's declarations who do not have them all: a program in Node without DOM,
 * or one without `@webgpu/types`. Where a global type is declared it is that; elsewhere it is the little that a program can
 * do with such an object that Taskloom gives or takes. scripts/types.mjs makes the published declarations import these
 * instead of relying on globals; sources use the globals.
 */

/** The instances of a global class where it is declared, else `Minimal`. */
type Platform<Name extends string, Minimal> =
  typeof globalThis extends Record<Name, { prototype: infer T }> ? T : Minimal;

interface MinimalBuffer {
  readonly size: number;
  readonly usage: number;
  destroy(): void;
}

interface MinimalDevice {
  readonly queue: object;
  readonly lost: Promise<unknown>;
  // biome-ignore-start lint/suspicious/noExplicitAny: a device of any package's types must fit
  createBuffer(descriptor: any): any;
  createComputePipelineAsync(descriptor: any): Promise<any>;
  // biome-ignore-end lint/suspicious/noExplicitAny: see above
  destroy(): void;
}

interface MinimalError {
  readonly message: string;
}

interface MinimalSignal {
  readonly aborted: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: as the platform has it
  readonly reason: any;
}

interface MinimalBlob {
  readonly size: number;
  readonly type: string;
  arrayBuffer(): Promise<ArrayBuffer>;
}

interface MinimalUrl {
  readonly href: string;
}

interface MinimalFileHandle {
  readonly kind: "file";
  readonly name: string;
  getFile(): Promise<MinimalBlob>;
}

interface MinimalDirectoryHandle {
  readonly kind: "directory";
  readonly name: string;
  getFileHandle(name: string): Promise<MinimalFileHandle>;
  // biome-ignore lint/suspicious/noExplicitAny: a directory of directories
  getDirectoryHandle(name: string): Promise<any>;
}

export type GPUDevice = Platform<"GPUDevice", MinimalDevice>;
export type GPUBuffer = Platform<"GPUBuffer", MinimalBuffer>;
export type GPUError = Platform<"GPUError", MinimalError>;
export type AbortSignal = Platform<"AbortSignal", MinimalSignal>;
export type Blob = Platform<"Blob", MinimalBlob>;
export type URL = Platform<"URL", MinimalUrl>;
export type FileSystemFileHandle = Platform<"FileSystemFileHandle", MinimalFileHandle>;
export type FileSystemDirectoryHandle = Platform<"FileSystemDirectoryHandle", MinimalDirectoryHandle>;

/** The member that `using` calls, where the language has it. */
export type Disposable = SymbolConstructor extends { readonly dispose: infer S extends symbol }
  ? { [K in S]: () => void }
  : object;

/** The member that `await using` calls, where the language has it. */
export type AsyncDisposable = SymbolConstructor extends { readonly asyncDispose: infer S extends symbol }
  ? { [K in S]: () => Promise<void> }
  : object;
