/** The module's exports. Pointers are byte offsets into its memory, which the caller lays out from `heapBase()` on. */
import { identity } from "./identity";
import { ABI } from "./plan";
import { project } from "./projection";
import { workspaceOf } from "./units";

export { setSeed } from "./chacha8";
export { add, begin, draw, drawAdded } from "./draw";
export { deviateWords, deviates, matrix, normalTable, words } from "./matrix";
export { fill, weave } from "./fill";
export { mtSeed, mtStateBytes, mtWords } from "./mt19937";
export { mtSkip } from "./mt19937-skip";
export { giveLabels, packOneHot } from "./packing";
export { permutation } from "./permutation";
export { drawRuns } from "./runs";
export { drawSample } from "./sample";
export { drawWithReplacement, drawWithoutReplacement } from "./sequence";
export { plan } from "./start";
export { torchPermutation, torchRandint, torchRandint64 } from "./torch";
export { torchNormal, torchNormalWords } from "./torch-normal";

/** The version of the struct that `plan` takes and of the functions that use it; see docs/module.md. */
export function abiVersion(): u32 {
  return ABI;
}

/** The first byte that the module itself does not use. */
export function heapBase(): usize {
  return __heap_base;
}

export function workspaceUint8(count: u32, columns: u32): usize {
  return workspaceOf<u8>(count, columns);
}
export function workspaceFloat32(count: u32, columns: u32): usize {
  return workspaceOf<f32>(count, columns);
}

export function projectUint8(
  task: u32, examples: usize, count: u32, columns: u32, rows: u32, offset: i32,
  scale: f32, dtype: u32, out: usize, stride: usize, workspace: usize,
): void {
  project<u8>(task, examples, count, columns, rows, offset, scale, dtype, out, stride, workspace);
}
export function projectFloat32(
  task: u32, examples: usize, count: u32, columns: u32, rows: u32,
  scale: f32, dtype: u32, out: usize, stride: usize, workspace: usize,
): void {
  project<f32>(task, examples, count, columns, rows, 0, scale, dtype, out, stride, workspace);
}
export function projectGiven(
  matrix: usize, examples: usize, count: u32, columns: u32, rows: u32,
  scale: f32, dtype: u32, out: usize, stride: usize, workspace: usize,
): void {
  project<f32>(0, examples, count, columns, rows, 0, scale, dtype, out, stride, workspace, matrix);
}

export function identityUint8(
  examples: usize, count: u32, columns: u32, rows: u32, offset: i32, scale: f32, dtype: u32, out: usize, stride: usize,
): void {
  identity<u8>(examples, count, columns, rows, offset, scale, dtype, out, stride);
}
export function identityFloat32(
  examples: usize, count: u32, columns: u32, rows: u32, scale: f32, dtype: u32, out: usize, stride: usize,
): void {
  identity<f32>(examples, count, columns, rows, 0, scale, dtype, out, stride);
}
