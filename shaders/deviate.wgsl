// Standard normal deviates in units of 1/4096, four at a time. Twin of assembly/deviate.ts, which explains why these steps
// are those of docs/stream.md.
//
// The arithmetic is in integers, except for one exact conversion: the uniform has 24 bits, so an f32 holds it exactly.
// The including shader declares `segment(number: u32) -> u32`, entry `number - SEGMENTS` of assembly/normal-table.ts.

/// The number of the first of 768 segments.
const SEGMENTS = 0x10c0u;

fn deviate4(w: vec4u) -> vec4i {
  let b = bitcast<vec4u>(vec4f((w & vec4u(0x7fffff80u)) | vec4u(0x80u)));
  let s = b >> vec4u(18u);
  let q = vec4u(segment(s.x), segment(s.y), segment(s.z), segment(s.w));
  let drop = ((q & vec4u(0xfffu)) * (b & vec4u(0x3fffcu))) >> vec4u(6u);
  let z = bitcast<vec4i>(((q | vec4u(0xfffu)) - drop) >> vec4u(17u));
  let sign = bitcast<vec4i>(w) >> vec4u(31u);
  return (z ^ sign) - sign;
}
