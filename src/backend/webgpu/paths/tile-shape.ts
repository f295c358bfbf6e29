import type { GpuLimits } from "../device/adapter.js";

/** The multiplication in a tile: shaders/tile-packed.wgsl, and so on. */
export type Product = "packed" | "wide" | "packed-int16" | "wide-int16";

/** Override constants of shaders/project-tile.wgsl. */
export interface TileShape {
  readonly GROUPS: number;
  readonly ROW_GROUPS: number;
  readonly DEPTH: number;
}

/** The sizes that a multiplication fixes. */
interface TileKind {
  /** Rows and positions of an invocation. */
  readonly rows: number;
  readonly positions: number;
  /** Workgroup memory of a block: bytes for each row, bytes and 32-bit words for each position. */
  readonly rowBytes: number;
  readonly positionBytes: number;
  readonly positionWords: number;
  /** Instructions of an invocation for a block, roughly. */
  readonly multiply: number;
}

export const TILE_KINDS: Readonly<Record<Product, TileKind>> = {
  packed: { rows: 4, positions: 10, rowBytes: 32, positionBytes: 16, positionWords: 2, multiply: 400 },
  wide: { rows: 8, positions: 5, rowBytes: 64, positionBytes: 16, positionWords: 1, multiply: 900 },
  "packed-int16": { rows: 4, positions: 5, rowBytes: 32, positionBytes: 32, positionWords: 1, multiply: 450 },
  "wide-int16": { rows: 8, positions: 4, rowBytes: 64, positionBytes: 32, positionWords: 1, multiply: 1300 },
};

/** Blocks of a row for which the 32-bit sums of shaders/tile-packed-int16.wgsl are exact. */
export const MAX_PACKED_BLOCKS = 4877;

const TABLE_WORDS = 1024;
const MAX_GROUPS = 25;
const MAX_DEPTH = 8;
const WARP = 32;

/** Instructions, roughly, for a block of 16 deviates, a vector of pixels, and a barrier. */
const COST = { make: 700, load: 30, step: 100 };

/** The problem that a shape is chosen for. */
export interface TileProblem {
  readonly product: Product;
  /** Rows of the matrix, and key-stream blocks of each row. */
  readonly rows: number;
  readonly blocks: number;
  /** Positions of a typical run. */
  readonly count: number;
  /** `SKIP` of project-tile.wgsl. */
  readonly skip: number;
  /** True for int16 examples. */
  readonly int16: boolean;
}

/** Returns the bytes of workgroup memory of a tile. Each variable begins at a multiple of 16. */
export function tileStorage({ product, skip }: Pick<TileProblem, "product" | "skip">, shape: TileShape): number {
  const kind = TILE_KINDS[product];
  const rows = kind.rows * shape.ROW_GROUPS;
  const positions = kind.positions * shape.GROUPS;
  const each = Array<number>(kind.positionWords).fill(positions);
  // `row_sums`, or `deviate_sums`; wide products of int16 examples need neither.
  const words = [TABLE_WORDS, ...each, rows, skip + 1, 1, Math.floor(skip / 32) + 1];
  const small = words.reduce((sum, count) => sum + Math.ceil(count / 4) * 16, 0);
  return small + shape.DEPTH * (rows * kind.rowBytes + positions * kind.positionBytes);
}

/**
 * Returns the shape with the fewest instructions according to a model. Results do not depend on the shape.
 *
 * @param budget the most bytes of workgroup memory and the most invocations; the device's limits apply too
 * @returns undefined if no shape fits
 */
export function tileShape(
  limits: GpuLimits,
  problem: TileProblem,
  { storage, threads }: { storage: number; threads: number },
): TileShape | undefined {
  const { rows, positions } = TILE_KINDS[problem.product];
  const mostStorage = Math.min(limits.maxComputeWorkgroupStorageSize, storage);
  const mostThreads = Math.min(limits.maxComputeInvocationsPerWorkgroup, threads);
  const groups = Math.min(MAX_GROUPS, Math.ceil(problem.count / positions), limits.maxComputeWorkgroupSizeX);
  let best: TileShape | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (let GROUPS = 1; GROUPS <= groups; GROUPS++) {
    const rowGroups = Math.min(
      Math.floor(mostThreads / GROUPS),
      Math.ceil(problem.rows / rows),
      limits.maxComputeWorkgroupSizeY,
    );
    for (let ROW_GROUPS = 1; ROW_GROUPS <= rowGroups; ROW_GROUPS++) {
      for (let DEPTH = 1; DEPTH <= Math.min(MAX_DEPTH, problem.blocks); DEPTH++) {
        const shape = { GROUPS, ROW_GROUPS, DEPTH };
        if (tileStorage(problem, shape) > mostStorage) break;
        const cost = costOf(problem, shape);
        if (cost < least) {
          least = cost;
          best = shape;
        }
      }
    }
  }
  return best;
}

/** Returns the instructions of all warps for the rows and positions of a run. */
function costOf({ product, rows, blocks, count }: TileProblem, { GROUPS, ROW_GROUPS, DEPTH }: TileShape): number {
  const kind = TILE_KINDS[product];
  const threads = GROUPS * ROW_GROUPS;
  const warps = Math.ceil(threads / WARP);
  const height = kind.rows * ROW_GROUPS;
  const width = kind.positions * GROUPS;
  const workgroups = Math.ceil(rows / height) * Math.ceil(count / width);
  // Warps without a block to make wait for the others, unless another workgroup keeps the processor busy.
  const busy = Math.ceil((height * DEPTH) / WARP);
  const waiting = warps * Math.ceil((height * DEPTH) / threads);
  const step =
    COST.make * ((busy + waiting) / 2) +
    COST.load * Math.ceil((width * DEPTH) / WARP) +
    warps * (kind.multiply * DEPTH + COST.step);
  return workgroups * Math.ceil(blocks / DEPTH) * step;
}
