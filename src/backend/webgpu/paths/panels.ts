import type { GpuLimits } from "../device/adapter.js";
import { blocksOf } from "../kernels/matrix.js";
import { bindingLimit } from "../kernels/ranges.js";
import { MAX_GROUPS } from "../kernels/work.js";

/** Rows `[row, row + rows)` of a matrix, made and multiplied together. */
export interface Panel {
  readonly row: number;
  readonly rows: number;
}

/** Matrices of a dispatch: a GPU is busy with less, and shared memory may be scarce. Bytes. */
const PANEL_BYTES = 64 * 2 ** 20;
/** Invocations of a workgroup of matrix.wgsl and limbs.wgsl, a block each. */
const WORKGROUP = 64;

/**
 * Rows of a panel, at least 1: the whole matrix where that fits.
 *
 * @param rowBytes what a row takes
 */
export function panelRows(limits: GpuLimits, rows: number, columns: number, rowBytes: number): number {
  const bytes = Math.min(PANEL_BYTES, bindingLimit(limits));
  const most = Math.min(bytes / rowBytes, (WORKGROUP * MAX_GROUPS) / blocksOf(columns));
  return Math.max(1, Math.min(rows, Math.floor(most)));
}

/** How many tasks' panels fit together, at least 1. */
export function panelTasks(limits: GpuLimits, bytes: number): number {
  return Math.max(1, Math.min(MAX_GROUPS, Math.floor(Math.min(PANEL_BYTES, bindingLimit(limits)) / bytes)));
}

/** All rows of a matrix, `most` at a time. */
export function panelsOf(rows: number, most: number): Panel[] {
  return Array.from({ length: Math.ceil(rows / most) }, (_, i) => ({
    row: i * most,
    rows: Math.min(most, rows - i * most),
  }));
}
