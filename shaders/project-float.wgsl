// The projection of float32 examples: gathered examples times a matrix for each task, the sum over j of A(i, j) * x(j),
// times scale. Twin of `project<f32>` in assembly/projection.ts. Each of the two is within
// (columns + 2) * 2^-24 * sum |scale * A(i, j) * x(j)| of the true product, for any order of the additions, fused or not.
//
// A workgroup makes 16 * REACH positions of one task x 64 rows; an invocation makes REACH x 4 of them (16 apart, so that
// neighboring lanes write neighboring values). A step takes 16 columns.
//
// Dispatch: (rows / 64, positions of a task / (16 * REACH), tasks).

const ROWS = 64u;
const POSITIONS = 128u;

/// Positions of an invocation: 1, 2, 4 or 8; few if tasks have few positions.
override REACH: u32 = 8u;

struct Project {
  /// Position p of task t shows example `indices[first + t * positions + p]`.
  first: u32,
  positions: u32,
  /// vec4f from one example to the next: ceil(columns / 4).
  next_example: u32,
  /// Rows of a matrix, blocks of 16 columns.
  rows: u32,
  blocks: u32,
  /// vec4f from one task's matrix to the next: 4 * rows * blocks, or 0 if all tasks share one matrix.
  next_matrix: u32,
  /// Value (q = t * positions + p, row i) goes to `values[(position + q) * stride + column + i]`.
  position: u32,
  stride: u32,
  column: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> project: Project;
/// [n, next_example], four values an element, zero in the padding.
@group(0) @binding(1) var<storage, read> examples: array<vec4f>;
@group(0) @binding(2) var<storage, read> indices: array<u32>;
/// [tasks, rows, blocks, 4], finite in the padding; see matrix.wgsl.
@group(0) @binding(3) var<storage, read> matrices: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> values: array<f32>;

var<workgroup> xs: array<vec4f, 512>; // 4 * POSITIONS
var<workgroup> rows: array<vec4f, 256>; // 4 * ROWS

/// Adds the products of four columns of four rows with four values of an example.
fn add4(sums: vec4f, x: vec4f, a0: vec4f, a1: vec4f, a2: vec4f, a3: vec4f) -> vec4f {
  var s = sums;
  s += vec4f(a0.x, a1.x, a2.x, a3.x) * x.x;
  s += vec4f(a0.y, a1.y, a2.y, a3.y) * x.y;
  s += vec4f(a0.z, a1.z, a2.z, a3.z) * x.z;
  s += vec4f(a0.w, a1.w, a2.w, a3.w) * x.w;
  return s;
}

fn store(position: u32, task: u32, row: u32, sum: f32) {
  if (position < project.positions && row < project.rows) {
    let to = project.position + task * project.positions + position;
    values[to * project.stride + project.column + row] = sum * project.scale;
  }
}

fn store4(position: u32, task: u32, row: u32, sums: vec4f) {
  store(position, task, row, sums.x);
  store(position, task, row + 16u, sums.y);
  store(position, task, row + 32u, sums.z);
  store(position, task, row + 48u, sums.w);
}

/// Returns a quarter of a block of the example at a position.
fn load_example(position: u32, task: u32, block: u32, quarter: u32) -> vec4f {
  let at = 4u * block + quarter;
  if (position >= project.positions || at >= project.next_example) {
    return vec4f(0.0);
  }
  let example = indices[project.first + task * project.positions + position];
  return examples[example * project.next_example + at];
}

@compute @workgroup_size(256)
fn multiply(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let task = group.z;
  let row0 = group.x * ROWS;
  let position0 = group.y * 16u * REACH;

  // This invocation copies quarters of a block into workgroup memory.
  let quarter = lane % 4u;
  let loaded_row = row0 + lane / 4u;
  let row_at = task * project.next_matrix + 4u * loaded_row * project.blocks + quarter;

  // The sums of rows y, y + 16, y + 32 and y + 48 for positions x, x + 16, ...
  let y = lane % 16u;
  let x = lane / 16u;
  var sums0 = vec4f(0.0); var sums1 = vec4f(0.0); var sums2 = vec4f(0.0); var sums3 = vec4f(0.0);
  var sums4 = vec4f(0.0); var sums5 = vec4f(0.0); var sums6 = vec4f(0.0); var sums7 = vec4f(0.0);

  for (var block = 0u; block < project.blocks; block++) {
    var row = vec4f(0.0);
    if (loaded_row < project.rows) {
      row = matrices[row_at + 4u * block];
    }
    workgroupBarrier();
    rows[quarter * ROWS + lane / 4u] = row;
    xs[quarter * POSITIONS + lane / 4u] = load_example(position0 + lane / 4u, task, block, quarter);
    if (REACH > 4u) {
      xs[quarter * POSITIONS + lane / 4u + 64u] = load_example(position0 + lane / 4u + 64u, task, block, quarter);
    }
    workgroupBarrier();
    for (var q = 0u; q < 4u; q++) {
      let a0 = rows[q * ROWS + lane % 16u];
      let a1 = rows[q * ROWS + lane % 16u + 16u];
      let a2 = rows[q * ROWS + lane % 16u + 32u];
      let a3 = rows[q * ROWS + lane % 16u + 48u];
      sums0 = add4(sums0, xs[q * POSITIONS + lane / 16u], a0, a1, a2, a3);
      if (REACH > 1u) {
        sums1 = add4(sums1, xs[q * POSITIONS + lane / 16u + 16u], a0, a1, a2, a3);
      }
      if (REACH > 2u) {
        sums2 = add4(sums2, xs[q * POSITIONS + lane / 16u + 32u], a0, a1, a2, a3);
        sums3 = add4(sums3, xs[q * POSITIONS + lane / 16u + 48u], a0, a1, a2, a3);
      }
      if (REACH > 4u) {
        sums4 = add4(sums4, xs[q * POSITIONS + lane / 16u + 64u], a0, a1, a2, a3);
        sums5 = add4(sums5, xs[q * POSITIONS + lane / 16u + 80u], a0, a1, a2, a3);
        sums6 = add4(sums6, xs[q * POSITIONS + lane / 16u + 96u], a0, a1, a2, a3);
        sums7 = add4(sums7, xs[q * POSITIONS + lane / 16u + 112u], a0, a1, a2, a3);
      }
    }
  }

  store4(position0 + x, task, row0 + y, sums0);
  if (REACH > 1u) {
    store4(position0 + x + 16u, task, row0 + y, sums1);
  }
  if (REACH > 2u) {
    store4(position0 + x + 32u, task, row0 + y, sums2);
    store4(position0 + x + 48u, task, row0 + y, sums3);
  }
  if (REACH > 4u) {
    store4(position0 + x + 64u, task, row0 + y, sums4);
    store4(position0 + x + 80u, task, row0 + y, sums5);
    store4(position0 + x + 96u, task, row0 + y, sums6);
    store4(position0 + x + 112u, task, row0 + y, sums7);
  }
}
