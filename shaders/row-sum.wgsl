// Sums of a row's deviates. They correct a product for the offset of the pixels.

/// Sums four deviates, only those in the `left` remaining columns of the matrix.
fn sum4(g: vec4i, left: i32) -> i32 {
  let inside = select(vec4i(0), g, vec4i(0, 1, 2, 3) < vec4i(left));
  return inside.x + inside.y + inside.z + inside.w;
}

/// Sums the deviates of a block, only those in the `left` remaining columns of the matrix.
fn sum16(a: vec4i, b: vec4i, c: vec4i, d: vec4i, left: i32) -> i32 {
  return sum4(a, left) + sum4(b, left - 4) + sum4(c, left - 8) + sum4(d, left - 12);
}
