//! uses chacha8 deviate
// Sixteen columns of a row of a task's matrix. One invocation makes them from one block of key stream. matrix.wgsl and
// limbs.wgsl include this file. Twin of `deviates` in assembly/matrix.ts.

const PROJECTION = 0u;

/// The part of the matrices to make: `rows` rows from `row` on of each task. `blocks` is ceil(columns / 16).
struct Matrix {
  seed: vec2u,
  row: u32,
  rows: u32,
  columns: u32,
  blocks: u32,
  scale: f32,
  offset: i32,
  /// Nonzero for identity matrices instead of deviates.
  identity: u32,
}

@group(0) @binding(0) var<uniform> matrix: Matrix;
@group(0) @binding(1) var<storage, read> normal_table: array<u32>;
@group(0) @binding(2) var<storage, read> tasks: array<u32>;

fn segment(number: u32) -> u32 {
  return normal_table[number - SEGMENTS];
}

/// The deviates of columns 16 * block to 16 * block + 15, in units of 1/4096.
struct Deviates {
  a: vec4i,
  b: vec4i,
  c: vec4i,
  d: vec4i,
}

/// Sets deviates in the padding to zero: the stream has words for it, the matrix has no columns there.
fn inside(deviates: vec4i, column: u32) -> vec4i {
  let columns = vec4u(column) + vec4u(0u, 1u, 2u, 3u);
  return select(vec4i(0), deviates, columns < vec4u(matrix.columns));
}

/// Returns four entries of the identity matrix, from a column on.
fn diagonal4(row: u32, column: u32) -> vec4i {
  return select(vec4i(0), vec4i(1), vec4u(row) == vec4u(column) + vec4u(0u, 1u, 2u, 3u));
}

/// Makes one block. `row` and `block` count within the matrix.
fn deviates_of(task: u32, row: u32, block: u32) -> Deviates {
  let column = 16u * block;
  if (matrix.identity != 0u) {
    return Deviates(
      inside(diagonal4(row, column), column),
      inside(diagonal4(row, column + 4u), column + 4u),
      inside(diagonal4(row, column + 8u), column + 8u),
      inside(diagonal4(row, column + 12u), column + 12u),
    );
  }
  let words = chacha8(Stream(matrix.seed, task, PROJECTION, 0u), row * matrix.blocks + block);
  return Deviates(
    inside(deviate4(words.a), column),
    inside(deviate4(words.b), column + 4u),
    inside(deviate4(words.c), column + 8u),
    inside(deviate4(words.d), column + 12u),
  );
}
