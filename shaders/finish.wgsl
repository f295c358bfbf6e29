// The values of 32-bit sums: of uint8 examples. See project-tile.wgsl.

/// Converts the exact sums of rows `row` to `row + 3` at a position of the tile to values, and writes them.
fn finish(sums: vec4i, tile: Tile, position: u32, first_row: u32, row: u32) {
  if (position < tile.count && first_row + row < plan.rows) {
    var s = sums;
    if (OFFSET) {
      let row_sum = vec4i(
        atomicLoad(&row_sums[row]),
        atomicLoad(&row_sums[row + 1u]),
        atomicLoad(&row_sums[row + 2u]),
        atomicLoad(&row_sums[row + 3u]),
      );
      s -= row_sum * plan.offset;
    }
    let scale = select(plan.scale, plan.identity_scale, IDENTITY && tile.identity != 0u);
    put(tile.output + position, first_row + row, vec4f(s) * scale);
  }
}
