// Numbers that a compiler cannot predict, and the reduction of a vector to one word. Twin of `hash` in reference.mjs.

fn fold(v: vec4u) -> u32 {
  return v.x ^ v.y ^ v.z ^ v.w;
}

fn hash4(i: u32) -> vec4u {
  let v = (vec4u(4u * i) + vec4u(0u, 1u, 2u, 3u)) * 2654435761u;
  return v ^ (v >> vec4u(15u));
}
