// Writes the one-hot of each position's given label behind its inputs; zeros if no label is given. Twin of `packOneHot` in
// assembly/packing.ts.
//
// Dispatch: (cells / 64, positions or any smaller number, 1).

struct OneHot {
  /// Values before the one-hot, and cells of the one-hot.
  inputs: u32,
  cells: u32,
  /// Position p is at `values[(position + p) * (inputs + cells)]`.
  positions: u32,
  position: u32,
}

@group(0) @binding(0) var<uniform> one_hot: OneHot;
/// The given label of each position; for no label, a number that is not a cell.
@group(0) @binding(1) var<storage, read> given: array<u32>;
@group(0) @binding(2) var<storage, read_write> values: array<f32>;

@compute @workgroup_size(64)
fn write(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  if (id.x >= one_hot.cells) {
    return;
  }
  for (var p = id.y; p < one_hot.positions; p += size.y) {
    let row = (one_hot.position + p) * (one_hot.inputs + one_hot.cells);
    values[row + one_hot.inputs + id.x] = select(0.0, 1.0, given[p] == id.x);
  }
}
