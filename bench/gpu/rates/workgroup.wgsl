//! uses hash rates/rate
// Rates of reading workgroup memory: 16 KiB, WebGPU's default limit, so that a processor holds several workgroups.

var<workgroup> vectors: array<vec4u, 1024>;

fn fill_vectors(index: u32) {
  for (var i = index; i < 1024u; i += 256u) {
    vectors[i] = hash4(rate.seed + i);
  }
  workgroupBarrier();
}

/// Eight vectors. A step has two independent additions for addresses.
fn eight(at: u32) -> vec4u {
  let first = at & 127u;
  return vectors[first] ^ vectors[first + 128u] ^ vectors[first + 256u] ^ vectors[first + 384u]
    ^ vectors[first + 512u] ^ vectors[first + 640u] ^ vectors[first + 768u] ^ vectors[first + 896u];
}

/// 8 vectors; neighboring invocations read neighboring ones.
@compute @workgroup_size(256)
fn neighbors(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) index: u32) {
  fill_vectors(index);
  var sum = vec4u();
  for (var i = 0u; i < rate.steps; i++) {
    sum = sum.yzwx + eight(index + i);
  }
  sums[id.x] = fold(sum);
}

/// 8 vectors; 32 neighboring invocations read the same one, like most reads of a tile's product.
@compute @workgroup_size(256)
fn shared_reads(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) index: u32) {
  fill_vectors(index);
  var sum = vec4u();
  for (var i = 0u; i < rate.steps; i++) {
    sum = sum.yzwx + eight(index / 32u + i);
  }
  sums[id.x] = fold(sum);
}

var<workgroup> entries: array<u32, 1024>;

fn lookup4(x: vec4u) -> vec4u {
  return vec4u(entries[x.x], entries[x.y], entries[x.z], entries[x.w]);
}

/// 32 lookups, each at the index that the last one gave. An odd factor keeps neighboring invocations in different banks.
@compute @workgroup_size(256)
fn lookups(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) index: u32) {
  for (var i = index; i < 1024u; i += 256u) {
    entries[i] = (i * rate.factor + rate.addend) & 1023u;
  }
  workgroupBarrier();
  var a = index + vec4u(0u, 64u, 128u, 192u);
  var b = index + vec4u(512u, 576u, 640u, 704u);
  for (var i = 0u; i < rate.steps; i++) {
    a = lookup4(a); b = lookup4(b);
    a = lookup4(a); b = lookup4(b);
    a = lookup4(a); b = lookup4(b);
    a = lookup4(a); b = lookup4(b);
  }
  sums[id.x] = fold(a ^ (b << vec4u(10u)));
}
