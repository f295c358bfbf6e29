//! uses hash rates/rate chacha8
// Rates of arithmetic. A vector is four independent chains. Two vectors, and the other invocations, hide the latency of a
// chain. More vectors would not fit into the registers of a CPU, on which a software adapter runs. Steps are so long that
// the loop around them is negligible; arithmetic.mjs counts their operations.

/// 96 operations: two vectors with the operations of quarter rounds.
@compute @workgroup_size(256)
fn rotations(@builtin(global_invocation_id) id: vec3u) {
  var a = start4(id.x, 0u);
  var b = start4(id.x, 1u);
  for (var i = 0u; i < rate.steps; i++) {
    a += b; b = rotl(b ^ a, 16u);
    a += b; b = rotl(b ^ a, 12u);
    a += b; b = rotl(b ^ a, 8u);
    a += b; b = rotl(b ^ a, 7u);
    a += b; b = rotl(b ^ a, 16u);
    a += b; b = rotl(b ^ a, 12u);
    a += b; b = rotl(b ^ a, 8u);
    a += b; b = rotl(b ^ a, 7u);
  }
  sums[id.x] = fold(a ^ b);
}

/// Three operations a lane.
fn simple(x: vec4u, key: vec4u) -> vec4u {
  return x + ((x >> vec4u(5u)) ^ key);
}

/// 96 operations.
@compute @workgroup_size(256)
fn simples(@builtin(global_invocation_id) id: vec3u) {
  let key = start4(0u, 2u);
  var a = start4(id.x, 0u);
  var b = start4(id.x, 1u);
  for (var i = 0u; i < rate.steps; i++) {
    a = simple(a, key); b = simple(b, key);
    a = simple(a, key); b = simple(b, key);
    a = simple(a, key); b = simple(b, key);
    a = simple(a, key); b = simple(b, key);
  }
  sums[id.x] = fold(a ^ b);
}

/// 64 multiplications, each with an addition.
@compute @workgroup_size(256)
fn multiplications(@builtin(global_invocation_id) id: vec3u) {
  let factor = vec4u(rate.factor);
  let addend = vec4u(rate.addend);
  var a = start4(id.x, 0u);
  var b = start4(id.x, 1u);
  for (var i = 0u; i < rate.steps; i++) {
    a = a * factor + addend; b = b * factor + addend;
    a = a * factor + addend; b = b * factor + addend;
    a = a * factor + addend; b = b * factor + addend;
    a = a * factor + addend; b = b * factor + addend;
    a = a * factor + addend; b = b * factor + addend;
    a = a * factor + addend; b = b * factor + addend;
    a = a * factor + addend; b = b * factor + addend;
    a = a * factor + addend; b = b * factor + addend;
  }
  sums[id.x] = fold(a ^ b);
}

/// The sum continues from `x`, like an accumulator.
fn dots(x: vec4u, key: u32) -> vec4u {
  return x + vec4u(
    dot4U8Packed(x.x, key),
    dot4U8Packed(x.y, key),
    dot4U8Packed(x.z, key),
    dot4U8Packed(x.w, key),
  );
}

/// 64 packed dot products, each added to a sum.
@compute @workgroup_size(256)
fn packed_dots(@builtin(global_invocation_id) id: vec3u) {
  let key = rate.factor;
  var a = start4(id.x, 0u);
  var b = start4(id.x, 1u);
  for (var i = 0u; i < rate.steps; i++) {
    a = dots(a, key); b = dots(b, key);
    a = dots(a, key); b = dots(b, key);
    a = dots(a, key); b = dots(b, key);
    a = dots(a, key); b = dots(b, key);
    a = dots(a, key); b = dots(b, key);
    a = dots(a, key); b = dots(b, key);
    a = dots(a, key); b = dots(b, key);
    a = dots(a, key); b = dots(b, key);
  }
  sums[id.x] = fold(a ^ b);
}

/// 48 packed dot products and 48 operations of `rotations`, independent of each other, to see whether they share a unit.
@compute @workgroup_size(256)
fn dots_and_rotations(@builtin(global_invocation_id) id: vec3u) {
  let key = rate.factor;
  var a = start4(id.x, 0u);
  var b = start4(id.x, 1u);
  var c = start4(id.x, 2u);
  for (var i = 0u; i < rate.steps; i++) {
    a += b; b = rotl(b ^ a, 16u);
    c = dots(dots(dots(c, key), key), key);
    a += b; b = rotl(b ^ a, 12u);
    c = dots(dots(dots(c, key), key), key);
    a += b; b = rotl(b ^ a, 8u);
    c = dots(dots(dots(c, key), key), key);
    a += b; b = rotl(b ^ a, 7u);
    c = dots(dots(dots(c, key), key), key);
  }
  sums[id.x] = fold(a ^ b ^ c);
}

/// 64 fused multiply-adds with the factor 1: sums of integers, exact below 2^24 whether fused or not.
@compute @workgroup_size(256)
fn fused(@builtin(global_invocation_id) id: vec3u) {
  let factor = vec4f(f32(rate.factor));
  let addend = vec4f(1.0, 2.0, 3.0, 4.0) * f32(rate.addend);
  var a = vec4f(f32(id.x & 255u));
  var b = vec4f(f32(id.x & 255u) + 1.0);
  for (var i = 0u; i < rate.steps; i++) {
    a = fma(a, factor, addend); b = fma(b, factor, addend);
    a = fma(a, factor, addend); b = fma(b, factor, addend);
    a = fma(a, factor, addend); b = fma(b, factor, addend);
    a = fma(a, factor, addend); b = fma(b, factor, addend);
    a = fma(a, factor, addend); b = fma(b, factor, addend);
    a = fma(a, factor, addend); b = fma(b, factor, addend);
    a = fma(a, factor, addend); b = fma(b, factor, addend);
    a = fma(a, factor, addend); b = fma(b, factor, addend);
  }
  sums[id.x] = fold(vec4u(a) ^ (vec4u(b) << vec4u(1u)));
}

/// The same, written like in the library: the compiler may fuse them.
@compute @workgroup_size(256)
fn separate(@builtin(global_invocation_id) id: vec3u) {
  let factor = vec4f(f32(rate.factor));
  let addend = vec4f(1.0, 2.0, 3.0, 4.0) * f32(rate.addend);
  var a = vec4f(f32(id.x & 255u));
  var b = vec4f(f32(id.x & 255u) + 1.0);
  for (var i = 0u; i < rate.steps; i++) {
    a = a * factor + addend; b = b * factor + addend;
    a = a * factor + addend; b = b * factor + addend;
    a = a * factor + addend; b = b * factor + addend;
    a = a * factor + addend; b = b * factor + addend;
    a = a * factor + addend; b = b * factor + addend;
    a = a * factor + addend; b = b * factor + addend;
    a = a * factor + addend; b = b * factor + addend;
    a = a * factor + addend; b = b * factor + addend;
  }
  sums[id.x] = fold(vec4u(a) ^ (vec4u(b) << vec4u(1u)));
}

/// An exact conversion of 24 bits. The measured time includes the mask.
fn converted(x: vec4u) -> vec4u {
  return bitcast<vec4u>(vec4f(x & vec4u(0xffffffu)));
}

/// 32 conversions.
@compute @workgroup_size(256)
fn conversions(@builtin(global_invocation_id) id: vec3u) {
  var a = start4(id.x, 0u);
  var b = start4(id.x, 1u);
  for (var i = 0u; i < rate.steps; i++) {
    a = converted(a); b = converted(b);
    a = converted(a); b = converted(b);
    a = converted(a); b = converted(b);
    a = converted(a); b = converted(b);
  }
  sums[id.x] = fold(a ^ (b << vec4u(1u)));
}
