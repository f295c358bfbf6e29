import { InvalidOptionError } from "../../../base/errors.js";
import type { GpuLimits } from "../device/adapter.js";
import { USAGE } from "../device/buffers.js";
import type { Gpu } from "../device/device.js";
import { rowsOfBinding } from "./ranges.js";
import { f32, groupsFor, type Work } from "./work.js";

/** A table of values, `[rows, stride]` f32. Only the first `width` values of each row count. */
export interface Table {
  readonly values: GPUBuffer;
  readonly rows: number;
  readonly width: number;
  readonly stride: number;
}

/** The rows of a chunk are a multiple of this: a workgroup has 8 lanes, each takes 16 rows at a time. */
const TURN = 128;
/** The most chunks of a binding: enough to fill a device even with few features. */
const MAX_CHUNKS = 128;

/**
 * Computes the mean and deviation of each feature.
 *
 * Both are within `(80 + 24 * merges) * 2^-24 * max |x|` of the true ones for finite values whose squared differences
 * do not overflow: a leaf of 16 rows has at most 16 sums and two divisions of 2.5 ulp, a merge of two parts moves the
 * mean by at most 15 and the deviation by at most 9 units of `2^-24 * max |x|`. The unbiased deviation has that times
 * `sqrt(rows / (rows - 1))`.
 */
export class StatisticsKernel {
  readonly #limits: GpuLimits;
  readonly #moments: GPUComputePipeline;
  readonly #finish: GPUComputePipeline;

  static async create(gpu: Gpu): Promise<StatisticsKernel> {
    const [moments, finish] = await Promise.all([gpu.pipeline("moments"), gpu.pipeline("statistics")]);
    return new StatisticsKernel(gpu.limits, moments, finish);
  }

  private constructor(limits: GpuLimits, moments: GPUComputePipeline, finish: GPUComputePipeline) {
    this.#limits = limits;
    this.#moments = moments;
    this.#finish = finish;
  }

  /** Returns the bytes of the result: a pair of f32 for each feature. */
  static resultBytes(width: number): number {
    return width * 8;
  }

  /** Returns the most merges between a value and the result, for the error bound. */
  static merges(limits: GpuLimits, table: Table): number {
    const ranges = rangesOf(limits, table);
    const chunks = ranges.reduce((sum, { count }) => sum + count, 0);
    const inChunk = Math.max(...ranges.map(({ chunk }) => chunk / TURN));
    return inChunk + 3 + Math.ceil(chunks / 8) + 3;
  }

  /**
   * Writes `[width, 2]` f32: mean, deviation. The table may be larger than a binding.
   *
   * @param unbiased true to divide by `rows - 1` instead of `rows`
   * @throws InvalidOptionError for no rows, or for one row and the unbiased deviation
   */
  encode(work: Work, table: Table, unbiased: boolean, out: GPUBufferBinding): void {
    const { values, rows, width, stride } = table;
    const least = unbiased ? 2 : 1;
    if (rows < least) throw new InvalidOptionError("rows", rows, `at least ${least}`);
    const ranges = rangesOf(this.#limits, table);
    const total = ranges.reduce((sum, { count }) => sum + count, 0);
    const chunks = { buffer: work.temporary("chunks", total * width * 12, USAGE.STORAGE) };
    const columns = groupsFor(width, 32);
    let first = 0;
    for (const range of ranges) {
      const part = { buffer: values, offset: range.row * stride * 4, size: range.rows * stride * 4 };
      const parameters = Uint32Array.of(range.rows, width, stride, range.chunk, first);
      work.dispatch(this.#moments, parameters, [part, chunks], [columns, range.count, 1]);
      first += range.count;
    }
    const parameters = Uint32Array.of(width, total, f32(unbiased ? 1 : 0));
    work.dispatch(this.#finish, parameters, [chunks, out], [columns, 1, 1]);
  }
}

/** Rows `[row, row + rows)`, which fit into one binding, in `count` chunks of `chunk` rows; the last one may be shorter. */
interface Range {
  readonly row: number;
  readonly rows: number;
  readonly chunk: number;
  readonly count: number;
}

function rangesOf(limits: GpuLimits, { rows, stride }: Table): Range[] {
  const ranges: Range[] = [];
  const most = rowsOfBinding(limits, stride * 4);
  for (let row = 0; row < rows; row += most) {
    const here = Math.min(most, rows - row);
    const chunk = Math.ceil(here / (TURN * MAX_CHUNKS)) * TURN;
    ranges.push({ row, rows: here, chunk, count: Math.ceil(here / chunk) });
  }
  return ranges;
}
