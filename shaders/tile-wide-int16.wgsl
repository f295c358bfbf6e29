// The products of a tile of int16 examples in plain 32-bit integers; see project-tile.wgsl.
//
// int16-parts.wgsl has the sums.

const ROWS_EACH = 8u;
const POSITIONS_EACH = 4u;
const BLOCK_VECTORS = 2u;

/// Four columns of row r in quarter q of block d are at (4 * d + q) * ROWS + r; values likewise, two in a word.
var<workgroup> deviates: array<vec4i, 4u * DEPTH * ROWS>;
var<workgroup> pixels: array<vec2u, 4u * DEPTH * POSITIONS>;

fn keep_pixels(d: u32, position: u32, block: u32) {
  // Values that are 0 after the offset is subtracted.
  let none = (bitcast<u32>(plan.offset) & 0xffffu) * 0x10001u;
  var x = vec4u(none);
  var y = vec4u(none);
  if (block != NO_BLOCK) {
    x = examples[block];
    y = examples[block + 1u];
  }
  let at = 4u * d * POSITIONS + position;
  pixels[at] = x.xy;
  pixels[at + POSITIONS] = x.zw;
  pixels[at + 2u * POSITIONS] = y.xy;
  pixels[at + 3u * POSITIONS] = y.zw;
}

fn keep_deviates(d: u32, row: u32, a: vec4i, b: vec4i, c: vec4i, e: vec4i) {
  let at = 4u * d * ROWS + row;
  deviates[at] = a;
  deviates[at + ROWS] = b;
  deviates[at + 2u * ROWS] = c;
  deviates[at + 3u * ROWS] = e;
}

/// The sums of eight neighboring rows (those of a, then of b) and four positions, GROUPS apart.
struct Sums {
  a0: Part,
  a1: Part,
  a2: Part,
  a3: Part,
  b0: Part,
  b1: Part,
  b2: Part,
  b3: Part,
  steps: u32,
}

fn values4(x: vec2u) -> vec4i {
  let words = bitcast<vec4i>(vec4u(x.x << 16u, x.x, x.y << 16u, x.y)) >> vec4u(16u);
  return select(words, words - vec4i(plan.offset), CENTERED);
}

fn multiply(sums: ptr<function, Sums>, local: vec2u) {
  // Remainders, so that Dawn proves the indices in bounds and leaves its checks out.
  let x = local.x % GROUPS;
  let y = local.y % ROW_GROUPS;
  for (var q = 0u; q < 4u * DEPTH; q++) {
    let r = q * ROWS + 8u * y;
    let a = columns_of(deviates[r], deviates[r + 1u], deviates[r + 2u], deviates[r + 3u]);
    let b = columns_of(deviates[r + 4u], deviates[r + 5u], deviates[r + 6u], deviates[r + 7u]);
    let p = q * POSITIONS + x;
    let x0 = values4(pixels[p]);
    (*sums).a0 = multiplied((*sums).a0, a, x0);
    (*sums).b0 = multiplied((*sums).b0, b, x0);
    let x1 = values4(pixels[p + GROUPS]);
    (*sums).a1 = multiplied((*sums).a1, a, x1);
    (*sums).b1 = multiplied((*sums).b1, b, x1);
    let x2 = values4(pixels[p + 2u * GROUPS]);
    (*sums).a2 = multiplied((*sums).a2, a, x2);
    (*sums).b2 = multiplied((*sums).b2, b, x2);
    let x3 = values4(pixels[p + 3u * GROUPS]);
    (*sums).a3 = multiplied((*sums).a3, a, x3);
    (*sums).b3 = multiplied((*sums).b3, b, x3);
  }
  if (CARRY > 0u) {
    (*sums).steps += 1u;
    if ((*sums).steps == CARRY) {
      (*sums).steps = 0u;
      (*sums).a0 = carried((*sums).a0);
      (*sums).a1 = carried((*sums).a1);
      (*sums).a2 = carried((*sums).a2);
      (*sums).a3 = carried((*sums).a3);
      (*sums).b0 = carried((*sums).b0);
      (*sums).b1 = carried((*sums).b1);
      (*sums).b2 = carried((*sums).b2);
      (*sums).b3 = carried((*sums).b3);
    }
  }
}

fn put_part(sum: Part, tile: Tile, position: u32, first_row: u32, row: u32) {
  finish_wide(
    wide_from_parts(sum.low.x, sum.high.x, SHIFT),
    wide_from_parts(sum.low.y, sum.high.y, SHIFT),
    wide_from_parts(sum.low.z, sum.high.z, SHIFT),
    wide_from_parts(sum.low.w, sum.high.w, SHIFT),
    tile,
    position,
    first_row,
    row,
  );
}

fn put_sums(sums: ptr<function, Sums>, tile: Tile, local: vec2u, first_row: u32) {
  let row = 8u * local.y;
  let p = local.x;
  put_part((*sums).a0, tile, p, first_row, row);
  put_part((*sums).b0, tile, p, first_row, row + 4u);
  put_part((*sums).a1, tile, p + GROUPS, first_row, row);
  put_part((*sums).b1, tile, p + GROUPS, first_row, row + 4u);
  put_part((*sums).a2, tile, p + 2u * GROUPS, first_row, row);
  put_part((*sums).b2, tile, p + 2u * GROUPS, first_row, row + 4u);
  put_part((*sums).a3, tile, p + 3u * GROUPS, first_row, row);
  put_part((*sums).b3, tile, p + 3u * GROUPS, first_row, row + 4u);
}
