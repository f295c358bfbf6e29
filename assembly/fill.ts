/** The values of drawn positions: gathering, projection or identity, one-hots, and labels in the types of results. */
import { addedItems, draw } from "./draw";
import { identity } from "./identity";
import { bytesOf } from "./output";
import { packOneHot } from "./packing";
import {
  INT16, TORCH, UINT8, current, exampleBytes, hasLabels, labelCells, labelSize, labelValues, targetSize,
} from "./plan";
import { project } from "./projection";
import { RUN_BYTES, RUN_COUNT, RUN_IDENTITY_MATRIX, RUN_KEY } from "./runs";
import { torchMatrix } from "./torch-streams";
import { paddedColumns } from "./units";

let workspaceAt: usize = 0;

export function startFill(workspace: usize): void {
  workspaceAt = workspace;
}

/**
 * Makes up to `count` consecutive items from `first` on: values at `inputs`, permuted labels at `targets`, given labels at
 * `labels`. Returns how many items: all of them, or `maxItems`; 0 for items beyond the set, where the module does not hold
 * the examples, or where one item has more than `maxPositions` positions (use `draw` and `weave` there).
 */
export function fill(first: u64, count: u32): u32 {
  const p = current;
  if (!p.holdsExamples || p.drawsOnly || p.length > p.maxPositions) return 0;
  const items = draw(first, count);
  weave(0, items * p.length);
  return items;
}

/**
 * Makes the values of drawn positions `[from, from + count)`, at the beginning of `inputs`, `targets` and `labels`;
 * `count` is at most `maxPositions`. Where the host holds the examples, it has copied those of these positions, which
 * `indices` names, to `gathered` before. Returns `count`, or 0 where more is asked for than was drawn or fits.
 */
export function weave(from: u32, count: u32): u32 {
  const p = current;
  if (p.drawsOnly || count > p.maxPositions || <u64>from + count > <u64>addedItems() * p.length) return 0;
  if (p.holdsExamples) gather(from, count);
  const size = bytesOf(p.dtype);
  const exampleSize = <usize>exampleBytes();
  const stride = <usize>p.rowValues * size;
  let examples = <usize>p.gathered;
  let out = <usize>p.inputs;
  let begins: u64 = 0;
  const end = <u64>from + count;
  for (let r: u32 = 0; r < p.runCount; r++) {
    const run = <usize>p.runs + <usize>r * RUN_BYTES;
    const ends = begins + <u64>load<u32>(run, RUN_COUNT) * p.length;
    const low = max(begins, <u64>from);
    const high = min(ends, end);
    if (low < high) {
      const positions = <u32>(high - low);
      projectRun(run, examples, positions, out, stride);
      examples += <usize>positions * p.gatheredStride * exampleSize;
      out += <usize>positions * stride;
    }
    begins = ends;
    if (begins >= end) break;
  }
  const cells = labelCells();
  if (cells > 0) {
    packOneHot(p.inputs, count, p.outFeatures, cells, <usize>p.givenLabels + (<usize>from << 2), p.dtype);
  }
  storeTargets(from, count);
  if (hasLabels()) storeLabels(from, count);
  return count;
}

function gather(from: u32, count: u32): void {
  const p = current;
  const size = <usize>exampleBytes();
  const bytes = <usize>p.features * size;
  const stride = <usize>p.gatheredStride * size;
  let to = <usize>p.gathered;
  for (let i: usize = 0; i < count; i++, to += stride) {
    const index = <usize>load<u32>(<usize>p.indices + ((<usize>from + i) << 2));
    memory.copy(to, <usize>p.allExamples + index * bytes, bytes);
  }
}

function projectRun(run: usize, examples: usize, count: u32, out: usize, stride: usize): void {
  const p = current;
  const key = load<u32>(run, RUN_KEY);
  const space = workspaceAt;
  if (load<u32>(run, RUN_IDENTITY_MATRIX)) {
    if (p.exampleDtype == UINT8) identityOf<u8>(examples, count, p.grayOffset, out, stride);
    else if (p.exampleDtype == INT16) identityOf<i16>(examples, count, p.grayOffset, out, stride);
    else identityOf<f32>(examples, count, 0, out, stride);
    return;
  }
  if (p.exampleDtype == UINT8) {
    project<u8>(
      key, examples, count, p.features, p.outFeatures, p.grayOffset, p.scale, p.dtype, out, stride, space,
    );
    return;
  }
  if (p.exampleDtype == INT16) {
    project<i16>(
      key, examples, count, p.features, p.outFeatures, p.grayOffset, p.scale, p.dtype, out, stride, space,
    );
    return;
  }
  const given: usize = p.generator == TORCH ? torchMatrix(key) : 0;
  project<f32>(key, examples, count, p.features, p.outFeatures, 0, p.scale, p.dtype, out, stride, space, given);
}

function identityOf<T>(examples: usize, count: u32, offset: i32, out: usize, stride: usize): void {
  const p = current;
  identity<T>(examples, count, p.features, p.outFeatures, offset, p.identityScale, p.dtype, out, stride);
}

function storeTargets(from: u32, count: u32): void {
  const p = current;
  const own = <usize>p.drawnLabels + (<usize>from << 1);
  if (targetSize() == 2) {
    memory.copy(p.targets, own, <usize>count << 1);
    return;
  }
  for (let i: usize = 0; i < count; i++) store<u8>(<usize>p.targets + i, <u8>load<u16>(own + (i << 1)));
}

/** Given labels; the value above all others stands for none. */
function storeLabels(from: u32, count: u32): void {
  const p = current;
  const none = labelValues();
  const given = <usize>p.givenLabels + (<usize>from << 2);
  const wide = labelSize() == 2;
  for (let i: usize = 0; i < count; i++) {
    const label = min(load<u32>(given + (i << 2)), none);
    if (wide) store<u16>(<usize>p.labels + (i << 1), <u16>label);
    else store<u8>(<usize>p.labels + i, <u8>label);
  }
}

/** Values of an example in `gathered`: the features, and zeros up to whole key-stream blocks. */
export function strideOf(features: u32): u32 {
  return paddedColumns(features);
}
