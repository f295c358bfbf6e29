import type { GpuLimits } from "../device/adapter.js";
import { blocksOf } from "../kernels/matrix.js";
import { bindingLimit } from "../kernels/ranges.js";
import { MAX_GROUPS } from "../kernels/work.js";

/** Rows `[row, row + rows)` of a matrix, which are made and multiplied together. */
export interface Panel {
  readonly row: number;
  readonly rows: number;
}

/** The most bytes of matrices in a dispatch: enough to fill a GPU, small enough for scarce memory. */
const PANEL_BYTES = 64 * 2 ** 20;
/** Invocations of a workgroup of matrix.wgsl and limbs.wgsl; each makes one block. */
const WORKGROUP = 64;

/**
 * Returns the rows of a panel, at least 1: the whole matrix if it fits.
 *
 * @param rowBytes bytes of a row
 */
export function panelRows(limits: GpuLimits, rows: number, columns: number, rowBytes: number): number {
  const bytes = Math.min(PANEL_BYTES, bindingLimit(limits));
  const most = Math.min(bytes / rowBytes, (WORKGROUP * MAX_GROUPS) / blocksOf(columns));
  return Math.max(1, Math.min(rows, Math.floor(most)));
}

/** Returns the number of tasks whose panels fit together, at least 1. */
export function panelTasks(limits: GpuLimits, bytes: number): number {
  return Math.max(1, Math.min(MAX_GROUPS, Math.floor(Math.min(PANEL_BYTES, bindingLimit(limits)) / bytes)));
}

/** Cuts the rows of a matrix into panels of `most` rows; the last one may have fewer. */
export function panelsOf(rows: number, most: number): Panel[] {
  return Array.from({ length: Math.ceil(rows / most) }, (_, i) => ({
    row: i * most,
    rows: Math.min(most, rows - i * most),
  }));
}
