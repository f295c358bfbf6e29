import type { GpuLimits } from "./adapter.js";

/** The override constants of shaders/project-tile.wgsl. */
export interface TileShape {
  readonly GROUPS: number;
  readonly ROW_GROUPS: number;
  readonly DEPTH: number;
}

/** What an invocation of project-tile.wgsl sums. */
export const ROWS_EACH = 4;
export const POSITIONS_EACH = 10;

/** Workgroup memory: with 16 KiB, WebGPU's default, several workgroups share a processor on every card. */
const MAX_STORAGE = 16384;
const MAX_GROUPS = 25;
const MAX_DEPTH = 8;
const WARP = 32;

/** Instructions, counted roughly: a block of 16 deviates, a vector of pixels, a block's products, a barrier. */
const COST = { make: 700, load: 30, multiply: 40 + 36 * POSITIONS_EACH, step: 100 };

/** Bytes of workgroup memory; each variable is placed at a multiple of 16. */
export function tileStorage({ GROUPS, ROW_GROUPS, DEPTH }: TileShape): number {
  const rows = ROWS_EACH * ROW_GROUPS;
  const positions = POSITIONS_EACH * GROUPS;
  const words = [768, positions, positions, rows];
  const small = words.reduce((sum, count) => sum + Math.ceil(count / 4) * 16, 0);
  return small + DEPTH * (2 * rows + positions) * 16;
}

/**
 * The shape that takes the fewest instructions for runs of `count` positions, by a model: results do not depend on it.
 *
 * @param rows rows of the matrix
 * @param blocks key-stream blocks of a row
 * @param count positions of a run, typically
 */
export function tileShape(limits: GpuLimits, rows: number, blocks: number, count: number): TileShape {
  const storage = Math.min(limits.maxComputeWorkgroupStorageSize, MAX_STORAGE);
  const threads = Math.min(limits.maxComputeInvocationsPerWorkgroup, 256);
  let best: TileShape = { GROUPS: 1, ROW_GROUPS: 1, DEPTH: 1 };
  let least = Number.POSITIVE_INFINITY;
  const groups = Math.min(MAX_GROUPS, Math.ceil(count / POSITIONS_EACH), limits.maxComputeWorkgroupSizeX);
  for (let GROUPS = 1; GROUPS <= groups; GROUPS++) {
    const rowGroups = Math.min(
      Math.floor(threads / GROUPS),
      Math.ceil(rows / ROWS_EACH),
      limits.maxComputeWorkgroupSizeY,
    );
    for (let ROW_GROUPS = 1; ROW_GROUPS <= rowGroups; ROW_GROUPS++) {
      for (let DEPTH = 1; DEPTH <= Math.min(MAX_DEPTH, blocks); DEPTH++) {
        const shape = { GROUPS, ROW_GROUPS, DEPTH };
        if (tileStorage(shape) > storage) break;
        const cost = costOf(shape, rows, blocks, count);
        if (cost < least) {
          least = cost;
          best = shape;
        }
      }
    }
  }
  return best;
}

/** Instructions of all warps for the rows and positions of a run. */
function costOf({ GROUPS, ROW_GROUPS, DEPTH }: TileShape, rows: number, blocks: number, count: number): number {
  const threads = GROUPS * ROW_GROUPS;
  const warps = Math.ceil(threads / WARP);
  const height = ROWS_EACH * ROW_GROUPS;
  const width = POSITIONS_EACH * GROUPS;
  const workgroups = Math.ceil(rows / height) * Math.ceil(count / width);
  // Warps without a block to make wait for the others, unless another workgroup has work for the processor.
  const busy = Math.ceil((height * DEPTH) / WARP);
  const waiting = warps * Math.ceil((height * DEPTH) / threads);
  const step =
    COST.make * ((busy + waiting) / 2) +
    COST.load * Math.ceil((width * DEPTH) / WARP) +
    warps * (COST.multiply * DEPTH + COST.step);
  return workgroups * Math.ceil(blocks / DEPTH) * step;
}
