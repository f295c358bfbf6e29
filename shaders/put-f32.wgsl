// The output of the exact fused projection in float32. See project-tile.wgsl.

@group(0) @binding(6) var<storage, read_write> out: array<f32>;

/// Writes the values of rows `row` to `row + 3` of a position, without rows that do not exist.
fn put(position: u32, row: u32, values: vec4f) {
  let at = position * plan.width + row;
  out[at] = values.x;
  if (row + 1u < plan.rows) {
    out[at + 1u] = values.y;
  }
  if (row + 2u < plan.rows) {
    out[at + 2u] = values.z;
  }
  if (row + 3u < plan.rows) {
    out[at + 3u] = values.w;
  }
}

fn put_one(at: u32) {
  out[at] = 1.0;
}

fn put_zero(at: u32) {
  out[at] = 0.0;
}
