// The Box-Muller transform of two words, like in PyTorch's CPU generator. Twin of assembly/torch-normal.ts, which describes
// the algorithm. The two agree within a bound, see docs/torch.md: a GPU may fuse steps, and its square root is within
// 4.5 ulp. WGSL's own logarithm, sine and cosine are not used: their errors may be 2^-21 and 2^-11.

/// Returns the standard normal deviates at places j and j + 8 of a block.
fn torch_pair(first: u32, second: u32) -> vec2f {
  let ln = torch_logarithm(first);
  // The square root of zero may be undefined on devices that compute it from its inverse.
  let radius = select(sqrt(-2.0 * ln), 0.0, ln == 0.0);

  // The angle in eighths of a turn, rounded to an even number, and the remaining angle in radians: -pi/4..pi/4.
  let turn = second & 0xffffffu;
  let eighth = ((turn >> 21u) + 1u) & 14u;
  let eighths = f32(eighth);
  let theta = (f32(turn) * 5.9604644775390625e-8) * 6.2831855;
  // pi / 4 in three parts. The first two have so few bits that their products are exact.
  let x = ((theta - eighths * 0.78515625) - eighths * 2.4187564849853515625e-4) - eighths * 3.77489497744594108e-8;

  let z = x * x;
  let c = ((2.443315711809948e-5 * z - 1.388731625493765e-3) * z + 4.166664568298827e-2) * z * z - 0.5 * z + 1.0;
  let s = ((-1.9515295891e-4 * z + 8.3321608736e-3) * z - 1.6666654611e-1) * z * x + x;

  // Quarters 1 and 3 exchange the two; cosines are negative in quarters 1 and 2, sines in 2 and 3.
  let unsigned = select(vec2f(c, s), vec2f(s, c), (eighth & 2u) == 2u);
  let negative = vec2u(eighth + 2u, eighth) & vec2u(4u);
  return radius * select(unsigned, -unsigned, negative == vec2u(4u));
}

/// Returns ln(1 - u) for the 24-bit uniform u of a word; 1 - u = m / 2^24 with m from 1 to 2^24.
fn torch_logarithm(word: u32) -> f32 {
  let m = bitcast<u32>(f32(0x1000000u - (word & 0xffffffu)));
  // m = f * 2^(e + 24) with f from sqrt(1/2) to sqrt(2); x is f - 1.
  let half = bitcast<f32>((m & 0x7fffffu) | 0x3f000000u);
  let below = half < 0.70710677;
  let e = f32(i32(m >> 23u) - 150 - select(0, 1, below));
  let x = (half - 1.0) + select(0.0, half, below);

  let z = x * x;
  var y = 7.0376836292e-2 * x - 1.151461031e-1;
  y = y * x + 1.1676998740e-1;
  y = y * x - 1.2420140846e-1;
  y = y * x + 1.4249322787e-1;
  y = y * x - 1.6668057665e-1;
  y = y * x + 2.0000714765e-1;
  y = y * x - 2.4999993993e-1;
  y = y * x + 3.3333331174e-1;
  y = y * x * z;
  // e * ln 2 in two parts; the larger one has 9 bits.
  y = y - e * 2.12194440e-4 - 0.5 * z;
  return (x + y) + e * 0.693359375;
}
