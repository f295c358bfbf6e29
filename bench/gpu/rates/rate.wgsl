// The common part of the kernels that measure rates. Each invocation repeats a few operations on its own values `steps`
// times and writes one word that depends on all of them. The host computes the same word.

struct Rate {
  steps: u32,
  /// Values that only the host knows, so that a compiler cannot fold them.
  seed: u32,
  factor: u32,
  addend: u32,
}

@group(0) @binding(0) var<uniform> rate: Rate;
/// One word an invocation.
@group(0) @binding(1) var<storage, read_write> sums: array<u32>;

/// Returns the initial values of invocation `id`; `which` (0 to 7) distinguishes its vectors.
fn start4(id: u32, which: u32) -> vec4u {
  return hash4(rate.seed + 8u * id + which);
}
