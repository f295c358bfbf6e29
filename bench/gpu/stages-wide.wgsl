//! uses project-wide hash stages
// The functions that stages.wgsl needs for tile-wide.wgsl.

fn kept_deviates(d: u32, row: u32) -> vec4u {
  let at = 4u * d * ROWS + row;
  let all = deviates[at] ^ deviates[at + ROWS] ^ deviates[at + 2u * ROWS] ^ deviates[at + 3u * ROWS];
  return bitcast<vec4u>(all);
}

fn fill_tile(index: u32, number: u32) {
  for (var unit = index; unit < 4u * DEPTH * ROWS; unit += THREADS) {
    deviates[unit] = bitcast<vec4i>(hash4(number + unit)) >> vec4u(16u);
  }
  for (var unit = index; unit < 4u * DEPTH * POSITIONS; unit += THREADS) {
    pixels[unit] = hash4(number + unit + 4u * DEPTH * ROWS).x;
  }
}

fn change_pixels(index: u32, block: u32) {
  if (index < 4u * DEPTH * POSITIONS) {
    let x = pixels[index];
    pixels[index] = ((x << 8u) | (x >> 24u)) ^ block;
  }
}

fn fold_sums(sums: ptr<function, Sums>) -> u32 {
  let a = (*sums).a0 ^ (*sums).a1 ^ (*sums).a2 ^ (*sums).a3 ^ (*sums).a4;
  let b = (*sums).b0 ^ (*sums).b1 ^ (*sums).b2 ^ (*sums).b3 ^ (*sums).b4;
  return fold(bitcast<vec4u>(a ^ b));
}
