//! uses part
// First stage of the statistics of each feature: computes a part for each chunk of rows. See statistics.wgsl.
//
// Dispatch: (width / 32, chunks, 1).

/// Rows of a leaf. A leaf is read twice, for its mean and its squares; it is so small that a cache holds it.
const LEAF = 16u;

struct Moments {
  rows: u32,
  width: u32,
  /// Values from one row to the next.
  stride: u32,
  /// Rows of a chunk, and the place of the first chunk in `chunks`.
  chunk: u32,
  first: u32,
}

@group(0) @binding(0) var<uniform> moments: Moments;
/// [rows, stride]
@group(0) @binding(1) var<storage, read> values: array<f32>;
/// [chunks, width]
@group(0) @binding(2) var<storage, read_write> chunks: array<Part>;

/// Computes the part of rows `[start, stop)` of a column; at least one row.
fn leaf(column: u32, start: u32, stop: u32) -> Part {
  // Differences from the first value are small if the values are close together, even far from zero.
  let shift = values[start * moments.stride + column];
  var sum = 0.0;
  for (var row = start + 1u; row < stop; row++) {
    sum += values[row * moments.stride + column] - shift;
  }
  let count = f32(stop - start);
  let mean = shift + sum / count;
  var squares = 0.0;
  for (var row = start; row < stop; row++) {
    let apart = values[row * moments.stride + column] - mean;
    squares += apart * apart;
  }
  return Part(count, mean, squares);
}

@compute @workgroup_size(256)
fn reduce(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let column = group.x * COLUMNS + index % COLUMNS;
  let stop = min((group.y + 1u) * moments.chunk, moments.rows);
  var part = Part(0.0, 0.0, 0.0);
  if (column < moments.width) {
    for (var row = group.y * moments.chunk + index / COLUMNS * LEAF; row < stop; row += LANES * LEAF) {
      part = merge(part, leaf(column, row, min(row + LEAF, stop)));
    }
  }
  part = merge_lanes(part, index);
  if (index < COLUMNS && column < moments.width) {
    chunks[(moments.first + group.y) * moments.width + column] = part;
  }
}
