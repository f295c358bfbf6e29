//! uses matrix-block signed-limbs
// Makes projection matrices in two signed 8-bit limbs, g = 256 * high + low, for product.wgsl.
//
// Both limbs are signed (|g| <= 22200, so high is -87..87), so both can be multiplied with x - 128, which fits a signed
// byte for every pixel x: sum(g * x) = 256 * sum(high * (x - 128)) + sum(low * (x - 128)) + 128 * sum(g).
//
// Dispatch: (blocks of a task's rows / 64, tasks, 1).

/// [tasks, rows, blocks, 2]: the low limbs of 16 columns, then the high ones; four columns a u32, the first lowest.
@group(0) @binding(3) var<storage, read_write> limbs: array<vec4u>;
/// [tasks, rows], zero before the dispatch: the initial sum of a row, (128 - offset) * sum(g) modulo 2^32.
@group(0) @binding(4) var<storage, read_write> initial: array<atomic<i32>>;

@compute @workgroup_size(64)
fn make_limbs(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= matrix.rows * matrix.blocks) {
    return;
  }
  let row = id.x / matrix.blocks;
  let g = deviates_of(tasks[id.y], matrix.row + row, id.x % matrix.blocks);
  let at = 2u * (id.y * matrix.rows * matrix.blocks + id.x);
  limbs[at] = vec4u(pack4(low_limb(g.a)), pack4(low_limb(g.b)), pack4(low_limb(g.c)), pack4(low_limb(g.d)));
  limbs[at + 1u] = vec4u(pack4(high_limb(g.a)), pack4(high_limb(g.b)), pack4(high_limb(g.c)), pack4(high_limb(g.d)));
  // Additions of integers: the order of the blocks does not change the sum.
  let sums = g.a + g.b + g.c + g.d;
  atomicAdd(&initial[id.y * matrix.rows + row], (128 - matrix.offset) * (sums.x + sums.y + sums.z + sums.w));
}
