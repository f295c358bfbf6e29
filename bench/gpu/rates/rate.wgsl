// What the kernels that measure an adapter's rates have in common. Each invocation does `steps` times the same few
// operations on values of its own and leaves one word made of all of them, which the host computes too.

struct Rate {
  steps: u32,
  /// Known to the host alone, like all that a compiler must not fold.
  seed: u32,
  factor: u32,
  addend: u32,
}

@group(0) @binding(0) var<uniform> rate: Rate;
/// One word an invocation.
@group(0) @binding(1) var<storage, read_write> sums: array<u32>;

/// The values invocation `id` begins with; `which` (0 to 7) tells its vectors apart.
fn start4(id: u32, which: u32) -> vec4u {
  return hash4(rate.seed + 8u * id + which);
}
