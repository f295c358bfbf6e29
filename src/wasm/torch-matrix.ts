import { instantiate } from "./module.js";
import { Regions } from "./regions.js";
import { beginTorch, torchStateBytes } from "./torch-state.js";

/** The number of values from which on PyTorch fills a tensor in blocks of 16, so a prefix can be generated without the rest. */
const BLOCK = 16;

/** A matrix that PyTorch fills with `normal_(0, standardDeviation)`. */
export interface TorchMatrix {
  readonly seed: bigint;
  readonly task: number | undefined;
  readonly rows: number;
  readonly columns: number;
  readonly standardDeviation: number;
}

/** Rows `[start, stop)` of it. */
export async function torchMatrix(matrix: TorchMatrix, start: number, stop: number): Promise<Float32Array> {
  const { seed, task, rows, columns, standardDeviation } = matrix;
  const all = rows * columns;
  const wanted = Math.ceil((stop * columns) / BLOCK) * BLOCK;
  // The last 16 values may be made again, with words from behind the whole matrix.
  const count = wanted <= all - BLOCK ? wanted : all;
  const kernel = await instantiate(0n);
  const layout = new Regions(kernel);
  const state = layout.place(torchStateBytes(kernel));
  const out = layout.place(count * 4);
  layout.commit();
  beginTorch(kernel, state, seed, task);
  kernel.torchNormal(state, count, Math.fround(standardDeviation), out);
  return new Float32Array(kernel.memory.buffer, out + start * columns * 4, (stop - start) * columns).slice();
}
