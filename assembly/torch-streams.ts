/**
 * The notebook's draws from PyTorch's CPU generator, any part of it alone. Every stream starts from the generator
 * seeded with `random_state`, the low 32 bits of the plan's seed:
 *
 * - The seeds of the tasks: word n modulo 2^32 - 1 is the seed of task n. The task's matrix and its permutation each
 *   start from the generator seeded with that.
 * - The examples of sequences: words `[i * length, (i + 1) * length)` for sequence i, counted from the first of task 0.
 * - Or samples out of all pairs of a task and an example, then sorted by task.
 */
import { mtSeed, mtStateBytes, mtWord } from "./mt19937";
import { mtSkip } from "./mt19937-skip";
import { current } from "./plan";
import { torchPermutation, torchRandint, torchWord64 } from "./torch";
import { torchNormal } from "./torch-normal";

const SEED_BOUND: u32 = 0xffffffff;
/** A cursor that has not been seeded. */
const NOWHERE: u64 = u64.MAX_VALUE;
/** Bits of a task number that the samples are sorted by at a time. */
const DIGITS: u32 = 256;
const COUNTS: usize = memory.data(4 * 256, 16);

let seeds: usize = 0;
let sequences: usize = 0;
let ofTask: usize = 0;
/** The number of the next word of each of the two streams that are kept. */
let nextSeed: u64 = NOWHERE;
let nextSequence: u64 = NOWHERE;

let matrixAt: usize = 0;
let matrixSeed: u32 = 0;
let hasMatrix: bool = false;

let samples: usize = 0;
let hasSamples: bool = false;

/** Bytes of three generator states. */
export function torchStreamBytes(): usize {
  return 3 * <usize>mtStateBytes();
}

/** Bytes of the samples: task and example of each, twice, as sorting needs a second place. */
export function torchSampleBytes(count: u64): u64 {
  return count * 16;
}

export function startTorch(states: usize, matrix: usize, samplesAt: usize): void {
  const bytes = <usize>mtStateBytes();
  seeds = states;
  sequences = states + bytes;
  ofTask = states + 2 * bytes;
  nextSeed = NOWHERE;
  nextSequence = NOWHERE;
  matrixAt = matrix;
  hasMatrix = false;
  samples = samplesAt;
  hasSamples = false;
}

/** Moves a state to word `word`; `next` is the number of its next word. */
function seek(state: usize, next: u64, word: u64): void {
  let at = next;
  if (word < next) {
    mtSeed(state, <u32>current.seed);
    at = 0;
  }
  const skipped = word - at;
  if (skipped > 0) mtSkip(state, <u32>skipped, <u32>(skipped >> 32));
}

/** The seed of a task's matrix and permutation. */
export function torchSeedOf(task: u32): u32 {
  seek(seeds, nextSeed, task);
  nextSeed = <u64>task + 1;
  return mtWord(seeds) % SEED_BOUND;
}

/** The label permutation of a task, n u32 at `out`. */
export function torchPermutationOf(task: u32, n: u32, out: usize): void {
  mtSeed(ofTask, torchSeedOf(task));
  torchPermutation(ofTask, n, out);
}

/** The examples of a sequence, counted from the first of task 0: `length` u32 at `out`. */
export function torchSequence(sequence: u64, out: usize): void {
  const length = current.length;
  const word = sequence * length;
  seek(sequences, nextSequence, word);
  nextSequence = word + length;
  torchRandint(sequences, current.examples, length, out);
}

/** The matrix that PyTorch fills with `normal_`, outFeatures x features f32, made once for each seed. */
export function torchMatrix(seed: u32): usize {
  if (hasMatrix && matrixSeed == seed) return matrixAt;
  mtSeed(ofTask, seed);
  torchNormal(ofTask, current.outFeatures * current.features, current.matrixScale, matrixAt);
  hasMatrix = true;
  matrixSeed = seed;
  return matrixAt;
}

/** The task of a sample, counted from the first of the set. */
export function torchSampleTask(item: u32): u32 {
  if (!hasSamples) drawSamples();
  return load<u32>(samples + (<usize>item << 3));
}

/** The example of a sample. */
export function torchSampleExample(item: u32): u32 {
  if (!hasSamples) drawSamples();
  return load<u32>(samples + (<usize>item << 3), 4);
}

/** Draws all samples and sorts them by task; the order of the draws stays within a task. */
function drawSamples(): void {
  const count = <u32>current.itemCount;
  const n = <u64>current.examples;
  const total = current.taskCount * n;
  mtSeed(sequences, <u32>current.seed);
  nextSequence = NOWHERE;
  const wide = total >= 0x100000000;
  for (let i: u32 = 0; i < count; i++) {
    const pair = wide ? torchWord64(sequences) % total : <u64>(mtWord(sequences) % <u32>total);
    const at = samples + (<usize>i << 3);
    store<u32>(at, <u32>(pair / n));
    store<u32>(at, <u32>(pair % n), 4);
  }
  const spare = samples + (<usize>count << 3);
  for (let shift: u32 = 0; shift < 32; shift += 16) {
    sortBy(shift, count, samples, spare);
    sortBy(shift + 8, count, spare, samples);
  }
  hasSamples = true;
}

/** A stable counting sort by eight bits of the task. */
function sortBy(shift: u32, count: u32, from: usize, to: usize): void {
  memory.fill(COUNTS, 0, DIGITS << 2);
  for (let i: u32 = 0; i < count; i++) {
    const at = COUNTS + (<usize>((load<u32>(from + (<usize>i << 3)) >> shift) & (DIGITS - 1)) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  let sum: u32 = 0;
  for (let at = COUNTS; at < COUNTS + (DIGITS << 2); at += 4) {
    const here = load<u32>(at);
    store<u32>(at, sum);
    sum += here;
  }
  for (let i: u32 = 0; i < count; i++) {
    const sample = load<u64>(from + (<usize>i << 3));
    const at = COUNTS + (<usize>((<u32>sample >> shift) & (DIGITS - 1)) << 2);
    const place = load<u32>(at);
    store<u32>(at, place + 1);
    store<u64>(to + (<usize>place << 3), sample);
  }
}
