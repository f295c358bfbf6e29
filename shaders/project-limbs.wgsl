// The exact product of 16-bit deviates and 8-bit pixels from packed 8-bit limbs. Twin of assembly/projection.ts.
//
// With u = g + 32768, an unsigned 16-bit number, the sum of g * x over a row is
//   256 * sum(u >> 8, x) + sum(u & 255, x) - 32768 * sum(x),
// modulo 2^32. Both products are of unsigned bytes, so one packed instruction computes them, pixels need no conversion,
// and the correction depends on the position alone.

/// Sixteen columns of a row: the bytes of u >> 8 and of u & 255, four columns in a word.
struct Limbs {
  high: vec4u,
  low: vec4u,
}

/// Packs four deviates into (high, low) words, the first column in the lowest byte.
fn limbs4(g: vec4i) -> vec2u {
  let u = vec4u(g + vec4i(32768));
  let even = u.x | (u.z << 16u);
  let odd = u.y | (u.w << 16u);
  return vec2u(
    ((even >> 8u) & 0x00ff00ffu) | (odd & 0xff00ff00u),
    (even & 0x00ff00ffu) | ((odd & 0x00ff00ffu) << 8u),
  );
}

fn limbs16(a: vec4i, b: vec4i, c: vec4i, d: vec4i) -> Limbs {
  let p = limbs4(a);
  let q = limbs4(b);
  let r = limbs4(c);
  let s = limbs4(d);
  return Limbs(vec4u(p.x, q.x, r.x, s.x), vec4u(p.y, q.y, r.y, s.y));
}

/// Returns the sum of sixteen products of unsigned bytes.
fn dot16(a: vec4u, b: vec4u) -> u32 {
  return dot4U8Packed(a.x, b.x) + dot4U8Packed(a.y, b.y) + dot4U8Packed(a.z, b.z) + dot4U8Packed(a.w, b.w);
}
