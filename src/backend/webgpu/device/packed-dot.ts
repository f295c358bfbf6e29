/**
 * `dot4U8Packed` and `dot4I8Packed` in plain arithmetic, for compilers without `packed_4x8_integer_dot_product`.
 * Module-scope functions shadow built-in ones, so the text of a kernel and its results stay the same.
 */
export const PACKED_DOT_PRELUDE = `
fn dot4U8Packed(a: u32, b: u32) -> u32 {
  let shifts = vec4u(0u, 8u, 16u, 24u);
  let products = ((vec4u(a) >> shifts) & vec4u(255u)) * ((vec4u(b) >> shifts) & vec4u(255u));
  return products.x + products.y + products.z + products.w;
}
fn dot4I8Packed(a: u32, b: u32) -> i32 {
  let shifts = vec4u(24u, 16u, 8u, 0u);
  let left = bitcast<vec4i>(vec4u(a) << shifts) >> vec4u(24u);
  let right = bitcast<vec4i>(vec4u(b) << shifts) >> vec4u(24u);
  let products = left * right;
  return products.x + products.y + products.z + products.w;
}
`;
