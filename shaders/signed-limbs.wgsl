// The two signed bytes of deviates, g = 256 * high + low. |g| <= 22200, so the high one is -87..87.

fn pack4(bytes: vec4i) -> u32 {
  let b = bitcast<vec4u>(bytes) & vec4u(0xffu);
  return b.x | (b.y << 8u) | (b.z << 16u) | (b.w << 24u);
}

/// Returns the low limb of each deviate, -128..127.
fn low_limb(g: vec4i) -> vec4i {
  return (g << vec4u(24u)) >> vec4u(24u);
}

fn high_limb(g: vec4i) -> vec4i {
  return (g - low_limb(g)) >> vec4u(8u);
}
