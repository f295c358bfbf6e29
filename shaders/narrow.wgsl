//! uses float16
// Rounds float32 values to float16, two in an element. The half above an odd last value is zero.
//
// Dispatch: (elements / 64 or any smaller number, 1, 1).

struct Narrow {
  /// The number of values, and the element of the first two.
  count: u32,
  first: u32,
}

@group(0) @binding(0) var<uniform> batch: Narrow;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> halves: array<u32>;

@compute @workgroup_size(64)
fn narrow(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  for (var pair = id.x; pair < (batch.count + 1u) / 2u; pair += 64u * size.x) {
    var bits = float16_bits(values[2u * pair]);
    if (2u * pair + 1u < batch.count) {
      bits |= float16_bits(values[2u * pair + 1u]) << 16u;
    }
    halves[batch.first + pair] = bits;
  }
}
