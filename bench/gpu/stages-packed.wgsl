//! uses project-packed hash stages
// The functions that stages.wgsl needs for tile-packed.wgsl.

fn kept_deviates(d: u32, row: u32) -> vec4u {
  return high[d * ROWS + row] ^ low[d * ROWS + row];
}

fn fill_tile(index: u32, number: u32) {
  for (var unit = index; unit < DEPTH * ROWS; unit += THREADS) {
    high[unit] = hash4(number + unit);
    low[unit] = hash4(number + unit + DEPTH * ROWS);
  }
  for (var unit = index; unit < DEPTH * POSITIONS; unit += THREADS) {
    pixels[unit] = hash4(number + unit + 2u * DEPTH * ROWS);
  }
}

fn change_pixels(index: u32, block: u32) {
  if (index < DEPTH * POSITIONS) {
    pixels[index] = pixels[index].yzwx ^ vec4u(block);
  }
}

fn fold_sums(sums: ptr<function, Sums>) -> u32 {
  let a = (*sums).a0 ^ (*sums).a1 ^ (*sums).a2 ^ (*sums).a3 ^ (*sums).a4;
  return fold(a ^ (*sums).a5 ^ (*sums).a6 ^ (*sums).a7 ^ (*sums).a8 ^ (*sums).a9);
}
