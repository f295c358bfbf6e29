/** Setting up a plan: checks it, lays out the memory, and starts the parts that keep something between calls. */
import { setSeed } from "./chacha8";
import { placeClassLists } from "./class-lists";
import { startCurriculum } from "./curriculum";
import { startDraws } from "./draw";
import { startFill, strideOf } from "./fill";
import { FLOAT16, FLOAT32, bytesOf } from "./output";
import {
  ABI, DATASET_MODE, FIXED, FLOAT32_EXAMPLES, INTEGER, NO_LABELS, PLAN_BYTES, Plan, QUERY_LAST, SAMPLES_MODE,
  SEQUENCE_MODE, TORCH, UINT8, hasLabels, labelCells, labelSize, labelValues, targetSize, use,
} from "./plan";
import { workspaceOf } from "./projection";
import { RUN_BYTES } from "./runs";
import { startTorch, torchSampleBytes, torchStreamBytes } from "./torch-streams";

/** The results of `plan`. */
export const READY: u32 = 0;
export const WRONG_VERSION: u32 = 1;
export const OUT_OF_BOUNDS: u32 = 2;
export const OUT_OF_MEMORY: u32 = 3;

const PAGE_BITS: u32 = 16;
const ALIGNMENT: u64 = 64;
/** Positions projected at a time: more share one making of the matrix, but each needs a list in the workspace. */
const MOST_POSITIONS: u32 = 4096;
const MOST_WORKSPACE: u64 = 24 << 20;
/** `drawRuns` writes over so many u32 behind the examples of the last sequence. */
const SLACK: u64 = 64;
const MOST_CLASSES: u32 = 65536;
const TASKS: u64 = 0x100000000;

let top: u64 = 0;

/** The offset of a new region. Offsets beyond 2^32 are caught when all are placed. */
function place(bytes: u64): u32 {
  const at = top;
  top = (top + bytes + (ALIGNMENT - 1)) & ~(ALIGNMENT - 1);
  return <u32>at;
}

/**
 * Checks the plan at `pointer`, writes its second part, grows the memory and makes the plan the one in use. Views of the
 * memory that the host holds are stale afterwards. Before `fill` or `draw` the host writes the label of each example to
 * `exampleLabels` and, where `holdsExamples` is 1, the examples to `allExamples`.
 *
 * Returns READY (0), WRONG_VERSION (1), OUT_OF_BOUNDS (2; `problem` is the byte offset of the field) or OUT_OF_MEMORY
 * (3; `memoryEnd` says how many bytes are needed).
 */
export function plan(pointer: usize): u32 {
  const p = changetype<Plan>(pointer);
  if (p.version != ABI) return WRONG_VERSION;
  p.problem = problemOf(p, pointer);
  if (p.problem != 0) return OUT_OF_BOUNDS;
  use(p);
  setSeed(<u32>p.seed, <u32>(p.seed >> 32));

  const torch = p.generator == TORCH;
  const projects = !p.drawsOnly && !alwaysIdentity(p);
  const size = bytesOf(p.dtype);
  const exampleSize: u64 = p.exampleDtype == UINT8 ? 1 : 4;
  p.rowValues = p.outFeatures + labelCells();
  p.gatheredStride = strideOf(p.features);
  p.inputsBytes = <u64>p.length * p.rowValues * size;
  p.targetsBytes = <u64>p.length * targetSize();
  p.labelsBytes = hasLabels() ? <u64>p.length * labelSize() : 0;

  p.maxPositions = mostPositions(p, projects);
  p.maxItems = max<u32>(1, p.maxPositions / p.length);
  const drawn = <u64>p.maxItems * p.length;
  const woven: u64 = p.drawsOnly ? 0 : p.maxPositions;

  top = (<u64>max<u32>(p.heap, <u32>__heap_base) + (ALIGNMENT - 1)) & ~(ALIGNMENT - 1);
  p.runs = place(<u64>p.maxItems * RUN_BYTES);
  p.runCount = 0;
  p.exampleLabels = place(<u64>p.examples * 2);
  const permutation = place(<u64>max(p.classes, p.exampleClasses) * 4);
  const distinct = p.mode == SEQUENCE_MODE && (!p.replacement || p.ways > 0);
  const taken = place(distinct ? (<u64>p.examples + 7) >> 3 : 0);
  p.indices = place((drawn + SLACK) * 4);
  p.drawnLabels = place(drawn * 2);
  p.givenLabels = place(p.labelLayout == NO_LABELS ? 0 : drawn * 4);
  const episode = p.ways > 0;
  const starts = place(episode ? <u64>(p.exampleClasses + 1) * 4 : 0);
  const members = place(episode ? <u64>p.examples * 4 : 0);
  const scratch = place(episode ? <u64>p.exampleClasses * 8 : 0);
  const ranks = place(episode ? drawn * 4 : 0);
  const states = place(torch ? torchStreamBytes() : 0);
  const samples = place(torch && p.mode == SAMPLES_MODE ? torchSampleBytes(p.itemCount) : 0);
  const matrix = place(torch && projects ? <u64>p.outFeatures * p.features * 4 : 0);
  p.gathered = place(woven * p.gatheredStride * exampleSize);
  const workspace = place(projects ? workspaceBytes(p, p.maxPositions) : 0);
  p.inputs = place(woven * p.rowValues * size);
  p.targets = place(woven * targetSize());
  p.labels = place(hasLabels() ? woven * labelSize() : 0);
  p.allExamples = place(p.holdsExamples ? <u64>p.examples * p.features * exampleSize : 0);
  p.memoryEnd = top;
  if (!grow(top)) return OUT_OF_MEMORY;

  // The padding of gathered examples stays zero; the bitmap is zero between draws.
  memory.fill(p.gathered, 0, <usize>(woven * p.gatheredStride * exampleSize));
  if (distinct) memory.fill(taken, 0, (<usize>p.examples + 7) >> 3);
  placeClassLists(starts, members, scratch, ranks);
  startCurriculum();
  startDraws(permutation, distinct ? <usize>taken : 0);
  startTorch(states, matrix, samples);
  startFill(workspace);
  return READY;
}

function grow(bytes: u64): bool {
  if (bytes > TASKS) return false;
  const missing = <i64>((bytes + 0xffff) >> PAGE_BITS) - <i64>memory.size();
  return missing <= 0 || memory.grow(<i32>missing) >= 0;
}

function workspaceBytes(p: Plan, count: u32): u64 {
  return p.exampleDtype == UINT8 ? workspaceOf<u8>(count, p.features) : workspaceOf<f32>(count, p.features);
}

/** Positions that are projected, and drawn, at a time. */
function mostPositions(p: Plan, projects: bool): u32 {
  let most = p.mostPositions == 0 ? MOST_POSITIONS : p.mostPositions;
  if (!p.drawsOnly) {
    const lists = projects ? workspaceBytes(p, 2) - workspaceBytes(p, 1) : 0;
    const perPosition = lists + <u64>p.rowValues * 4;
    most = min(most, max<u32>(16, <u32>min<u64>(MOST_POSITIONS, MOST_WORKSPACE / perPosition)));
  }
  const all = p.itemCount > <u64>most ? <u64>most : p.itemCount * p.length;
  return <u32>max<u64>(1, min<u64>(most, all));
}

function alwaysIdentity(p: Plan): bool {
  for (let i: u32 = 0; i < p.identityProjection; i++) {
    if (load<f64>(<usize>p.identityProjectionPoints + (<usize>i << 4), 8) != 1) return false;
  }
  return true;
}

/** The byte offset of the first field that is out of bounds; 0 where none is. */
function problemOf(p: Plan, pointer: usize): u32 {
  if (p.mode > SAMPLES_MODE) return offsetof<Plan>("mode");
  if (p.taskCount == 0 || p.taskCount > TASKS) return offsetof<Plan>("taskCount");
  if (<u64>p.taskOffset + p.taskCount > TASKS) return offsetof<Plan>("taskOffset");
  if (p.mode != SAMPLES_MODE && p.itemsPerTask == 0) return offsetof<Plan>("itemsPerTask");
  if (p.itemsPerTask > TASKS) return offsetof<Plan>("itemsPerTask");
  if (p.itemCount == 0 || (p.mode == SAMPLES_MODE && p.itemCount > TASKS)) return offsetof<Plan>("itemCount");
  if (p.length == 0 || (p.mode != SEQUENCE_MODE && p.length != 1)) return offsetof<Plan>("length");
  if (p.examples == 0) return offsetof<Plan>("examples");
  if (p.mode == DATASET_MODE && p.itemsPerTask != p.examples) return offsetof<Plan>("itemsPerTask");
  if (p.mode == SEQUENCE_MODE && !p.replacement && p.ways == 0 && p.length > p.examples) return offsetof<Plan>("length");
  if (p.features == 0 || p.features > 0xfffffff0) return offsetof<Plan>("features");
  if (p.outFeatures == 0) return offsetof<Plan>("outFeatures");
  // Key-stream blocks of a matrix, 16 columns each, are counted in 32 bits.
  if (<u64>p.outFeatures * (strideOf(p.features) >> 4) > TASKS) return offsetof<Plan>("outFeatures");
  if (p.exampleClasses == 0 || p.exampleClasses > MOST_CLASSES) return offsetof<Plan>("exampleClasses");
  if (p.classes == 0 || p.classes > MOST_CLASSES) return offsetof<Plan>("classes");
  const mostValues: u32 = p.labelFormat == INTEGER ? MOST_CLASSES - 1 : MOST_CLASSES;
  if (p.specialTokens > mostValues - min(mostValues, p.classes)) return offsetof<Plan>("specialTokens");
  if (p.labelLayout > QUERY_LAST || (p.mode != SEQUENCE_MODE && p.labelLayout != NO_LABELS)) {
    return offsetof<Plan>("labelLayout");
  }
  if (p.labelFormat > INTEGER) return offsetof<Plan>("labelFormat");
  if (p.generator > TORCH) return offsetof<Plan>("generator");
  if (p.exampleDtype > FLOAT32_EXAMPLES || (p.generator == TORCH && p.exampleDtype == UINT8 && !p.drawsOnly && !alwaysIdentity(p))) {
    return offsetof<Plan>("exampleDtype");
  }
  if (p.dtype != FLOAT32 && p.dtype != FLOAT16) return offsetof<Plan>("dtype");
  if (p.ways > 0) {
    if (p.mode != SEQUENCE_MODE || p.generator == TORCH || p.ways > p.exampleClasses) return offsetof<Plan>("ways");
    if (<u64>p.ways * (<u64>p.shots + p.queries) != <u64>p.length) return offsetof<Plan>("shots");
    if (p.relabel ? p.classes != p.ways : p.classes != p.exampleClasses) return offsetof<Plan>("classes");
  } else if (p.classes < p.exampleClasses) return offsetof<Plan>("classes");
  if (p.tasksPerStep == 0 || p.tasksPerStep > TASKS) return offsetof<Plan>("tasksPerStep");
  if (p.identityProjection == 0) return offsetof<Plan>("identityProjection");
  if (p.identityPermutation == 0) return offsetof<Plan>("identityPermutation");
  if (p.fixed & FIXED) {
    if (p.fixedPool == 0) return offsetof<Plan>("fixedPool");
    if (p.fixedShare == 0) return offsetof<Plan>("fixedShare");
  }
  if (p.heap < <u32>pointer + PLAN_BYTES && p.heap > <u32>pointer) return offsetof<Plan>("heap");
  return 0;
}
