// Standardizes each feature by given statistics, in place: x becomes (x - mean) / (deviation + epsilon). If the divisor is 0,
// for example for a constant feature without epsilon, the result is 0. Twin of src/scaling/standardize-features.ts.
//
// Dispatch: (width / 64, rows or any smaller number, 1).

struct StandardizeFeatures {
  rows: u32,
  width: u32,
  /// Values from one row to the next.
  stride: u32,
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> parameters: StandardizeFeatures;
/// [width]: mean, deviation; see statistics.wgsl.
@group(0) @binding(1) var<storage, read> statistics: array<vec2f>;
/// [rows, stride]
@group(0) @binding(2) var<storage, read_write> values: array<f32>;

@compute @workgroup_size(64)
fn standardize(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  if (id.x >= parameters.width) {
    return;
  }
  let feature = statistics[id.x];
  let divisor = feature.y + parameters.epsilon;
  for (var row = id.y; row < parameters.rows; row += size.y) {
    let at = row * parameters.stride + id.x;
    values[at] = select((values[at] - feature.x) / divisor, 0.0, divisor == 0.0);
  }
}
