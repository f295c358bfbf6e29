import type { GpuLimits } from "../device/adapter.js";
import { rowsOfBinding } from "./ranges.js";
import type { Table } from "./statistics.js";

/** A kernel that is one compute pipeline. */
export class Kernel {
  protected readonly pipeline: GPUComputePipeline;

  constructor(pipeline: GPUComputePipeline) {
    this.pipeline = pipeline;
  }
}

/** A kernel that draws deviates by their table. */
export class TableKernel extends Kernel {
  protected readonly table: GPUBuffer;

  constructor(pipeline: GPUComputePipeline, table: GPUBuffer) {
    super(pipeline);
    this.table = table;
  }
}

/** A kernel that takes a table of values in parts, as large as the device binds. */
export class TablePartsKernel extends Kernel {
  readonly #limits: GpuLimits;

  constructor(limits: GpuLimits, pipeline: GPUComputePipeline) {
    super(pipeline);
    this.#limits = limits;
  }

  /** Calls back with the rows and the binding of each part. */
  protected eachPart({ values, rows, stride }: Table, encode: (rows: number, part: GPUBufferBinding) => void): void {
    const most = rowsOfBinding(this.#limits, stride * 4);
    for (let row = 0; row < rows; row += most) {
      const here = Math.min(most, rows - row);
      encode(here, { buffer: values, offset: row * stride * 4, size: here * stride * 4 });
    }
  }
}
