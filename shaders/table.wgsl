// The table of deviates in workgroup memory, for deviate.wgsl. Indices are remainders, so that Dawn proves them in bounds
// and leaves its checks out: see bench/NOTES.md.

/// Segment n is at n % 1024; the other entries are unused.
var<workgroup> normal_table: array<u32, 1024>;

fn segment(number: u32) -> u32 {
  return normal_table[number % 1024u];
}

fn keep_segment(i: u32, entry: u32) {
  normal_table[(SEGMENTS + i) % 1024u] = entry;
}
