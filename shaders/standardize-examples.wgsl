// Standardizes each row by itself, in place: its first `features` values become (x - mean) / deviation, with their own mean
// and population deviation. A row of equal values becomes zeros. Twin of src/scaling/standardize-examples.ts, which
// computes in float64.
//
// This is a corrected two-pass algorithm (Chan, Golub, LeVeque 1983): the second pass also sums the differences from the
// first mean, which gives the error of that mean. So a row far from zero keeps its digits.
//
// Dispatch: (rows or any smaller number, 1, 1).

const LANES = 64u;

struct StandardizeExamples {
  rows: u32,
  features: u32,
  /// Values from one row to the next.
  stride: u32,
}

@group(0) @binding(0) var<uniform> parameters: StandardizeExamples;
/// [rows, stride]
@group(0) @binding(1) var<storage, read_write> values: array<f32>;

var<workgroup> shared_first: f32;
var<workgroup> parts: array<vec2f, LANES>;

/// Sums the values of all lanes in a tree. Every lane gets the sum.
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
  let features = parameters.features;
  for (var row = group.x; row < parameters.rows; row += groups.x) {
    let start = row * parameters.stride;
    // Differences from the first value are small if the values are close together, and 0 if all are equal. The value goes
    // through workgroup memory, because lane 0 may overwrite it while others still read.
    if (lane == 0u) {
      shared_first = values[start];
    }
    let first = workgroupUniformLoad(&shared_first);

    var sum = 0.0;
    for (var i = lane; i < features; i += LANES) {
      sum += values[start + i] - first;
    }
    let mean = first + total(vec2f(sum, 0.0), lane).x / f32(features);

    // Sums of the differences from that mean and of their squares.
    var apart = vec2f(0.0);
    for (var i = lane; i < features; i += LANES) {
      let difference = values[start + i] - mean;
      apart += vec2f(difference, difference * difference);
    }
    let off = total(apart, lane) / f32(features);
    let variance = off.y - off.x * off.x;

    // inverseSqrt is undefined at 0.
    let factor = select(0.0, inverseSqrt(variance), variance > 0.0);
    for (var i = lane; i < features; i += LANES) {
      values[start + i] = (values[start + i] - mean - off.x) * factor;
    }
  }
}
