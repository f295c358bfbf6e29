/**
 * The plan: every choice about a task set, as one struct in memory. The host writes the first part, `plan` (./start)
 * checks it and writes the second. docs/module.md defines each field; the numbers in comments are byte offsets.
 */

/** The version of the struct and of the exported functions. It changes when either does. */
export const ABI: u32 = 1;

export const SEQUENCE_MODE: u32 = 0;
export const DATASET_MODE: u32 = 1;
export const SAMPLES_MODE: u32 = 2;

export const NO_LABELS: u32 = 0;
export const SHIFTED: u32 = 1;
export const QUERY_LAST: u32 = 2;

export const ONE_HOT: u32 = 0;
export const INTEGER: u32 = 1;

export const CHACHA8: u32 = 0;
export const TORCH: u32 = 1;

export const UINT8: u32 = 0;
export const FLOAT32_EXAMPLES: u32 = 1;

export const FIXED: u32 = 1;
export const FIXED_PERMUTATION: u32 = 2;
export const FIXED_PROJECTION: u32 = 4;
export const FIXED_BY_STEP: u32 = 8;

// @ts-ignore: decorator
@unmanaged
export class Plan {
  // Written by the host.
  version: u32; // 0
  mode: u32; // 4
  seed: u64; // 8
  taskCount: u64; // 16
  taskOffset: u32; // 24
  replacement: u32; // 28
  itemsPerTask: u64; // 32
  itemCount: u64; // 40
  length: u32; // 48
  examples: u32; // 52
  features: u32; // 56
  outFeatures: u32; // 60
  exampleClasses: u32; // 64
  classes: u32; // 68
  specialTokens: u32; // 72
  startToken: u32; // 76
  labelLayout: u32; // 80
  labelFormat: u32; // 84
  generator: u32; // 88
  exampleDtype: u32; // 92
  grayOffset: i32; // 96
  scale: f32; // 100
  identityScale: f32; // 104
  matrixScale: f32; // 108
  dtype: u32; // 112
  ways: u32; // 116
  shots: u32; // 120
  queries: u32; // 124
  relabel: u32; // 128
  fixed: u32; // 132
  fixedTask: u32; // 136
  fixedPool: u32; // 140
  tasksPerStep: u64; // 144
  identityProjection: u32; // 152
  identityProjectionPoints: u32; // 156
  identityPermutation: u32; // 160
  identityPermutationPoints: u32; // 164
  fixedShare: u32; // 168
  fixedSharePoints: u32; // 172
  mostPositions: u32; // 176
  holdsExamples: u32; // 180
  drawsOnly: u32; // 184
  heap: u32; // 188
  // Written by `plan`.
  problem: u32; // 192
  maxItems: u32; // 196
  maxPositions: u32; // 200
  rowValues: u32; // 204
  inputsBytes: u64; // 208
  targetsBytes: u64; // 216
  labelsBytes: u64; // 224
  memoryEnd: u64; // 232
  exampleLabels: u32; // 240
  allExamples: u32; // 244
  gathered: u32; // 248
  gatheredStride: u32; // 252
  inputs: u32; // 256
  targets: u32; // 260
  labels: u32; // 264
  runs: u32; // 268
  runCount: u32; // 272
  indices: u32; // 276
  drawnLabels: u32; // 280
  givenLabels: u32; // 284
}

/** Bytes of the struct. */
export const PLAN_BYTES: u32 = 288;

/** The plan in use; null before the first. */
// biome-ignore lint: assigned by `plan`
export let current: Plan = changetype<Plan>(0);

export function use(plan: Plan): void {
  current = plan;
}

/** Values that labels can have in results. */
export function labelValues(): u32 {
  return current.classes + current.specialTokens;
}

/** Cells of the one-hots behind the inputs; 0 without. */
export function labelCells(): u32 {
  return current.labelLayout != NO_LABELS && current.labelFormat == ONE_HOT ? labelValues() : 0;
}

/** True if given labels are an array of their own. */
export function hasLabels(): bool {
  return current.labelLayout != NO_LABELS && current.labelFormat == INTEGER;
}

/** Bytes of a target: 256 values fit in one. */
export function targetSize(): u32 {
  return labelValues() <= 256 ? 1 : 2;
}

/** Bytes of a given label, which has one value more for "none". */
export function labelSize(): u32 {
  return labelValues() <= 255 ? 1 : 2;
}

/** The first position of a sequence whose own label is not given with QUERY_LAST. */
export function firstHidden(): u32 {
  return current.ways > 0 && current.queries > 0 ? current.ways * current.shots : current.length - 1;
}
