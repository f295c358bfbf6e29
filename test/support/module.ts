import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const PAGE = 65536;
const compiled = new WebAssembly.Module(readFileSync(createRequire(import.meta.url).resolve("taskloom/kernel.wasm")));

/** The functions of assembly/index.ts that tests call. Pointers are byte offsets into `memory`. */
type Name =
  | ("setSeed" | "heapBase" | "words" | "deviates" | "deviateWords" | "normalTable" | "matrix" | "permutation")
  | (
      | "drawRuns"
      | "drawSample"
      | "drawWithReplacement"
      | "drawWithoutReplacement"
      | "workspaceUint8"
      | "projectUint8"
      | "mtSeed"
      | "mtSkip"
    )
  | ("mtWords" | "torchRandint" | "torchRandint64" | "torchPermutation" | "torchNormal" | "torchNormalWords");
export type Module = Record<Name, (...values: number[]) => number> & { readonly memory: WebAssembly.Memory };

/** The published WASM module with regions of the given sizes: what tests of single functions need. */
export async function moduleWith<K extends string>(
  seed: bigint,
  sizes: Record<K, number>,
): Promise<{ kernel: Module; at: Record<K, number> }> {
  const { exports } = await WebAssembly.instantiate(compiled, {});
  const kernel = exports as unknown as Module;
  kernel.setSeed(Number(seed & 0xffffffffn), Number(seed >> 32n));
  const at = {} as Record<K, number>;
  let end = kernel.heapBase();
  for (const [region, bytes] of Object.entries<number>(sizes)) {
    at[region as K] = Math.ceil(end / 64) * 64;
    end = at[region as K] + bytes;
  }
  const missing = Math.ceil((end - kernel.memory.buffer.byteLength) / PAGE);
  if (missing > 0) kernel.memory.grow(missing);
  return { kernel, at };
}

export const u32 = (kernel: Module, at: number, length: number) =>
  new Uint32Array(kernel.memory.buffer, at, length).slice();
export const i32 = (kernel: Module, at: number, length: number) =>
  new Int32Array(kernel.memory.buffer, at, length).slice();

/** The deviates g of a task's matrix, rows x columns, in units of 1/4096. */
export async function deviatesOf(seed: bigint, task: number, rows: number, columns: number): Promise<Int32Array> {
  const { kernel, at } = await moduleWith(seed, { out: rows * columns * 4 });
  kernel.deviates(task, 0, rows, columns, at.out);
  return i32(kernel, at.out, rows * columns);
}
