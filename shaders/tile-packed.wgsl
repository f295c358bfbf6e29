// The products of a tile by packed dot products of bytes; see project-tile.wgsl.

const ROWS_EACH = 4u;
const POSITIONS_EACH = 10u;
const BLOCK_VECTORS = 1u;

/// The limbs of row r in block d are at d * ROWS + r, the pixels of position p at d * POSITIONS + p.
var<workgroup> high: array<vec4u, DEPTH * ROWS>;
var<workgroup> low: array<vec4u, DEPTH * ROWS>;
var<workgroup> pixels: array<vec4u, DEPTH * POSITIONS>;
/// The sum of the pixels of each position, for the correction of project-limbs.wgsl.
var<workgroup> pixel_sums: array<atomic<u32>, POSITIONS>;

fn keep_pixels(d: u32, position: u32, block: u32) {
  var x = vec4u();
  if (block != NO_BLOCK) {
    x = examples[block];
  }
  pixels[d * POSITIONS + position] = x;
  atomicAdd(&pixel_sums[position], dot16(x, vec4u(0x01010101u)));
}

fn keep_deviates(d: u32, row: u32, a: vec4i, b: vec4i, c: vec4i, e: vec4i) {
  let limbs = limbs16(a, b, c, e);
  high[d * ROWS + row] = limbs.high;
  low[d * ROWS + row] = limbs.low;
}

/// The sums of four neighboring rows (the lanes) and ten positions, GROUPS apart, so that neighboring invocations read
/// neighboring vectors.
struct Sums {
  a0: vec4u,
  a1: vec4u,
  a2: vec4u,
  a3: vec4u,
  a4: vec4u,
  a5: vec4u,
  a6: vec4u,
  a7: vec4u,
  a8: vec4u,
  a9: vec4u,
}

/// Sixteen columns of four rows, in registers.
struct Rows {
  h0: vec4u,
  h1: vec4u,
  h2: vec4u,
  h3: vec4u,
  l0: vec4u,
  l1: vec4u,
  l2: vec4u,
  l3: vec4u,
}

fn products(r: Rows, x: vec4u) -> vec4u {
  let of_high = vec4u(dot16(r.h0, x), dot16(r.h1, x), dot16(r.h2, x), dot16(r.h3, x));
  let of_low = vec4u(dot16(r.l0, x), dot16(r.l1, x), dot16(r.l2, x), dot16(r.l3, x));
  return (of_high << vec4u(8u)) + of_low;
}

fn multiply(sums: ptr<function, Sums>, local: vec2u) {
  // Remainders, so that Dawn proves the indices in bounds and leaves its checks out.
  let x = local.x % GROUPS;
  let y = local.y % ROW_GROUPS;
  for (var d = 0u; d < DEPTH; d++) {
    let r = d * ROWS + 4u * y;
    let rows = Rows(high[r], high[r + 1u], high[r + 2u], high[r + 3u], low[r], low[r + 1u], low[r + 2u], low[r + 3u]);
    let p = d * POSITIONS + x;
    (*sums).a0 += products(rows, pixels[p]);
    (*sums).a1 += products(rows, pixels[p + GROUPS]);
    (*sums).a2 += products(rows, pixels[p + 2u * GROUPS]);
    (*sums).a3 += products(rows, pixels[p + 3u * GROUPS]);
    (*sums).a4 += products(rows, pixels[p + 4u * GROUPS]);
    (*sums).a5 += products(rows, pixels[p + 5u * GROUPS]);
    (*sums).a6 += products(rows, pixels[p + 6u * GROUPS]);
    (*sums).a7 += products(rows, pixels[p + 7u * GROUPS]);
    (*sums).a8 += products(rows, pixels[p + 8u * GROUPS]);
    (*sums).a9 += products(rows, pixels[p + 9u * GROUPS]);
  }
}

fn put_position(sums: vec4u, tile: Tile, position: u32, first_row: u32, row: u32) {
  let bias = vec4u(atomicLoad(&pixel_sums[position]) << 15u);
  finish(bitcast<vec4i>(sums - bias), tile, position, first_row, row);
}

fn put_sums(sums: ptr<function, Sums>, tile: Tile, local: vec2u, first_row: u32) {
  let row = 4u * local.y;
  let p = local.x;
  put_position((*sums).a0, tile, p, first_row, row);
  put_position((*sums).a1, tile, p + GROUPS, first_row, row);
  put_position((*sums).a2, tile, p + 2u * GROUPS, first_row, row);
  put_position((*sums).a3, tile, p + 3u * GROUPS, first_row, row);
  put_position((*sums).a4, tile, p + 4u * GROUPS, first_row, row);
  put_position((*sums).a5, tile, p + 5u * GROUPS, first_row, row);
  put_position((*sums).a6, tile, p + 6u * GROUPS, first_row, row);
  put_position((*sums).a7, tile, p + 7u * GROUPS, first_row, row);
  put_position((*sums).a8, tile, p + 8u * GROUPS, first_row, row);
  put_position((*sums).a9, tile, p + 9u * GROUPS, first_row, row);
}
