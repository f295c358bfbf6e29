// Sums of products of deviates and int16 values in two parts of 32 bits, for tile-wide-int16.wgsl.
//
// A product of two columns fits into 32 bits: 2 * 22200 * 32768 < 2^31. So does that of one column with a value less the
// offset: 22200 * 65535 < 2^31. Sums do not: see `wide_from_parts`.
//
// This file is put before project-tile.wgsl, as wgpu's compiler wants overrides before the arrays whose sizes are overrides.

/// True if plan.offset is not 0.
override CENTERED: bool = false;
/// Bits of a product that its high part has lost. With 16, sums of 2^16 products are exact. For longer rows it is 24, and
/// every CARRY steps what was lost is put back, so that a high part counts up to 2^55.
override SHIFT: u32 = 16u;
override CARRY: u32 = 0u;

/// The two parts of the sums of four neighboring rows.
struct Part {
  low: vec4i,
  high: vec4i,
}

/// Four columns of four rows, by columns.
struct Columns {
  x: vec4i,
  y: vec4i,
  z: vec4i,
  w: vec4i,
}

fn columns_of(a: vec4i, b: vec4i, c: vec4i, d: vec4i) -> Columns {
  return Columns(
    vec4i(a.x, b.x, c.x, d.x),
    vec4i(a.y, b.y, c.y, d.y),
    vec4i(a.z, b.z, c.z, d.z),
    vec4i(a.w, b.w, c.w, d.w),
  );
}

fn multiplied(sum: Part, g: Columns, x: vec4i) -> Part {
  let shift = vec4u(SHIFT);
  if (CENTERED) {
    let p = g.x * x.x;
    let q = g.y * x.y;
    let r = g.z * x.z;
    let s = g.w * x.w;
    return Part(sum.low + p + q + r + s, sum.high + (p >> shift) + (q >> shift) + (r >> shift) + (s >> shift));
  }
  let p = g.x * x.x + g.y * x.y;
  let q = g.z * x.z + g.w * x.w;
  return Part(sum.low + p + q, sum.high + (p >> shift) + (q >> shift));
}

fn carried(sum: Part) -> Part {
  let lost = bitcast<vec4u>(sum.low) - (bitcast<vec4u>(sum.high) << vec4u(SHIFT));
  return Part(sum.low, sum.high + bitcast<vec4i>(lost >> vec4u(SHIFT)));
}
