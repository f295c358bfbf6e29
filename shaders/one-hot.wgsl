// The one-hot of the previous permuted label, behind the inputs of each position; zeros where a sequence begins.
// Twin of `packOneHot` in assembly/packing.ts.
//
// Dispatch: (classes / 64, positions or any smaller number, 1).

struct OneHot {
  /// Values before the one-hot, and values of it.
  inputs: u32,
  classes: u32,
  /// Position p is at `values[(position + p) * (inputs + classes)]`.
  positions: u32,
  position: u32,
}

@group(0) @binding(0) var<uniform> one_hot: OneHot;
/// The label before each position; where there is none, a number that is no class.
@group(0) @binding(1) var<storage, read> previous: array<u32>;
@group(0) @binding(2) var<storage, read_write> values: array<f32>;

@compute @workgroup_size(64)
fn write(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  if (id.x >= one_hot.classes) {
    return;
  }
  for (var p = id.y; p < one_hot.positions; p += size.y) {
    let row = (one_hot.position + p) * (one_hot.inputs + one_hot.classes);
    values[row + one_hot.inputs + id.x] = select(0.0, 1.0, previous[p] == id.x);
  }
}
