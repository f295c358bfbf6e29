//! uses matrix-block
// Makes projection matrices in f32: A(i, j) = f32(g(i, j)) * scale. Twin of `matrix` in assembly/matrix.ts.
//
// Dispatch: (blocks of a task's rows / 64, tasks, 1).

/// [tasks, rows, blocks, 4], four columns an element; zero in the padding.
@group(0) @binding(3) var<storage, read_write> values: array<vec4f>;

@compute @workgroup_size(64)
fn make_matrix(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= matrix.rows * matrix.blocks) {
    return;
  }
  let g = deviates_of(tasks[id.y], matrix.row + id.x / matrix.blocks, id.x % matrix.blocks);
  let at = 4u * (id.y * matrix.rows * matrix.blocks + id.x);
  values[at] = vec4f(g.a) * matrix.scale;
  values[at + 1u] = vec4f(g.b) * matrix.scale;
  values[at + 2u] = vec4f(g.c) * matrix.scale;
  values[at + 3u] = vec4f(g.d) * matrix.scale;
}
