// The values of sums of 64 bits: of int16 examples. See project-tile.wgsl.

/// Writes the values of the sums of rows `row` to `row + 3` at a position of the tile.
fn finish_wide(a: Wide, b: Wide, c: Wide, d: Wide, tile: Tile, position: u32, first_row: u32, row: u32) {
  if (position < tile.count && first_row + row < plan.rows) {
    let scale = select(plan.scale, plan.identity_scale, IDENTITY && tile.identity != 0u);
    let values = vec4f(wide_f32(a), wide_f32(b), wide_f32(c), wide_f32(d)) * scale;
    put(tile.output + position, first_row + row, values);
  }
}
