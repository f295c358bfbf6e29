/** Entry of the benchmark build (bench/kernels.mjs): single stages, each doing nothing but its own work. Not published. */
import { blocks4, setNonce } from "./chacha8";
import { deviate4 } from "./deviate";
import { makeTile, walk } from "./projection";
import { TILE_ROWS, prepare, workspaceOf } from "./units";

export { setSeed } from "./chacha8";
export { mtSeed, mtStateBytes, mtWords } from "./mt19937";
export { mtSkip } from "./mt19937-skip";
export { torchNormal } from "./torch-normal";

const WORDS: usize = memory.data(256, 16);
const RESULT: usize = memory.data(16, 16);

export function heapBase(): usize {
  return __heap_base;
}

/** `count` times four key-stream blocks: 64 words each. */
export function words(count: u32): void {
  setNonce(1, 0, 0);
  for (let i: u32 = 0; i < count; i++) blocks4(i << 2, 1, WORDS);
}

/** `count` times 64 deviates of words that are there already. */
export function deviates(count: u32): void {
  let sum = i32x4.splat(0);
  for (let i: u32 = 0; i < count; i++) {
    for (let w: usize = 0; w < 256; w += 16) sum = i32x4.add(sum, deviate4(v128.load(WORDS + w)));
  }
  v128.store(RESULT, sum);
}

export function workspaceUint8(count: u32, columns: u32): usize {
  return workspaceOf<u8>(count, columns);
}

/** The lists and places of `count` examples, as `project` makes them once for a task; before `tiles` and `products`. */
export function lists(examples: usize, count: u32, columns: u32, workspace: usize): void {
  prepare<u8>(examples, count, columns, 0, workspace);
}

/** The tiles of all rows of a matrix: words and deviates, where the examples need them. */
export function tiles(columns: u32, rows: u32, workspace: usize): void {
  setNonce(1, 0, 0);
  for (let row: u32 = 0; row < rows; row += TILE_ROWS) makeTile<u8>(row, min(TILE_ROWS, rows - row), columns, workspace);
}

/** `times` products of one tile of 16 rows with the listed examples, written as f32. */
export function products(count: u32, columns: u32, times: u32, out: usize, stride: usize, workspace: usize): void {
  for (let i: u32 = 0; i < times; i++) walk<u8>(workspace, columns, count, TILE_ROWS, 1, 1, out, stride);
}
