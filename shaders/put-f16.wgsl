// The output of the exact fused projection in float16. See project-tile.wgsl.
//
// Two values share a word. If the width is odd, a word may belong to two invocations, even of two workgroups. The host
// clears the output. An invocation stores the words that it owns, and ORs single halves into shared words.

@group(0) @binding(6) var<storage, read_write> out: array<atomic<u32>>;

fn put_half(at: u32, half: u32) {
  atomicOr(&out[at >> 1u], half << (16u * (at & 1u)));
}

/// Writes `count` (0 to 2) values from an even element on: stores a word for two values, ORs a half for one.
fn put_pair(at: u32, count: u32, first: u32, second: u32) {
  if (count >= 2u) {
    atomicStore(&out[at >> 1u], first | (second << 16u));
  } else if (count == 1u) {
    put_half(at, first);
  }
}

/// Writes the values of rows `row` to `row + 3` of a position, without rows that do not exist.
fn put(position: u32, row: u32, values: vec4f) {
  let at = position * plan.width + row;
  let count = min(plan.rows - row, 4u);
  let h = vec4u(float16_bits(values.x), float16_bits(values.y), float16_bits(values.z), float16_bits(values.w));
  if ((at & 1u) == 0u) {
    put_pair(at, count, h.x, h.y);
    put_pair(at + 2u, max(count, 2u) - 2u, h.z, h.w);
  } else {
    put_half(at, h.x);
    put_pair(at + 1u, count - 1u, h.y, h.z);
    if (count == 4u) {
      put_half(at + 3u, h.w);
    }
  }
}

fn put_one(at: u32) {
  put_half(at, 0x3c00u);
}

/// Does nothing: the host has cleared the output.
fn put_zero(at: u32) {}
