//! uses project hash
// The stages of the fused kernel (shaders/project-tile.wgsl) one at a time: the same workgroups, tiles and order of work,
// with what belongs to other stages left out. Each invocation leaves one word made of all that it computed, so that no
// compiler can leave any of it out, and so that the host can check it.

/// [workgroups, THREADS]
@group(0) @binding(7) var<storage, read_write> sums: array<u32>;

/// ChaCha8 blocks alone.
@compute @workgroup_size(GROUPS, ROW_GROUPS)
fn words(
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
  sums[number * THREADS + index] = fold(sum);
}

/// Deviates of words that cost one multiplication and one addition each.
@compute @workgroup_size(GROUPS, ROW_GROUPS)
fn deviates(
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
    normal_table[i] = table[i];
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
  sums[number * THREADS + index] = fold(sum);
}

/// Tiles: words, deviates, limbs, and the barriers around them.
@compute @workgroup_size(GROUPS, ROW_GROUPS)
fn making(
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
    normal_table[i] = table[i];
  }
  workgroupBarrier();
  var sum = vec4u();
  for (var block = 0u; block < plan.blocks; block += DEPTH) {
    make_deviates(index, tile, first_row, block);
    workgroupBarrier();
    // Another invocation's, or the way through workgroup memory could be left out.
    for (var unit = index; unit < DEPTH * ROWS; unit += THREADS) {
      let other = DEPTH * ROWS - 1u - unit;
      if (block + other / ROWS < plan.blocks) {
        sum ^= high[other] ^ low[other];
      }
    }
    workgroupBarrier();
  }
  sums[number * THREADS + index] = fold(sum);
}

/// Products of a tile that is prepared once. Some pixels are changed between two steps, as else all steps but one could
/// be left out.
@compute @workgroup_size(GROUPS, ROW_GROUPS)
fn multiply(
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
) {
  let number = workgroup.y * workgroups.x + workgroup.x;
  if (number >= arrayLength(&tiles) * plan.row_blocks) {
    return;
  }
  for (var unit = index; unit < DEPTH * ROWS; unit += THREADS) {
    high[unit] = hash4(number + unit);
    low[unit] = hash4(number + unit + DEPTH * ROWS);
  }
  for (var unit = index; unit < DEPTH * POSITIONS; unit += THREADS) {
    pixels[unit] = hash4(number + unit + 2u * DEPTH * ROWS);
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
    if (index < DEPTH * POSITIONS) {
      pixels[index] = pixels[index].yzwx ^ vec4u(block);
    }
    workgroupBarrier();
    for (var d = 0u; d < DEPTH; d++) {
      let r = d * ROWS + 4u * local.y;
      let rows = Rows(high[r], high[r + 1u], high[r + 2u], high[r + 3u], low[r], low[r + 1u], low[r + 2u], low[r + 3u]);
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
  sums[number * THREADS + index] = fold(a0 ^ a1 ^ a2 ^ a3 ^ a4 ^ a5 ^ a6 ^ a7 ^ a8 ^ a9);
}

/// Conversion, scaling, one-hots and stores of made-up sums.
@compute @workgroup_size(GROUPS, ROW_GROUPS)
fn epilogue(
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
  let row = turn * ROWS + 4u * local.y;
  if (row < plan.rows) {
    for (var k = 0u; k < 10u; k++) {
      let position = local.x + k * GROUPS;
      finish(hash4((tile.output + position) * plan.rows + row), tile, position, row, vec4u());
    }
  }
  put_one_hots(index, tile, turn);
}
