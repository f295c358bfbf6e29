// The products of a tile of int16 examples by packed dot products of bytes; see project-tile.wgsl.
//
// Deviates are g = 256 * high + low and values q = 256 * high + low + 128, all limbs signed bytes: |g| <= 22200, so its high
// limb is -87..87. The sum of g * (q - offset) is
//   65536 * sum(high * high) + 256 * sum(high * low + low * high) + sum(low * low) + (128 - offset) * sum(g).
// A block of 16 columns adds at most 16 * (87 * 128 + 128 * 128) = 440320 to the second sum, more than to the others, and
// 16 * 22200 to the last, so that all are exact in 32 bits for 4877 blocks.

const ROWS_EACH = 4u;
const POSITIONS_EACH = 5u;
const BLOCK_VECTORS = 2u;

/// The limbs of row r in block d are at d * ROWS + r, those of position p at d * POSITIONS + p.
var<workgroup> high: array<vec4u, DEPTH * ROWS>;
var<workgroup> low: array<vec4u, DEPTH * ROWS>;
var<workgroup> pixel_high: array<vec4u, DEPTH * POSITIONS>;
var<workgroup> pixel_low: array<vec4u, DEPTH * POSITIONS>;
/// The sum of the deviates of each row, padding included: values are plan.offset there.
var<workgroup> deviate_sums: array<atomic<i32>, ROWS>;

/// Returns the sum of sixteen products of signed bytes.
fn dot16(a: vec4u, b: vec4u) -> i32 {
  return dot4I8Packed(a.x, b.x) + dot4I8Packed(a.y, b.y) + dot4I8Packed(a.z, b.z) + dot4I8Packed(a.w, b.w);
}

/// Returns the lower bytes of eight values, in order.
fn low_bytes(x: vec4u) -> vec2u {
  let a = (x & vec4u(0xffu)) | ((x >> vec4u(8u)) & vec4u(0xff00u));
  return a.xz | (a.yw << vec2u(16u));
}

/// Returns the upper bytes of eight values, in order.
fn high_bytes(x: vec4u) -> vec2u {
  return low_bytes(x >> vec4u(8u));
}

fn keep_pixels(d: u32, position: u32, block: u32) {
  var h = vec4u();
  var l = vec4u();
  if (block != NO_BLOCK) {
    let x = examples[block];
    let y = examples[block + 1u];
    h = vec4u(high_bytes(x), high_bytes(y));
    l = vec4u(low_bytes(x), low_bytes(y)) ^ vec4u(0x80808080u);
  }
  pixel_high[d * POSITIONS + position] = h;
  pixel_low[d * POSITIONS + position] = l;
}

fn keep_deviates(d: u32, row: u32, a: vec4i, b: vec4i, c: vec4i, e: vec4i) {
  let at = d * ROWS + row;
  low[at] = vec4u(pack4(low_limb(a)), pack4(low_limb(b)), pack4(low_limb(c)), pack4(low_limb(e)));
  high[at] = vec4u(pack4(high_limb(a)), pack4(high_limb(b)), pack4(high_limb(c)), pack4(high_limb(e)));
  let sums = a + b + c + e;
  atomicAdd(&deviate_sums[row], sums.x + sums.y + sums.z + sums.w);
}

/// The three sums of four neighboring rows.
struct Part {
  high: vec4i,
  middle: vec4i,
  low: vec4i,
}

/// The sums of four neighboring rows and five positions, GROUPS apart.
struct Sums {
  a0: Part,
  a1: Part,
  a2: Part,
  a3: Part,
  a4: Part,
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

fn multiplied(sum: Part, r: Rows, h: vec4u, l: vec4u) -> Part {
  return Part(
    sum.high + vec4i(dot16(r.h0, h), dot16(r.h1, h), dot16(r.h2, h), dot16(r.h3, h)),
    sum.middle + vec4i(
      dot16(r.h0, l) + dot16(r.l0, h),
      dot16(r.h1, l) + dot16(r.l1, h),
      dot16(r.h2, l) + dot16(r.l2, h),
      dot16(r.h3, l) + dot16(r.l3, h),
    ),
    sum.low + vec4i(dot16(r.l0, l), dot16(r.l1, l), dot16(r.l2, l), dot16(r.l3, l)),
  );
}

fn multiply(sums: ptr<function, Sums>, local: vec2u) {
  // Remainders, so that Dawn proves the indices in bounds and leaves its checks out.
  let x = local.x % GROUPS;
  let y = local.y % ROW_GROUPS;
  for (var d = 0u; d < DEPTH; d++) {
    let r = d * ROWS + 4u * y;
    let rows = Rows(high[r], high[r + 1u], high[r + 2u], high[r + 3u], low[r], low[r + 1u], low[r + 2u], low[r + 3u]);
    let p = d * POSITIONS + x;
    (*sums).a0 = multiplied((*sums).a0, rows, pixel_high[p], pixel_low[p]);
    (*sums).a1 = multiplied((*sums).a1, rows, pixel_high[p + GROUPS], pixel_low[p + GROUPS]);
    (*sums).a2 = multiplied((*sums).a2, rows, pixel_high[p + 2u * GROUPS], pixel_low[p + 2u * GROUPS]);
    (*sums).a3 = multiplied((*sums).a3, rows, pixel_high[p + 3u * GROUPS], pixel_low[p + 3u * GROUPS]);
    (*sums).a4 = multiplied((*sums).a4, rows, pixel_high[p + 4u * GROUPS], pixel_low[p + 4u * GROUPS]);
  }
}

fn whole(high_sum: i32, middle: i32, low_sum: i32, deviates: i32) -> Wide {
  let outer = wide_sum(wide_shifted(high_sum, 16u), wide_shifted(middle, 8u));
  return wide_sum(wide_sum(outer, wide_of(low_sum)), wide_product(deviates, 128 - plan.offset));
}

fn put_part(sum: Part, tile: Tile, position: u32, first_row: u32, row: u32) {
  finish_wide(
    whole(sum.high.x, sum.middle.x, sum.low.x, atomicLoad(&deviate_sums[row])),
    whole(sum.high.y, sum.middle.y, sum.low.y, atomicLoad(&deviate_sums[row + 1u])),
    whole(sum.high.z, sum.middle.z, sum.low.z, atomicLoad(&deviate_sums[row + 2u])),
    whole(sum.high.w, sum.middle.w, sum.low.w, atomicLoad(&deviate_sums[row + 3u])),
    tile,
    position,
    first_row,
    row,
  );
}

fn put_sums(sums: ptr<function, Sums>, tile: Tile, local: vec2u, first_row: u32) {
  let row = 4u * local.y;
  let p = local.x;
  put_part((*sums).a0, tile, p, first_row, row);
  put_part((*sums).a1, tile, p + GROUPS, first_row, row);
  put_part((*sums).a2, tile, p + 2u * GROUPS, first_row, row);
  put_part((*sums).a3, tile, p + 3u * GROUPS, first_row, row);
  put_part((*sums).a4, tile, p + 4u * GROUPS, first_row, row);
}
