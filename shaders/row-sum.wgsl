// Sums of a row's deviates, for what an offset of the pixels takes off a product.

/// The sum of those of four deviates whose column is below `left`, the columns of the matrix still to come.
fn sum4(g: vec4i, left: i32) -> i32 {
  let inside = select(vec4i(0), g, vec4i(0, 1, 2, 3) < vec4i(left));
  return inside.x + inside.y + inside.z + inside.w;
}

/// The sum of a block's deviates within the matrix.
fn sum16(a: vec4i, b: vec4i, c: vec4i, d: vec4i, left: i32) -> i32 {
  return sum4(a, left) + sum4(b, left - 4) + sum4(c, left - 8) + sum4(d, left - 12);
}
