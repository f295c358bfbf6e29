// Standard normal deviates in units of 1/4096, four at a time. Twin of assembly/deviate.ts.
//
// Integer arithmetic but for one exact conversion: m has 24 bits, so f32(m) is m itself on every device.
// The including shader declares `normal_table: array<u32>`, the 768 entries of assembly/normal-table.ts.

fn deviate4(w: vec4u) -> vec4i {
  let m = ((w >> vec4u(7u)) & vec4u(0xffffffu)) | vec4u(1u);
  let b = bitcast<vec4u>(vec4f(m));
  let i = (b >> vec4u(18u)) - vec4u(4064u);
  let q = vec4u(normal_table[i.x], normal_table[i.y], normal_table[i.z], normal_table[i.w]);
  let t = (b >> vec4u(2u)) & vec4u(0xffffu);
  let drop = ((q & vec4u(0xfffu)) * t) >> vec4u(16u);
  let z = vec4i((q >> vec4u(12u)) - drop) >> vec4u(5u);
  let sign = bitcast<vec4i>(w) >> vec4u(31u);
  return (z ^ sign) - sign;
}
