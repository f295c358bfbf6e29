// The stages of the fused kernel (shaders/project-tile.wgsl), one at a time: the same workgroups, tiles and order of work,
// over all key-stream blocks (SKIP is 0), without the other stages. Each invocation writes one word that depends on all of
// its work, so that a compiler cannot remove any of it and the host can check it.
//
// stages-packed.wgsl and stages-wide.wgsl combine this file with a way to multiply. They have `kept_deviates`, a block of a
// row in the form of workgroup memory; `fill_tile`, for artificial tiles; `change_pixels`; and `fold_sums`.

/// [workgroups, THREADS]
@group(0) @binding(8) var<storage, read_write> left: array<u32>;

/// ChaCha8 blocks alone.
@compute @workgroup_size(GROUPS, ROW_GROUPS)
fn words_stage(
  @builtin(local_invocation_index) index: u32,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
) {
  let number = workgroup.y * workgroups.x + workgroup.x;
  if (number >= arrayLength(&tiles) * plan.row_blocks) {
    return;
  }
  let task = tiles[number / plan.row_blocks].task;
  let first_row = number % plan.row_blocks * ROWS;
  var sum = vec4u();
  for (var block = 0u; block < plan.blocks; block += DEPTH) {
    for (var unit = index; unit < DEPTH * ROWS; unit += THREADS) {
      let row = first_row + unit % ROWS;
      let of_block = block + unit / ROWS;
      if (row < plan.rows && of_block < plan.blocks) {
        let made = chacha8(Stream(plan.seed, task, 0u, 0u), row * plan.blocks + of_block);
        sum ^= made.a ^ made.b ^ made.c ^ made.d;
      }
    }
  }
  left[number * THREADS + index] = fold(sum);
}

/// Deviates alone. Their words cost one multiplication and one addition each.
@compute @workgroup_size(GROUPS, ROW_GROUPS)
fn deviates_stage(
  @builtin(local_invocation_index) index: u32,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
) {
  let number = workgroup.y * workgroups.x + workgroup.x;
  if (number >= arrayLength(&tiles) * plan.row_blocks) {
    return;
  }
  let first_row = number % plan.row_blocks * ROWS;
  for (var i = index; i < 768u; i += THREADS) {
    keep_segment(i, table[i]);
  }
  workgroupBarrier();
  var word = hash4(number * THREADS + index);
  var sum = vec4u();
  for (var block = 0u; block < plan.blocks; block += DEPTH) {
    for (var unit = index; unit < DEPTH * ROWS; unit += THREADS) {
      if (first_row + unit % ROWS < plan.rows && block + unit / ROWS < plan.blocks) {
        let b = word * 747796405u + 2891336453u;
        let c = b * 747796405u + 2891336453u;
        let d = c * 747796405u + 2891336453u;
        sum ^= bitcast<vec4u>(deviate4(word) ^ deviate4(b) ^ deviate4(c) ^ deviate4(d));
        word = d * 747796405u + 2891336453u;
      }
    }
  }
  left[number * THREADS + index] = fold(sum);
}

/// Tiles alone: words, deviates, their packing and storing, and the barriers.
@compute @workgroup_size(GROUPS, ROW_GROUPS)
fn making_stage(
  @builtin(local_invocation_index) index: u32,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
) {
  let number = workgroup.y * workgroups.x + workgroup.x;
  if (number >= arrayLength(&tiles) * plan.row_blocks) {
    return;
  }
  let tile = tiles[number / plan.row_blocks];
  let first_row = number % plan.row_blocks * ROWS;
  for (var i = index; i < 768u; i += THREADS) {
    keep_segment(i, table[i]);
  }
  workgroupBarrier();
  var sum = vec4u();
  for (var block = 0u; block < plan.blocks; block += DEPTH) {
    make_deviates(index, tile, first_row, block, plan.blocks);
    workgroupBarrier();
    // A word of another invocation: its own one would not have to go through workgroup memory.
    for (var unit = index; unit < DEPTH * ROWS; unit += THREADS) {
      let other = DEPTH * ROWS - 1u - unit;
      if (block + other / ROWS < plan.blocks) {
        sum ^= kept_deviates(other / ROWS, other % ROWS);
      }
    }
    workgroupBarrier();
  }
  left[number * THREADS + index] = fold(sum);
}

/// Products alone, of a tile that is prepared once. Some pixels change between two steps; otherwise a compiler could remove
/// all steps but one.
@compute @workgroup_size(GROUPS, ROW_GROUPS)
fn multiply_stage(
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
) {
  let number = workgroup.y * workgroups.x + workgroup.x;
  if (number >= arrayLength(&tiles) * plan.row_blocks) {
    return;
  }
  fill_tile(index, number);
  workgroupBarrier();
  var sums = Sums();
  for (var block = 0u; block < plan.blocks; block += DEPTH) {
    change_pixels(index, block);
    workgroupBarrier();
    multiply(&sums, local.xy);
    workgroupBarrier();
  }
  left[number * THREADS + index] = fold_sums(&sums);
}

/// Conversion, scaling, one-hots and stores of artificial sums.
@compute @workgroup_size(GROUPS, ROW_GROUPS)
fn epilogue_stage(
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
) {
  let number = workgroup.y * workgroups.x + workgroup.x;
  if (number >= arrayLength(&tiles) * plan.row_blocks) {
    return;
  }
  let tile = tiles[number / plan.row_blocks];
  let turn = number % plan.row_blocks;
  let first_row = turn * ROWS;
  for (var k = 0u; k < POSITIONS_EACH; k++) {
    let position = local.x + k * GROUPS;
    for (var r = 0u; r < ROWS_EACH; r += 4u) {
      let row = ROWS_EACH * local.y + r;
      let made_up = hash4((tile.output + position) * plan.rows + first_row + row);
      finish(bitcast<vec4i>(made_up), tile, position, first_row, row);
    }
  }
  put_one_hots(index, tile, turn);
}
