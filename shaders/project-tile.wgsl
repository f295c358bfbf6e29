// A tile of the exact projection: one workgroup multiplies a block of rows of one task's matrix with up to POSITIONS
// examples. Twin of assembly/projection.ts.
//
// A step makes the deviates of DEPTH key-stream blocks (16 columns each) of every row in workgroup memory and multiplies
// them with the examples' pixels; the next step overwrites them. The matrix is never stored. Blocks in which all examples
// of the tile are zero are skipped. Integer sums do not depend on their order, so no result depends on the tile's shape.
//
// A kernel includes one of tile-packed.wgsl and tile-wide.wgsl, two ways to multiply, or their twins for int16 examples,
// tile-packed-int16.wgsl and tile-wide-int16.wgsl. These declare ROWS_EACH and POSITIONS_EACH, the rows and positions of an
// invocation; BLOCK_VECTORS, the vectors of a block in `examples`; `Sums`, the sums of an invocation; `keep_pixels` and
// `keep_deviates`, which write workgroup memory; `multiply`, a step; and `put_sums`, which converts sums to values.
// put-f32.wgsl or put-f16.wgsl writes the values.

/// Invocations across positions and across rows: the workgroup is GROUPS x ROW_GROUPS.
override GROUPS: u32 = 10u;
override ROW_GROUPS: u32 = 25u;
/// Key-stream blocks of a step.
override DEPTH: u32 = 2u;
/// Capacity of the list of nonzero blocks, at least the blocks of a row; 0 to multiply all blocks.
override SKIP: u32 = 0u;

/// True if some tasks have the identity matrix, and if plan.offset is subtracted by way of the sums of rows. These are
/// constants because software devices run both sides of a branch that depends on a uniform.
override IDENTITY: bool = false;
override OFFSET: bool = false;

override ROWS: u32 = ROWS_EACH * ROW_GROUPS;
override POSITIONS: u32 = POSITIONS_EACH * GROUPS;
override THREADS: u32 = GROUPS * ROW_GROUPS;
/// Words of an example in `masks`: SKIP + 1 bits.
override MASK_WORDS: u32 = SKIP / 32u + 1u;

/// MASK_WORDS words an example: a bit for each block, 1 if some pixel of it is not zero. It is not read if SKIP is 0.
@group(0) @binding(7) var<storage, read> masks: array<u32>;

/// The place of each position's example in `images`.
var<workgroup> starts: array<u32, POSITIONS>;
var<workgroup> row_sums: array<atomic<i32>, ROWS>;
/// The blocks that are not zero in all examples, in order. The size is SKIP + 1, because an array must not be empty.
var<workgroup> used: array<u32, SKIP + 1u>;
var<workgroup> used_count: u32;
var<workgroup> used_mask: array<atomic<u32>, MASK_WORDS>;

/// Fills `used`. Returns the number of blocks to multiply, the same in all invocations.
fn find_used(index: u32, tile: Tile) -> u32 {
  if (SKIP == 0u) {
    return plan.blocks;
  }
  for (var i = index; i < tile.count * MASK_WORDS; i += THREADS) {
    let word = i % MASK_WORDS;
    atomicOr(&used_mask[word], masks[indices[tile.first + i / MASK_WORDS] * MASK_WORDS + word]);
  }
  workgroupBarrier();
  for (var block = index; block <= plan.blocks; block += THREADS) {
    // The number of nonzero blocks before this one. The last invocation finds the total.
    var before = 0u;
    for (var word = 0u; word < block / 32u; word++) {
      before += countOneBits(atomicLoad(&used_mask[word]));
    }
    let bits = atomicLoad(&used_mask[block / 32u]);
    before += countOneBits(extractBits(bits, 0u, block % 32u));
    if (block == plan.blocks) {
      used_count = before;
    } else if (extractBits(bits, block % 32u, 1u) != 0u) {
      used[before] = block;
    }
  }
  return workgroupUniformLoad(&used_count);
}

/// Returns block `number` of the blocks that are multiplied.
fn block_at(number: u32) -> u32 {
  if (SKIP == 0u) {
    return number;
  }
  return used[number];
}

/// The place of a block that does not exist.
const NO_BLOCK = 0xffffffffu;

/// Loads the pixels of blocks from number `first` on; zeros for positions and blocks that do not exist.
fn load_pixels(index: u32, count: u32, first: u32, blocks: u32) {
  for (var unit = index; unit < DEPTH * POSITIONS; unit += THREADS) {
    let position = unit % POSITIONS;
    let number = first + unit / POSITIONS;
    var at = NO_BLOCK;
    if (position < count && number < blocks) {
      at = starts[position] + BLOCK_VECTORS * block_at(number);
    }
    keep_pixels(unit / POSITIONS, position, at);
  }
}

/// Returns four entries of the identity matrix, from a column on.
fn diagonal4(row: u32, column: u32) -> vec4i {
  return select(vec4i(0), vec4i(1), vec4u(row) == vec4u(column) + vec4u(0u, 1u, 2u, 3u));
}

/// Makes the deviates of blocks from number `first` on. Rows and blocks that do not exist keep their old contents: they are
/// multiplied with zero pixels, or their sums are not written.
fn make_deviates(index: u32, tile: Tile, first_row: u32, first: u32, blocks: u32) {
  for (var unit = index; unit < DEPTH * ROWS; unit += THREADS) {
    let row = first_row + unit % ROWS;
    let number = first + unit / ROWS;
    if (row < plan.rows && number < blocks) {
      let block = block_at(number);
      var a: vec4i;
      var b: vec4i;
      var c: vec4i;
      var d: vec4i;
      if (IDENTITY && tile.identity != 0u) {
        a = diagonal4(row, 16u * block);
        b = diagonal4(row, 16u * block + 4u);
        c = diagonal4(row, 16u * block + 8u);
        d = diagonal4(row, 16u * block + 12u);
      } else {
        let words = chacha8(Stream(plan.seed, tile.task, 0u, 0u), row * plan.blocks + block);
        a = deviate4(words.a);
        b = deviate4(words.b);
        c = deviate4(words.c);
        d = deviate4(words.d);
      }
      keep_deviates(unit / ROWS, unit % ROWS, a, b, c, d);
      if (OFFSET) {
        atomicAdd(&row_sums[unit % ROWS], sum16(a, b, c, d, i32(plan.columns - 16u * block)));
      }
    }
  }
}

/// Writes the one-hots of this workgroup: part `turn` of the tile's, which plan.row_blocks workgroups share.
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
@compute @workgroup_size(GROUPS, ROW_GROUPS)
fn main(
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
) {
  let workgroup = id.y * workgroups.x + id.x;
  if (workgroup >= arrayLength(&tiles) * plan.row_blocks) {
    return;
  }
  let tile = tiles[workgroup / plan.row_blocks];
  let turn = workgroup % plan.row_blocks;
  let first_row = turn * ROWS;
  for (var i = index; i < 768u; i += THREADS) {
    keep_segment(i, table[i]);
  }
  for (var i = index; i < tile.count; i += THREADS) {
    starts[i] = indices[tile.first + i] * plan.blocks * BLOCK_VECTORS;
  }
  let blocks = find_used(index, tile);
  workgroupBarrier();

  var sums = Sums();
  for (var first = 0u; first < blocks; first += DEPTH) {
    load_pixels(index, tile.count, first, blocks);
    make_deviates(index, tile, first_row, first, blocks);
    workgroupBarrier();
    multiply(&sums, local.xy);
    workgroupBarrier();
  }
  put_sums(&sums, tile, local.xy, first_row);
  put_one_hots(index, tile, turn);
}
