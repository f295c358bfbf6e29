// The products of a tile in plain 32-bit integers, for devices with slow or emulated packed dot products; see
// project-tile.wgsl.

const ROWS_EACH = 8u;
const POSITIONS_EACH = 5u;
const BLOCK_VECTORS = 1u;

/// Four columns of row r in quarter q of block d are at (4 * d + q) * ROWS + r; pixels likewise, four in a word.
var<workgroup> deviates: array<vec4i, 4u * DEPTH * ROWS>;
var<workgroup> pixels: array<u32, 4u * DEPTH * POSITIONS>;

fn keep_pixels(d: u32, position: u32, block: u32) {
  var x = vec4u();
  if (block != NO_BLOCK) {
    x = examples[block];
  }
  let at = 4u * d * POSITIONS + position;
  pixels[at] = x.x;
  pixels[at + POSITIONS] = x.y;
  pixels[at + 2u * POSITIONS] = x.z;
  pixels[at + 3u * POSITIONS] = x.w;
}

fn keep_deviates(d: u32, row: u32, a: vec4i, b: vec4i, c: vec4i, e: vec4i) {
  let at = 4u * d * ROWS + row;
  deviates[at] = a;
  deviates[at + ROWS] = b;
  deviates[at + 2u * ROWS] = c;
  deviates[at + 3u * ROWS] = e;
}

/// The sums of eight neighboring rows (the lanes of a, then of b) and five positions, GROUPS apart.
struct Sums {
  a0: vec4i,
  a1: vec4i,
  a2: vec4i,
  a3: vec4i,
  a4: vec4i,
  b0: vec4i,
  b1: vec4i,
  b2: vec4i,
  b3: vec4i,
  b4: vec4i,
}

/// Four columns of four rows.
struct Rows {
  r0: vec4i,
  r1: vec4i,
  r2: vec4i,
  r3: vec4i,
}

fn bytes4(x: u32) -> vec4i {
  return bitcast<vec4i>(vec4u(x & 255u, (x >> 8u) & 255u, (x >> 16u) & 255u, x >> 24u));
}

fn dot4(a: vec4i, b: vec4i) -> i32 {
  return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
}

fn products(g: Rows, x: vec4i) -> vec4i {
  return vec4i(dot4(g.r0, x), dot4(g.r1, x), dot4(g.r2, x), dot4(g.r3, x));
}

fn multiply(sums: ptr<function, Sums>, local: vec2u) {
  // Remainders, so that Dawn proves the indices in bounds and leaves its checks out.
  let x = local.x % GROUPS;
  let y = local.y % ROW_GROUPS;
  for (var q = 0u; q < 4u * DEPTH; q++) {
    let r = q * ROWS + 8u * y;
    let a = Rows(deviates[r], deviates[r + 1u], deviates[r + 2u], deviates[r + 3u]);
    let b = Rows(deviates[r + 4u], deviates[r + 5u], deviates[r + 6u], deviates[r + 7u]);
    let p = q * POSITIONS + x;
    let x0 = bytes4(pixels[p]);
    (*sums).a0 += products(a, x0);
    (*sums).b0 += products(b, x0);
    let x1 = bytes4(pixels[p + GROUPS]);
    (*sums).a1 += products(a, x1);
    (*sums).b1 += products(b, x1);
    let x2 = bytes4(pixels[p + 2u * GROUPS]);
    (*sums).a2 += products(a, x2);
    (*sums).b2 += products(b, x2);
    let x3 = bytes4(pixels[p + 3u * GROUPS]);
    (*sums).a3 += products(a, x3);
    (*sums).b3 += products(b, x3);
    let x4 = bytes4(pixels[p + 4u * GROUPS]);
    (*sums).a4 += products(a, x4);
    (*sums).b4 += products(b, x4);
  }
}

fn put_sums(sums: ptr<function, Sums>, tile: Tile, local: vec2u, first_row: u32) {
  let row = 8u * local.y;
  let p = local.x;
  finish((*sums).a0, tile, p, first_row, row);
  finish((*sums).b0, tile, p, first_row, row + 4u);
  finish((*sums).a1, tile, p + GROUPS, first_row, row);
  finish((*sums).b1, tile, p + GROUPS, first_row, row + 4u);
  finish((*sums).a2, tile, p + 2u * GROUPS, first_row, row);
  finish((*sums).b2, tile, p + 2u * GROUPS, first_row, row + 4u);
  finish((*sums).a3, tile, p + 3u * GROUPS, first_row, row);
  finish((*sums).b3, tile, p + 3u * GROUPS, first_row, row + 4u);
  finish((*sums).a4, tile, p + 4u * GROUPS, first_row, row);
  finish((*sums).b4, tile, p + 4u * GROUPS, first_row, row + 4u);
}
