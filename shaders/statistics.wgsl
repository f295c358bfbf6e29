//! uses part
// Second stage of the statistics: computes the mean and deviation of each feature from the parts of moments.wgsl.
//
// Dispatch: (width / 32, 1, 1).

struct Statistics {
  width: u32,
  chunks: u32,
  /// The number subtracted from the count: 0 for the population deviation, 1 for the unbiased one.
  correction: f32,
}

@group(0) @binding(0) var<uniform> statistics: Statistics;
/// [chunks, width]
@group(0) @binding(1) var<storage, read> chunks: array<Part>;
/// [width]: mean, deviation.
@group(0) @binding(2) var<storage, read_write> results: array<vec2f>;

@compute @workgroup_size(256)
fn finish(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let column = group.x * COLUMNS + index % COLUMNS;
  var part = Part(0.0, 0.0, 0.0);
  if (column < statistics.width) {
    for (var chunk = index / COLUMNS; chunk < statistics.chunks; chunk += LANES) {
      part = merge(part, chunks[chunk * statistics.width + column]);
    }
  }
  part = merge_lanes(part, index);
  if (index < COLUMNS && column < statistics.width) {
    results[column] = vec2f(part.mean, sqrt(part.squares / (part.count - statistics.correction)));
  }
}
