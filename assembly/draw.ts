/**
 * The small integers of a plan: which task an item belongs to, which examples it has, what their labels become, and
 * which of them are given. `begin`, `add` and `drawAdded` take any items; `draw` takes consecutive ones.
 */
import { members, ranks, scratch, sortMembers, starts } from "./class-lists";
import { choose, identityPermutation, identityProjection, permutationTask, projectionTask } from "./curriculum";
import { drawEpisode } from "./episode";
import { giveLabels } from "./packing";
import {
  DATASET_MODE, NO_LABELS, SAMPLES_MODE, SEQUENCE_MODE, SHIFTED, TORCH, current, firstHidden,
} from "./plan";
import {
  RUN_BYTES, RUN_COUNT, RUN_GIVEN, RUN_IDENTITY, RUN_IDENTITY_MATRIX, RUN_ITEM, RUN_KEY, RUN_OWN, RUN_PERMUTATION,
  RUN_PERMUTATION_TASK, RUN_TASK, drawRuns, permuteRuns,
} from "./runs";
import { drawSample } from "./sample";
import {
  torchPermutationOf, torchSampleExample, torchSampleTask, torchSeedOf, torchSequence,
} from "./torch-streams";

const SAMPLE_PAIR: usize = memory.data(8, 8);

let permutationAt: usize = 0;
let takenAt: usize = 0;
let added: u32 = 0;
let sorted: bool = false;

/** Sets the scratch regions: a permutation, and a bitmap of the examples (0 where none is needed). */
export function startDraws(permutation: usize, taken: usize): void {
  permutationAt = permutation;
  takenAt = taken;
  added = 0;
  sorted = false;
  current.runCount = 0;
}

/** Items added since `begin`. */
export function addedItems(): u32 {
  return added;
}

/** Forgets the runs of the last draw. */
export function begin(): void {
  added = 0;
  current.runCount = 0;
}

/**
 * Adds those of the items from `item` on that belong to one task, at most `most` and at most what `maxItems` leaves.
 * Returns how many; 0 where nothing is left.
 */
export function add(item: u64, most: u32): u32 {
  const p = current;
  const room = min(most, p.maxItems - added);
  if (room == 0 || item >= p.itemCount) return 0;
  let task: u32;
  let inTask: u32;
  let count: u32;
  if (p.mode == SAMPLES_MODE) {
    task = p.taskOffset + sampleTask(<u32>item);
    inTask = <u32>item;
    count = 1;
  } else {
    const place = item / p.itemsPerTask;
    const first = item - place * p.itemsPerTask;
    task = p.taskOffset + <u32>place;
    inTask = <u32>first;
    count = <u32>min(<u64>room, p.itemsPerTask - first);
  }
  choose(task);
  const run = <usize>p.runs + <usize>p.runCount * RUN_BYTES;
  store<u32>(run, task, RUN_TASK);
  store<u32>(run, inTask, RUN_ITEM);
  store<u32>(run, count, RUN_COUNT);
  store<u32>(run, permutationTask, RUN_PERMUTATION_TASK);
  store<u32>(run, identityPermutation ? RUN_IDENTITY : p.generator == TORCH ? RUN_GIVEN : RUN_OWN, RUN_PERMUTATION);
  let key: u32 = 0;
  if (!identityProjection) key = p.generator == TORCH ? torchSeedOf(projectionTask) : projectionTask;
  store<u32>(run, key, RUN_KEY);
  store<u32>(run, identityProjection ? 1 : 0, RUN_IDENTITY_MATRIX);
  p.runCount++;
  added += count;
  return count;
}

/** Draws the added items: fills `indices`, `drawnLabels` and `givenLabels`. */
export function drawAdded(): void {
  const p = current;
  const relabels = p.ways > 0 && p.relabel != 0;
  if (p.ways > 0 && !sorted) {
    sortMembers(p.exampleLabels);
    sorted = true;
  }
  drawIndices();
  const labels = relabels ? <usize>0 : <usize>p.exampleLabels;
  const from = relabels ? ranks : <usize>p.indices;
  if (p.generator == TORCH) labelTorchRuns(labels, from);
  else {
    permuteRuns(p.runs, p.runCount, p.length, p.classes, p.specialTokens, labels, from, permutationAt, p.drawnLabels);
  }
  if (p.labelLayout == NO_LABELS) return;
  const shifted: u32 = p.labelLayout == SHIFTED ? 1 : 0;
  giveLabels(p.drawnLabels, added * p.length, p.length, shifted, firstHidden(), p.startToken, p.givenLabels);
}

/** Draws up to `count` consecutive items. Returns how many: all of them, or `maxItems`. */
export function draw(first: u64, count: u32): u32 {
  begin();
  while (add(first + added, count - added) > 0) continue;
  drawAdded();
  return added;
}

function drawIndices(): void {
  const p = current;
  if (p.mode == SEQUENCE_MODE && p.generator != TORCH && p.ways == 0) {
    drawRuns(p.runs, p.runCount, p.examples, p.length, takenAt, p.indices);
    return;
  }
  let position: usize = 0;
  for (let r: u32 = 0; r < p.runCount; r++) {
    const run = <usize>p.runs + <usize>r * RUN_BYTES;
    const task = load<u32>(run, RUN_TASK);
    const first = load<u32>(run, RUN_ITEM);
    const count = load<u32>(run, RUN_COUNT);
    for (let i: u32 = 0; i < count; i++, position += p.length) {
      const item = first + i;
      const out = <usize>p.indices + (position << 2);
      if (p.mode == DATASET_MODE) store<u32>(out, item);
      else if (p.mode == SAMPLES_MODE) store<u32>(out, sampleExample(item));
      else if (p.generator == TORCH) torchSequence(<u64>task * p.itemsPerTask + item, out);
      else {
        const own = ranks + (position << 2);
        drawEpisode(
          task, item, p.ways, p.shots, p.queries, p.exampleClasses, starts, members, takenAt, scratch, out, own,
        );
      }
    }
  }
}

function labelTorchRuns(labels: usize, from: usize): void {
  const p = current;
  let out = <usize>p.drawnLabels;
  for (let r: u32 = 0; r < p.runCount; r++) {
    const run = <usize>p.runs + <usize>r * RUN_BYTES;
    if (load<u32>(run, RUN_PERMUTATION) == RUN_GIVEN) {
      torchPermutationOf(load<u32>(run, RUN_PERMUTATION_TASK), p.classes, permutationAt);
    }
    permuteRuns(run, 1, p.length, p.classes, p.specialTokens, labels, from, permutationAt, out);
    const positions = <usize>load<u32>(run, RUN_COUNT) * p.length;
    from += positions << 2;
    out += positions << 1;
  }
}

/** The task of a sample, counted from the first of the set. */
function sampleTask(item: u32): u32 {
  if (current.generator == TORCH) return torchSampleTask(item);
  drawSample(item, <u32>current.taskCount, current.examples, SAMPLE_PAIR);
  return load<u32>(SAMPLE_PAIR);
}

function sampleExample(item: u32): u32 {
  if (current.generator == TORCH) return torchSampleExample(item);
  drawSample(item, <u32>current.taskCount, current.examples, SAMPLE_PAIR);
  return load<u32>(SAMPLE_PAIR, 4);
}
