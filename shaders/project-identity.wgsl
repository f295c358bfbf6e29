//! uses float16
// The projection of uint8 examples by the identity: pixels less the offset, scaled. Twin of assembly/identity.ts.
//
// An invocation makes one word of the output, a float32 or two float16, so no two ever write to the same one.

/// Whether the output is float16.
override HALF: bool = false;

struct Plan {
  /// Inputs of the matrix, and words an example takes: 4 * ceil(columns / 16).
  columns: u32,
  stride: u32,
  rows: u32,
  /// Values a position has in the output: rows and the cells of the one-hot.
  width: u32,
  /// Grey level taken off every pixel.
  offset: i32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> plan: Plan;
/// First position written, and positions in all; positions before the first are even in number.
@group(0) @binding(1) var<storage, read> range: vec2u;
@group(0) @binding(2) var<storage, read> examples: array<u32>;
@group(0) @binding(3) var<storage, read> indices: array<u32>;
/// The label a position is given, 0xffffffff for none. Not read without one-hots.
@group(0) @binding(4) var<storage, read> given: array<u32>;
@group(0) @binding(5) var<storage, read_write> out: array<u32>;

/// Value number `at` of the positions; zero behind the last.
fn value(at: u32) -> f32 {
  let position = at / plan.width;
  let cell = at % plan.width;
  if (position >= range.y) {
    return 0.0;
  }
  if (cell >= plan.rows) {
    return select(0.0, 1.0, given[position] == cell - plan.rows);
  }
  if (cell >= plan.columns) {
    return 0.0;
  }
  let word = examples[indices[position] * plan.stride + cell / 4u];
  let pixel = i32((word >> (8u * (cell % 4u))) & 0xffu);
  return f32(pixel - plan.offset) * plan.scale;
}

@compute @workgroup_size(64)
fn main(
  @builtin(local_invocation_index) index: u32,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
) {
  let word = (workgroup.y * workgroups.x + workgroup.x) * 64u + index;
  let values = range.y * plan.width;
  if (HALF) {
    if (word < (values + 1u) / 2u) {
      out[range.x * plan.width / 2u + word] = float16_bits(value(2u * word)) | (float16_bits(value(2u * word + 1u)) << 16u);
    }
  } else if (word < values) {
    out[range.x * plan.width + word] = bitcast<u32>(value(word));
  }
}
