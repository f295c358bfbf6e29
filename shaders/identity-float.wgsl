// The identity projection of float32 examples: row i is value i times scale, and zero beyond the columns. Twin of
// assembly/identity.ts.
//
// Dispatch: (rows / 64, positions or any smaller number, 1).

struct Identity {
  /// Values of an example, and vec4f from one example to the next.
  columns: u32,
  next_example: u32,
  /// Values that are written for a position. The values of position p begin at `values[(position + p) * stride]`.
  rows: u32,
  positions: u32,
  position: u32,
  stride: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> identity: Identity;
/// [n, 4 * next_example]
@group(0) @binding(1) var<storage, read> examples: array<f32>;
/// The example of each position.
@group(0) @binding(2) var<storage, read> indices: array<u32>;
@group(0) @binding(3) var<storage, read_write> values: array<f32>;

@compute @workgroup_size(64)
fn copy(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  if (id.x >= identity.rows) {
    return;
  }
  for (var p = id.y; p < identity.positions; p += size.y) {
    var value = 0.0;
    if (id.x < identity.columns) {
      value = examples[4u * indices[p] * identity.next_example + id.x] * identity.scale;
    }
    values[(identity.position + p) * identity.stride + id.x] = value;
  }
}
