import { BackendError, messageOf } from "../base/errors.js";
import { nodeBuffer } from "../base/host.js";
import { KERNEL_BASE64 } from "../generated/kernel.js";
import { seedWords } from "../stream/seed.js";

type Labels = [targets: number, count: number, length: number, shifted: number, firstHidden: number, first: number];
type Examples = [examples: number, count: number, columns: number, rows: number];
type Output = [scale: number, dtype: number, out: number, stride: number];

/** The exports of assembly/index.ts that the package calls; see there. Pointers are byte offsets into `memory`. */
export interface KernelExports {
  readonly memory: WebAssembly.Memory;
  heapBase(): number;
  abiVersion(): number;
  /** These six are the module's interface for hosts: docs/module.md. */
  plan(pointer: number): number;
  draw(first: bigint, count: number): number;
  begin(): void;
  add(item: bigint, most: number): number;
  drawAdded(): void;
  weave(from: number, count: number): number;
  normalTable(): number;
  setSeed(low: number, high: number): void;
  words(task: number, purpose: number, item: number, block: number, count: number, out: number): void;
  deviates(task: number, row: number, count: number, columns: number, out: number): void;
  matrix(task: number, row: number, count: number, columns: number, scale: number, out: number): void;
  permutation(task: number, n: number, out: number): void;
  packOneHot(row: number, count: number, inputs: number, cells: number, given: number, dtype: number): void;
  giveLabels(...values: [...Labels, out: number]): void;
  workspaceFloat32(count: number, columns: number): number;
  projectGiven(matrix: number, ...values: [...Examples, ...Output, workspace: number]): void;
  mtStateBytes(): number;
  mtSeed(state: number, seed: number): void;
  mtSkip(state: number, lowWords: number, highWords: number): void;
  torchRandint(state: number, n: number, count: number, out: number): void;
  torchPermutation(state: number, n: number, out: number): void;
  torchNormal(state: number, count: number, scale: number, out: number): void;
}

let bytes: Uint8Array<ArrayBuffer> | undefined;
let compiled: Promise<WebAssembly.Module> | undefined;

/** The bytes of the module. A worker thread has none of its own: it is given those of the thread that starts it. */
export function kernelBytes(): Uint8Array<ArrayBuffer> {
  bytes ??= decode(KERNEL_BASE64);
  return bytes;
}

/** Takes the bytes of the module from elsewhere, before the first instance. */
export function giveKernel(given: Uint8Array<ArrayBuffer>): void {
  bytes = given;
}

/**
 * Makes a fresh instance with memory of its own and a seed in its key. The module is compiled once; a failed compilation
 * is not remembered.
 *
 * @throws BackendError that names what is missing: WebAssembly, SIMD, the permission of the page, or memory
 */
export async function instantiate(seed: bigint): Promise<KernelExports> {
  const module = await compileKernel();
  try {
    const instance = await WebAssembly.instantiate(module, {});
    const kernel = instance.exports as unknown as KernelExports;
    kernel.setSeed(...seedWords(seed));
    return kernel;
  } catch (cause) {
    throw failure(cause);
  }
}

/** Compiles the module, once. @throws BackendError as `instantiate` */
export async function compileKernel(): Promise<WebAssembly.Module> {
  try {
    compiled ??= WebAssembly.compile(kernelBytes());
    return await compiled;
  } catch (cause) {
    compiled = undefined;
    throw failure(cause);
  }
}

function failure(cause: unknown): BackendError {
  const problem = `the WebAssembly module, which every backend needs, does not start: ${why(cause)}`;
  return new BackendError("wasm", problem, { cause });
}

/** The reason in words. `WebAssembly.validate` knows missing SIMD from everything else: no policy of a page blocks it. */
function why(cause: unknown): string {
  if (typeof WebAssembly === "undefined") {
    return "this engine has no WebAssembly; a browser has it switched off, as in a lockdown mode";
  }
  if (!WebAssembly.validate(kernelBytes())) return "it needs an engine with SIMD (2021 or later)";
  if (cause instanceof WebAssembly.CompileError || cause instanceof EvalError) {
    return `the Content-Security-Policy of the page or worker must allow 'wasm-unsafe-eval' in script-src (${messageOf(cause)})`;
  }
  return messageOf(cause);
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  const { fromBase64 } = Uint8Array as unknown as { fromBase64?: (text: string) => Uint8Array<ArrayBuffer> };
  if (fromBase64) return fromBase64.call(Uint8Array, base64);
  const node = nodeBuffer();
  // A copy, as Node's buffers share memory that cannot be transferred.
  if (node) return new Uint8Array(node.Buffer.from(base64, "base64"));
  const text = atob(base64);
  const decoded = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) decoded[i] = text.charCodeAt(i);
  return decoded;
}
