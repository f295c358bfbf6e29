import { bytesOf, storeFloats, storeSums } from "./output";
import { paddedColumns } from "./units";

/**
 * The projection by the rows x columns identity (ones on the diagonal): value i of an example, less the offset, is its
 * own row; rows beyond the columns are zero. Same layout of examples, scale and output as `project`.
 */
export function identity<T>(
  examples: usize, count: u32, columns: u32, rows: u32, offset: i32, scale: f32, dtype: u32, out: usize, stride: usize,
): void {
  const size = bytesOf(dtype);
  const scales = f32x4.splat(scale);
  const kept = min(rows, columns);
  for (let p: u32 = 0; p < count; p++) {
    for (let i: u32 = 0; i < kept; i++) {
      const value = examples + <usize>i * sizeof<T>();
      if (isFloat<T>()) {
        storeFloats(EDGE, f32x4.splat(load<f32>(value)), scales, dtype);
      } else {
        storeSums(EDGE, i32x4.splat(<i32>load<T>(value) - offset), scales, dtype);
      }
      memory.copy(out + <usize>i * size, EDGE, size);
    }
    memory.fill(out + <usize>kept * size, 0, <usize>(rows - kept) * size);
    examples += <usize>paddedColumns(columns) * sizeof<T>();
    out += stride;
  }
}

const EDGE: usize = memory.data(16, 16);
