/**
 * The decisions of the curriculum stream (purpose 3) about a task. Twin of `chooseTask` in src/plan/curriculum.ts.
 *
 * Word 0 decides the identity matrix, word 1 the identity permutation, word 2 the fixed task, the words after that which
 * one. An event of share s happens if its word is below floor(s * 2^32).
 */
import { bounded } from "./bounded";
import { FIXED, FIXED_BY_STEP, FIXED_PERMUTATION, FIXED_PROJECTION, current } from "./plan";
import { CURRICULUM } from "./purpose";
import { next, open } from "./stream";

/** Bytes of a point of a schedule: two f64, the step and the share. */
const POINT: usize = 16;

export let identityProjection: bool = false;
export let identityPermutation: bool = false;
export let projectionTask: u32 = 0;
export let permutationTask: u32 = 0;

/** True if no chance is involved: then no stream is opened. */
let settled: bool = false;

/** Looks at the schedules of the plan in use. */
export function startCurriculum(): void {
  const p = current;
  const projection = constantOf(p.identityProjectionPoints, p.identityProjection);
  const permutation = constantOf(p.identityPermutationPoints, p.identityPermutation);
  const fixed = p.fixed & FIXED ? constantOf(p.fixedSharePoints, p.fixedShare) : 0;
  settled = projection >= 0 && permutation >= 0 && fixed == 0;
  identityProjection = projection == 1;
  identityPermutation = permutation == 1;
}

/** 0 where every share of a schedule is 0, 1 where every one is 1, else -1. */
function constantOf(points: usize, count: u32): i32 {
  let all = true;
  let none = true;
  for (let i: u32 = 0; i < count; i++, points += POINT) {
    const share = load<f64>(points, 8);
    if (share != 1) all = false;
    if (share != 0) none = false;
  }
  return none ? 0 : all ? 1 : -1;
}

/** Sets the four exported variables for a task. */
export function choose(task: u32): void {
  projectionTask = task;
  permutationTask = task;
  if (settled) return;
  const p = current;
  const step = <u64>task / p.tasksPerStep;
  open(task, CURRICULUM, 0);
  identityProjection = happens(p.identityProjectionPoints, p.identityProjection, step);
  identityPermutation = happens(p.identityPermutationPoints, p.identityPermutation, step);
  if (!(p.fixed & FIXED) || !happens(p.fixedSharePoints, p.fixedShare, step)) return;
  const first = p.fixed & FIXED_BY_STEP ? <u32>step * p.fixedPool : p.fixedTask;
  const other = first + bounded(p.fixedPool);
  if (p.fixed & FIXED_PROJECTION) projectionTask = other;
  if (p.fixed & FIXED_PERMUTATION) permutationTask = other;
}

function happens(points: usize, count: u32, step: u64): bool {
  return <f64>next() < Math.floor(shareAt(points, count, <f64>step) * 4294967296.0);
}

/** The share at a step: constant before the first point and after the last, linear between two. */
function shareAt(points: usize, count: u32, step: f64): f64 {
  let after: u32 = 0;
  while (after < count && load<f64>(points + <usize>after * POINT) <= step) after++;
  if (after == 0) return load<f64>(points, 8);
  const before = points + <usize>(after - 1) * POINT;
  const s0 = load<f64>(before, 8);
  if (after == count) return s0;
  const t0 = load<f64>(before);
  const t1 = load<f64>(before, 16);
  const s1 = load<f64>(before, 24);
  return s0 + (s1 - s0) * ((step - t0) / (t1 - t0));
}
