// A tile of the exact projection: a block of rows of one task's matrix times up to POSITIONS examples, in one workgroup.
// Twin of assembly/projection.ts.
//
// The deviates of DEPTH key-stream blocks (16 columns each) of every row are made in workgroup memory, multiplied at
// once with the examples' pixels, and forgotten: the matrix is never stored. Integer sums do not depend on their order,
// so no result depends on the tile's shape.
//
// The including shader declares the output and `put`, `put_one` and `put_zero`.

/// Invocations side by side across positions and across rows; the workgroup is GROUPS x ROW_GROUPS.
override GROUPS: u32 = 10u;
override ROW_GROUPS: u32 = 25u;
/// Key-stream blocks made at a time.
override DEPTH: u32 = 2u;

/// An invocation sums 4 neighbouring rows (the lanes of its accumulators) of 10 positions (named a0 to a9).
override ROWS: u32 = 4u * ROW_GROUPS;
override POSITIONS: u32 = 10u * GROUPS;
override THREADS: u32 = GROUPS * ROW_GROUPS;

struct Plan {
  seed: vec2u,
  /// Inputs of the matrix, and its key-stream blocks a row: ceil(columns / 16).
  columns: u32,
  blocks: u32,
  rows: u32,
  /// Values a position has in the output: rows + cells.
  width: u32,
  /// Cells of the one-hot; 0 for none.
  cells: u32,
  /// Workgroups that share a tile's positions: ceil(rows / ROWS).
  row_blocks: u32,
  /// Grey level taken off every pixel.
  offset: i32,
  scale: f32,
  identity_scale: f32,
}

/// Positions of one task: `count` (1 to POSITIONS) entries of `indices` from `first` on, and where they are written.
struct Tile {
  /// The task of the matrix; or, if `identity` is not zero, ones on the diagonal and zeros elsewhere.
  task: u32,
  identity: u32,
  first: u32,
  count: u32,
  output: u32,
}

@group(0) @binding(0) var<uniform> plan: Plan;
@group(0) @binding(1) var<storage, read> table: array<u32>;
/// plan.blocks vectors an example: 16 pixels each, four in a word, zero behind the last column.
@group(0) @binding(2) var<storage, read> examples: array<vec4u>;
@group(0) @binding(3) var<storage, read> tiles: array<Tile>;
@group(0) @binding(4) var<storage, read> indices: array<u32>;
/// The label a position is given, 0xffffffff for none. Not read without one-hots.
@group(0) @binding(5) var<storage, read> given: array<u32>;

var<workgroup> normal_table: array<u32, 768>;
/// Limbs of row r in block d of the step at d * ROWS + r; pixels of position p at d * POSITIONS + p.
var<workgroup> high: array<vec4u, DEPTH * ROWS>;
var<workgroup> low: array<vec4u, DEPTH * ROWS>;
var<workgroup> pixels: array<vec4u, DEPTH * POSITIONS>;
/// Where each position's example begins.
var<workgroup> starts: array<u32, POSITIONS>;
var<workgroup> pixel_sums: array<atomic<u32>, POSITIONS>;
var<workgroup> row_sums: array<atomic<i32>, ROWS>;

/// Fills `pixels` for the blocks from `block` on; positions and blocks that do not exist are zero.
fn load_pixels(index: u32, count: u32, block: u32) {
  for (var unit = index; unit < DEPTH * POSITIONS; unit += THREADS) {
    let position = unit % POSITIONS;
    let from_block = block + unit / POSITIONS;
    var x = vec4u();
    if (position < count && from_block < plan.blocks) {
      x = examples[starts[position] + from_block];
      atomicAdd(&pixel_sums[position], dot16(x, vec4u(0x01010101u)));
    }
    pixels[unit] = x;
  }
}

/// Four entries of the identity matrix, from a column on.
fn diagonal4(row: u32, column: u32) -> vec4i {
  return select(vec4i(0), vec4i(1), vec4u(row) == vec4u(column) + vec4u(0u, 1u, 2u, 3u));
}

/// Fills `high` and `low` for the blocks from `block` on. What does not exist may stay as it is: it is multiplied by
/// zero pixels or not written.
fn make_deviates(index: u32, tile: Tile, first_row: u32, block: u32) {
  for (var unit = index; unit < DEPTH * ROWS; unit += THREADS) {
    let row = first_row + unit % ROWS;
    let of_block = block + unit / ROWS;
    if (row < plan.rows && of_block < plan.blocks) {
      var a: vec4i;
      var b: vec4i;
      var c: vec4i;
      var d: vec4i;
      if (tile.identity != 0u) {
        a = diagonal4(row, 16u * of_block);
        b = diagonal4(row, 16u * of_block + 4u);
        c = diagonal4(row, 16u * of_block + 8u);
        d = diagonal4(row, 16u * of_block + 12u);
      } else {
        let words = chacha8(Stream(plan.seed, tile.task, 0u, 0u), row * plan.blocks + of_block);
        a = deviate4(words.a);
        b = deviate4(words.b);
        c = deviate4(words.c);
        d = deviate4(words.d);
      }
      let limbs = limbs16(a, b, c, d);
      high[unit] = limbs.high;
      low[unit] = limbs.low;
      if (plan.offset != 0) {
        atomicAdd(&row_sums[unit % ROWS], sum16(a, b, c, d, i32(plan.columns - 16u * of_block)));
      }
    }
  }
}

/// Sixteen columns of four rows, as an invocation keeps them in registers.
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

/// Turns an accumulator into the values of rows `row` to `row + 3` at a position of the tile, and writes them.
fn finish(sums: vec4u, tile: Tile, position: u32, row: u32, offsets: vec4u) {
  if (position < tile.count) {
    let scale = select(plan.scale, plan.identity_scale, tile.identity != 0u);
    let bias = vec4u(atomicLoad(&pixel_sums[position]) << 15u);
    put(tile.output + position, row, vec4f(bitcast<vec4i>(sums - bias - offsets)) * scale);
  }
}

/// The part of the tile's one-hots that falls to this workgroup: `turn` of plan.row_blocks.
fn put_one_hots(index: u32, tile: Tile, turn: u32) {
  let cells = tile.count * plan.cells;
  for (var cell = turn * THREADS + index; cell < cells; cell += plan.row_blocks * THREADS) {
    let position = cell / plan.cells;
    let label = cell % plan.cells;
    let at = (tile.output + position) * plan.width + plan.rows + label;
    if (given[tile.first + position] == label) {
      put_one(at);
    } else {
      put_zero(at);
    }
  }
}

/// `local` is (position group, row group), `index` their number, `workgroup` counts row blocks, then tiles.
fn project_tile(local: vec2u, index: u32, workgroup: u32) {
  if (workgroup >= arrayLength(&tiles) * plan.row_blocks) {
    return;
  }
  let tile = tiles[workgroup / plan.row_blocks];
  let turn = workgroup % plan.row_blocks;
  let first_row = turn * ROWS;
  for (var i = index; i < 768u; i += THREADS) {
    normal_table[i] = table[i];
  }
  for (var i = index; i < tile.count; i += THREADS) {
    starts[i] = indices[tile.first + i] * plan.blocks;
  }
  workgroupBarrier();

  var a0 = vec4u();
  var a1 = vec4u();
  var a2 = vec4u();
  var a3 = vec4u();
  var a4 = vec4u();
  var a5 = vec4u();
  var a6 = vec4u();
  var a7 = vec4u();
  var a8 = vec4u();
  var a9 = vec4u();
  for (var block = 0u; block < plan.blocks; block += DEPTH) {
    load_pixels(index, tile.count, block);
    make_deviates(index, tile, first_row, block);
    workgroupBarrier();
    for (var d = 0u; d < DEPTH; d++) {
      let r = d * ROWS + 4u * local.y;
      let rows = Rows(high[r], high[r + 1u], high[r + 2u], high[r + 3u], low[r], low[r + 1u], low[r + 2u], low[r + 3u]);
      // The positions of an invocation are GROUPS apart, so that neighbours read neighbouring vectors.
      let p = d * POSITIONS + local.x;
      a0 += products(rows, pixels[p]);
      a1 += products(rows, pixels[p + GROUPS]);
      a2 += products(rows, pixels[p + 2u * GROUPS]);
      a3 += products(rows, pixels[p + 3u * GROUPS]);
      a4 += products(rows, pixels[p + 4u * GROUPS]);
      a5 += products(rows, pixels[p + 5u * GROUPS]);
      a6 += products(rows, pixels[p + 6u * GROUPS]);
      a7 += products(rows, pixels[p + 7u * GROUPS]);
      a8 += products(rows, pixels[p + 8u * GROUPS]);
      a9 += products(rows, pixels[p + 9u * GROUPS]);
    }
    workgroupBarrier();
  }

  let r = 4u * local.y;
  let row = first_row + r;
  if (row < plan.rows) {
    let row_sum = vec4i(
      atomicLoad(&row_sums[r]),
      atomicLoad(&row_sums[r + 1u]),
      atomicLoad(&row_sums[r + 2u]),
      atomicLoad(&row_sums[r + 3u]),
    );
    let offsets = bitcast<vec4u>(row_sum * plan.offset);
    let p = local.x;
    finish(a0, tile, p, row, offsets);
    finish(a1, tile, p + GROUPS, row, offsets);
    finish(a2, tile, p + 2u * GROUPS, row, offsets);
    finish(a3, tile, p + 3u * GROUPS, row, offsets);
    finish(a4, tile, p + 4u * GROUPS, row, offsets);
    finish(a5, tile, p + 5u * GROUPS, row, offsets);
    finish(a6, tile, p + 6u * GROUPS, row, offsets);
    finish(a7, tile, p + 7u * GROUPS, row, offsets);
    finish(a8, tile, p + 8u * GROUPS, row, offsets);
    finish(a9, tile, p + 9u * GROUPS, row, offsets);
  }
  put_one_hots(index, tile, turn);
}
