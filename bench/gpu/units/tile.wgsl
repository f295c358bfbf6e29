// A tile of the exact projection whose products run on matrix units. Twin of shaders/project-tile.wgsl, with the same
// bindings and the same results. The operands have another layout in workgroup memory, and the sums go through it.
//
// Pixels of the examples and limbs of the deviates are rows of STRIDE vectors. STRIDE is odd, so that the vectors of
// neighboring rows at the same place are in different banks. Matrices are loaded from there. After all products their sums
// are stored there.
//
// shader.mjs writes the constants before this file, and `fill` and the entry point after it, for each shape: WGSL has
// matrices of constant sizes only, and a variable for each matrix needs no index.

@group(0) @binding(6) var<storage, read_write> out: array<f32>;

/// The rows of the tile's limbs, then of its pixels, STRIDE vectors each. A buffer has all of them once.
const HIGH = 0u;
const LOW = ROWS * STRIDE;
const PIXELS = 2u * ROWS * STRIDE;
const BUFFER = (2u * ROWS + POSITIONS) * STRIDE;

/// Sums are stored in turns, one matrix of positions of each subgroup: SLOTS columns of ROWS sums of high limbs, then of low
/// limbs. A column has one more vector than its sums, so that columns begin in different banks.
const SLOTS = N * POSITION_WARPS;
const COLUMN = ROWS / 4u + 1u;
const LOW_SUMS = SLOTS * COLUMN;

/// Invocations that examine neighboring blocks of the same positions.
const LISTERS = 32u;

var<workgroup> memory: array<vec4u, max(BUFFERS * BUFFER, 2u * LOW_SUMS)>;
var<workgroup> starts: array<u32, POSITIONS>;
var<workgroup> pixel_sums: array<atomic<u32>, POSITIONS>;
var<workgroup> row_sums: array<atomic<i32>, ROWS>;
/// Bits of the key-stream blocks that are multiplied; then the numbers of these blocks, and their count.
var<workgroup> used: array<atomic<u32>, (BLOCKS + 31u) / 32u>;
var<workgroup> list: array<u32, BLOCKS>;
var<workgroup> listed: u32;

/// Copies the table, finds the examples, and lists the blocks: with SKIP only blocks that are nonzero in some example, unless
/// the sums of whole rows are needed.
fn prepare(index: u32, tile: Tile) {
  for (var i = index; i < 768u; i += THREADS) {
    keep_segment(i, table[i]);
  }
  for (var i = index; i < tile.count; i += THREADS) {
    starts[i] = indices[tile.first + i] * BLOCKS;
  }
  workgroupBarrier();
  for (var block = index % LISTERS; block < BLOCKS; block += LISTERS) {
    var any_pixel = vec4u(1u);
    if (SKIP && plan.offset == 0) {
      any_pixel = vec4u();
      for (var position = index / LISTERS; position < tile.count; position += THREADS / LISTERS) {
        any_pixel |= examples[starts[position] + block];
      }
    }
    if (any(any_pixel != vec4u())) {
      atomicOr(&used[block / 32u], 1u << (block % 32u));
    }
  }
  workgroupBarrier();
  for (var block = index; block < BLOCKS; block += THREADS) {
    let word = block / 32u;
    let bits = atomicLoad(&used[word]);
    let bit = 1u << (block % 32u);
    var place = countOneBits(bits & (bit - 1u));
    for (var before = 0u; before < word; before++) {
      place += countOneBits(atomicLoad(&used[before]));
    }
    if ((bits & bit) != 0u) {
      list[place] = block;
    }
    if (block == BLOCKS - 1u) {
      listed = place + select(0u, 1u, (bits & bit) != 0u);
    }
  }
}

/// Returns vector `unit` of the pixels of the listed blocks from `first` on; zeros if there is none. Neighboring invocations
/// read neighboring blocks.
fn read_pixels(unit: u32, count: u32, first: u32, blocks: u32) -> vec4u {
  let position = unit / DEPTH;
  let place = first + unit % DEPTH;
  var x = vec4u();
  if (position < count && place < blocks) {
    x = examples[starts[position] + list[place]];
  }
  return x;
}

fn keep_pixels(unit: u32, buffer: u32, x: vec4u) {
  if (unit < DEPTH * POSITIONS) {
    let position = unit / DEPTH;
    let sum = dot16(x, vec4u(0x01010101u));
    if (sum != 0u) {
      atomicAdd(&pixel_sums[position], sum);
    }
    memory[buffer + PIXELS + position * STRIDE + unit % DEPTH] = x;
  }
}

fn diagonal4(row: u32, column: u32) -> vec4i {
  return select(vec4i(0), vec4i(1), vec4u(row) == vec4u(column) + vec4u(0u, 1u, 2u, 3u));
}

/// Makes the limbs of the listed blocks from `first` on. Rows and blocks that do not exist keep their old contents: they are
/// multiplied with zero pixels, or their sums are not written.
fn make_deviates(index: u32, tile: Tile, first_row: u32, first: u32, blocks: u32, buffer: u32) {
  for (var unit = index; unit < DEPTH * ROWS; unit += THREADS) {
    let row = first_row + unit % ROWS;
    let d = unit / ROWS;
    if (row < plan.rows && first + d < blocks) {
      let block = list[first + d];
      var a: vec4i;
      var b: vec4i;
      var c: vec4i;
      var e: vec4i;
      if (tile.identity != 0u) {
        a = diagonal4(row, 16u * block);
        b = diagonal4(row, 16u * block + 4u);
        c = diagonal4(row, 16u * block + 8u);
        e = diagonal4(row, 16u * block + 12u);
      } else {
        let words = chacha8(Stream(plan.seed, tile.task, 0u, 0u), row * BLOCKS + block);
        a = deviate4(words.a);
        b = deviate4(words.b);
        c = deviate4(words.c);
        e = deviate4(words.d);
      }
      let limbs = limbs16(a, b, c, e);
      let at = buffer + unit % ROWS * STRIDE + d;
      memory[at + HIGH] = limbs.high;
      memory[at + LOW] = limbs.low;
      if (plan.offset != 0) {
        atomicAdd(&row_sums[unit % ROWS], sum16(a, b, c, e, i32(plan.columns - 16u * block)));
      }
    }
  }
}

/// Returns a word of `memory`.
fn stored(vectors: u32, word: u32) -> u32 {
  return memory[vectors + word / 4u][word % 4u];
}

/// Converts the stored sums, of matrix `turn` of each subgroup's positions, to values. Neighboring invocations write
/// neighboring rows.
fn write_sums(index: u32, tile: Tile, first_row: u32, turn: u32) {
  let scale = select(plan.scale, plan.identity_scale, tile.identity != 0u);
  for (var i = index; i < SLOTS * ROWS; i += THREADS) {
    let r = i % ROWS;
    let slot = i / ROWS;
    let position = (slot / N * POSITION_MATRICES + turn) * N + slot % N;
    if (position < tile.count && first_row + r < plan.rows) {
      let products = (stored(slot * COLUMN, r) << 8u) + stored(LOW_SUMS + slot * COLUMN, r);
      let bias = atomicLoad(&pixel_sums[position]) << 15u;
      let offset = bitcast<u32>(atomicLoad(&row_sums[r]) * plan.offset);
      out[(tile.output + position) * plan.width + first_row + r] = f32(bitcast<i32>(products - bias - offset)) * scale;
    }
  }
}

/// Writes this workgroup's part of the tile's one-hots.
fn put_one_hots(index: u32, tile: Tile, turn: u32) {
  let cells = tile.count * plan.cells;
  for (var cell = turn * THREADS + index; cell < cells; cell += plan.row_blocks * THREADS) {
    let position = cell / plan.cells;
    let label = cell % plan.cells;
    let hot = given[tile.first + position] == label;
    out[(tile.output + position) * plan.width + plan.rows + label] = select(0.0, 1.0, hot);
  }
}
