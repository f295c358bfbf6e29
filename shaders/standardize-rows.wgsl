// Each row by itself: the first `features` values less their mean, divided by their population deviation, in place. Zeros
// where all are equal. Twin of `standardizeExamples` in src/scaling/standardize-examples.ts, which has more digits.
//
// A corrected two-pass algorithm (Chan, Golub, LeVeque 1983): the second pass also sums the differences from the first
// mean, which is how far that mean was off. So a row that lies far from zero keeps its digits.
//
// Dispatch: (rows or any smaller number, 1, 1).

const LANES = 64u;

struct StandardizeRows {
  rows: u32,
  features: u32,
  /// Values from one row to the next.
  stride: u32,
}

@group(0) @binding(0) var<uniform> standardize_rows: StandardizeRows;
/// [rows, stride]
@group(0) @binding(1) var<storage, read_write> values: array<f32>;

var<workgroup> shared_first: f32;
var<workgroup> parts: array<vec2f, LANES>;

/// The sum of all lanes' values, in a tree; every lane gets it.
fn total(value: vec2f, lane: u32) -> vec2f {
  parts[lane] = value;
  for (var lanes = LANES / 2u; lanes > 0u; lanes /= 2u) {
    workgroupBarrier();
    if (lane < lanes) {
      parts[lane] += parts[lane + lanes];
    }
  }
  return workgroupUniformLoad(&parts[0]);
}

@compute @workgroup_size(LANES)
fn standardize(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let features = standardize_rows.features;
  for (var row = group.x; row < standardize_rows.rows; row += groups.x) {
    let start = row * standardize_rows.stride;
    // Differences from the first value stay small where values lie close together; where all are equal, they are 0.
    // Through workgroup memory, as lane 0 replaces that value at its own pace.
    if (lane == 0u) {
      shared_first = values[start];
    }
    let first = workgroupUniformLoad(&shared_first);

    var sum = 0.0;
    for (var i = lane; i < features; i += LANES) {
      sum += values[start + i] - first;
    }
    let mean = first + total(vec2f(sum, 0.0), lane).x / f32(features);

    // Differences from that mean, and their squares.
    var apart = vec2f(0.0);
    for (var i = lane; i < features; i += LANES) {
      let difference = values[start + i] - mean;
      apart += vec2f(difference, difference * difference);
    }
    let off = total(apart, lane) / f32(features);
    let variance = off.y - off.x * off.x;

    // inverseSqrt has no value at 0.
    let factor = select(0.0, inverseSqrt(variance), variance > 0.0);
    for (var i = lane; i < features; i += LANES) {
      values[start + i] = (values[start + i] - mean - off.x) * factor;
    }
  }
}
