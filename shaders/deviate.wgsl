// Standard normal deviates in units of 1/4096, four at a time. Twin of assembly/deviate.ts, which says why these steps are
// those of docs/stream.md.
//
// Integer arithmetic but for one exact conversion: the uniform has 24 bits, so its f32 is the number itself on every device.
// The including shader declares `normal_table: array<u32>`, the 768 entries of assembly/normal-table.ts.

fn deviate4(w: vec4u) -> vec4i {
  let b = bitcast<vec4u>(vec4f((w & vec4u(0x7fffff80u)) | vec4u(0x80u)));
  let i = (b >> vec4u(18u)) - vec4u(0x10c0u);
  let q = vec4u(normal_table[i.x], normal_table[i.y], normal_table[i.z], normal_table[i.w]);
  let drop = ((q & vec4u(0xfffu)) * (b & vec4u(0x3fffcu))) >> vec4u(6u);
  let z = bitcast<vec4i>(((q | vec4u(0xfffu)) - drop) >> vec4u(17u));
  let sign = bitcast<vec4i>(w) >> vec4u(31u);
  return (z ^ sign) - sign;
}
