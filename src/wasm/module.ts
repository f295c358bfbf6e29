import { BackendError } from "../base/errors.js";
import { KERNEL_BASE64 } from "../generated/kernel.js";

/** The exports of assembly/index.ts; see there. Pointers are byte offsets into `memory`. */
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
  deviateWords(words: number, count: number, out: number): void;
  matrix(task: number, row: number, count: number, columns: number, scale: number, out: number): void;
  permutation(task: number, n: number, out: number): void;
  drawWithReplacement(task: number, item: number, n: number, length: number, out: number): void;
  drawWithoutReplacement(task: number, item: number, n: number, length: number, out: number, taken: number): void;
  drawSample(item: number, tasks: number, n: number, out: number): void;
  packOneHot(row: number, count: number, inputs: number, cells: number, given: number, dtype: number): void;
  giveLabels(
    targets: number,
    count: number,
    length: number,
    shifted: number,
    firstHidden: number,
    startToken: number,
    out: number,
  ): void;
  drawRuns(runs: number, count: number, n: number, length: number, taken: number, out: number): void;
  workspaceUint8(count: number, columns: number): number;
  workspaceFloat32(count: number, columns: number): number;
  projectUint8(
    task: number,
    examples: number,
    count: number,
    columns: number,
    rows: number,
    offset: number,
    scale: number,
    dtype: number,
    out: number,
    stride: number,
    workspace: number,
  ): void;
  projectFloat32(
    task: number,
    examples: number,
    count: number,
    columns: number,
    rows: number,
    scale: number,
    dtype: number,
    out: number,
    stride: number,
    workspace: number,
  ): void;
  projectGiven(
    matrix: number,
    examples: number,
    count: number,
    columns: number,
    rows: number,
    scale: number,
    dtype: number,
    out: number,
    stride: number,
    workspace: number,
  ): void;
  identityUint8(
    examples: number,
    count: number,
    columns: number,
    rows: number,
    offset: number,
    scale: number,
    dtype: number,
    out: number,
    stride: number,
  ): void;
  identityFloat32(
    examples: number,
    count: number,
    columns: number,
    rows: number,
    scale: number,
    dtype: number,
    out: number,
    stride: number,
  ): void;
  mtStateBytes(): number;
  mtSeed(state: number, seed: number): void;
  mtSkip(state: number, lowWords: number, highWords: number): void;
  mtWords(state: number, count: number, out: number): void;
  torchRandint(state: number, n: number, count: number, out: number): void;
  torchRandint64(state: number, nLow: number, nHigh: number, count: number, out: number): void;
  torchPermutation(state: number, n: number, out: number): void;
  torchNormal(state: number, count: number, scale: number, out: number): void;
  torchNormalWords(words: number, blocks: number, scale: number): void;
}

let compiled: Promise<WebAssembly.Module> | undefined;

/**
 * A fresh instance with memory of its own and a seed in its key. The module is compiled once; a failed compilation is
 * not remembered.
 */
export async function instantiate(seed: bigint): Promise<KernelExports> {
  compiled ??= WebAssembly.compile(decode(KERNEL_BASE64));
  try {
    const instance = await WebAssembly.instantiate(await compiled, {});
    const kernel = instance.exports as unknown as KernelExports;
    kernel.setSeed(Number(seed & 0xffffffffn), Number(seed >> 32n));
    return kernel;
  } catch (cause) {
    compiled = undefined;
    throw new BackendError(
      "wasm",
      "the WebAssembly module does not start; it needs an engine with SIMD (2021 or later)",
      {
        cause,
      },
    );
  }
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  // Node's own way is 20 times as fast as its `atob`, which takes a millisecond.
  if (globalThis.Buffer) return globalThis.Buffer.from(base64, "base64");
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
