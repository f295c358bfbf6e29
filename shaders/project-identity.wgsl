//! uses float16
// The identity projection of uint8 and int16 examples: (value - offset) * scale. Twin of assembly/identity.ts.
//
// An invocation makes one word of the output, a float32 or two float16, so no two invocations write to the same word.

/// True for float16 output.
override HALF: bool = false;
/// True for int16 examples.
override INT16: bool = false;

struct Plan {
  /// Columns of the matrix, and words of an example: 4 * ceil(columns / 16) of uint8, twice as many of int16.
  columns: u32,
  stride: u32,
  rows: u32,
  /// Values of a position in the output: the rows and the cells of the one-hot.
  width: u32,
  /// Gray level or step subtracted from every value.
  offset: i32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> plan: Plan;
/// The first position that is written, an even number, and the number of positions.
@group(0) @binding(1) var<storage, read> range: vec2u;
@group(0) @binding(2) var<storage, read> examples: array<u32>;
@group(0) @binding(3) var<storage, read> indices: array<u32>;
/// The given label of each position, 0xffffffff for no label. It is not read without one-hots.
@group(0) @binding(4) var<storage, read> given: array<u32>;
@group(0) @binding(5) var<storage, read_write> out: array<u32>;

/// Returns value `at` of the positions; zero after the last one.
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
  var pixel: i32;
  if (INT16) {
    let word = examples[indices[position] * plan.stride + cell / 2u];
    pixel = bitcast<i32>(word << (16u * (1u - cell % 2u))) >> 16u;
  } else {
    let word = examples[indices[position] * plan.stride + cell / 4u];
    pixel = i32((word >> (8u * (cell % 4u))) & 0xffu);
  }
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
