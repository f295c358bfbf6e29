// The exact projection of whole datasets: uint8 examples times one task's matrix. Twin of `project<u8>` in
// assembly/projection.ts: the integers are the same, because sums of integers do not depend on their order.
//
// A workgroup makes 128 examples x 64 rows; an invocation makes 8 x 4 of them (examples and rows 16 apart, so that
// neighboring lanes write neighboring values). A step takes 32 columns.
//
// Dispatch: (rows / 64, examples / 128, 1).

const DEPTH = 2u; // blocks of 16 columns in workgroup memory: 4 KiB of pixels, 4 KiB of limbs
const ROWS = 64u;
const EXAMPLES = 128u;

struct Product {
  /// Examples `first` to `first + examples - 1` of `images` are projected.
  first: u32,
  examples: u32,
  /// Rows of the matrix in `limbs`, blocks of 16 columns.
  rows: u32,
  blocks: u32,
  /// Value (example e, row i) goes to `values[(position + e - first) * stride + column + i]`.
  position: u32,
  stride: u32,
  column: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> product: Product;
/// [n, blocks], 16 pixels an element. The padding is not used: the limbs there are zero.
@group(0) @binding(1) var<storage, read> images: array<vec4u>;
/// See limbs.wgsl.
@group(0) @binding(2) var<storage, read> limbs: array<vec4u>;
@group(0) @binding(3) var<storage, read> initial: array<i32>;
@group(0) @binding(4) var<storage, read_write> values: array<f32>;

var<workgroup> pixels: array<vec4u, 256>; // DEPTH * EXAMPLES: pixels less 128, as signed bytes
var<workgroup> lows: array<vec4u, 128>; // DEPTH * ROWS
var<workgroup> highs: array<vec4u, 128>;

/// Returns sum(a * b) over 16 signed bytes.
fn dot16(a: vec4u, b: vec4u) -> i32 {
  return dot4I8Packed(a.x, b.x) + dot4I8Packed(a.y, b.y) + dot4I8Packed(a.z, b.z) + dot4I8Packed(a.w, b.w);
}

fn store(example: u32, row: u32, high: i32, low: i32) {
  if (example < product.examples && row < product.rows) {
    let sum = (high << 8u) + low + initial[row];
    values[(product.position + example) * product.stride + product.column + row] = f32(sum) * product.scale;
  }
}

fn store4(example: u32, row: u32, high: vec4i, low: vec4i) {
  store(example, row, high.x, low.x);
  store(example, row + 16u, high.y, low.y);
  store(example, row + 32u, high.z, low.z);
  store(example, row + 48u, high.w, low.w);
}

@compute @workgroup_size(256)
fn multiply(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row0 = group.x * ROWS;
  let example0 = group.y * EXAMPLES;

  // This invocation copies one block of an example and one block of a limb into workgroup memory.
  let loaded = lane % DEPTH;
  let example = example0 + lane / DEPTH;
  let row = row0 + lane / DEPTH % ROWS;
  let limb = lane / (DEPTH * ROWS);
  let pixels_at = (product.first + example) * product.blocks;
  let limbs_at = row * product.blocks;

  // The sums of rows y, y + 16, y + 32 and y + 48 for examples x, x + 16, ...
  let y = lane % 16u;
  let x = lane / 16u;
  var high0 = vec4i(0); var high1 = vec4i(0); var high2 = vec4i(0); var high3 = vec4i(0);
  var high4 = vec4i(0); var high5 = vec4i(0); var high6 = vec4i(0); var high7 = vec4i(0);
  var low0 = vec4i(0); var low1 = vec4i(0); var low2 = vec4i(0); var low3 = vec4i(0);
  var low4 = vec4i(0); var low5 = vec4i(0); var low6 = vec4i(0); var low7 = vec4i(0);

  for (var start = 0u; start < product.blocks; start += DEPTH) {
    let block = start + loaded;
    var some_pixels = vec4u(0u);
    if (block < product.blocks && example < product.examples) {
      some_pixels = images[pixels_at + block] ^ vec4u(0x80808080u);
    }
    var some_limbs = vec4u(0u);
    if (block < product.blocks && row < product.rows) {
      some_limbs = limbs[2u * (limbs_at + block) + limb];
    }
    workgroupBarrier();
    pixels[loaded * EXAMPLES + lane / DEPTH] = some_pixels;
    if (limb == 0u) {
      lows[loaded * ROWS + lane / DEPTH % ROWS] = some_limbs;
    } else {
      highs[loaded * ROWS + lane / DEPTH % ROWS] = some_limbs;
    }
    workgroupBarrier();
    for (var b = 0u; b < DEPTH; b++) {
      let l0 = lows[b * ROWS + lane % 16u];
      let l1 = lows[b * ROWS + lane % 16u + 16u];
      let l2 = lows[b * ROWS + lane % 16u + 32u];
      let l3 = lows[b * ROWS + lane % 16u + 48u];
      let h0 = highs[b * ROWS + lane % 16u];
      let h1 = highs[b * ROWS + lane % 16u + 16u];
      let h2 = highs[b * ROWS + lane % 16u + 32u];
      let h3 = highs[b * ROWS + lane % 16u + 48u];
      let x0 = pixels[b * EXAMPLES + lane / 16u];
      low0 += vec4i(dot16(l0, x0), dot16(l1, x0), dot16(l2, x0), dot16(l3, x0));
      high0 += vec4i(dot16(h0, x0), dot16(h1, x0), dot16(h2, x0), dot16(h3, x0));
      let x1 = pixels[b * EXAMPLES + lane / 16u + 16u];
      low1 += vec4i(dot16(l0, x1), dot16(l1, x1), dot16(l2, x1), dot16(l3, x1));
      high1 += vec4i(dot16(h0, x1), dot16(h1, x1), dot16(h2, x1), dot16(h3, x1));
      let x2 = pixels[b * EXAMPLES + lane / 16u + 32u];
      low2 += vec4i(dot16(l0, x2), dot16(l1, x2), dot16(l2, x2), dot16(l3, x2));
      high2 += vec4i(dot16(h0, x2), dot16(h1, x2), dot16(h2, x2), dot16(h3, x2));
      let x3 = pixels[b * EXAMPLES + lane / 16u + 48u];
      low3 += vec4i(dot16(l0, x3), dot16(l1, x3), dot16(l2, x3), dot16(l3, x3));
      high3 += vec4i(dot16(h0, x3), dot16(h1, x3), dot16(h2, x3), dot16(h3, x3));
      let x4 = pixels[b * EXAMPLES + lane / 16u + 64u];
      low4 += vec4i(dot16(l0, x4), dot16(l1, x4), dot16(l2, x4), dot16(l3, x4));
      high4 += vec4i(dot16(h0, x4), dot16(h1, x4), dot16(h2, x4), dot16(h3, x4));
      let x5 = pixels[b * EXAMPLES + lane / 16u + 80u];
      low5 += vec4i(dot16(l0, x5), dot16(l1, x5), dot16(l2, x5), dot16(l3, x5));
      high5 += vec4i(dot16(h0, x5), dot16(h1, x5), dot16(h2, x5), dot16(h3, x5));
      let x6 = pixels[b * EXAMPLES + lane / 16u + 96u];
      low6 += vec4i(dot16(l0, x6), dot16(l1, x6), dot16(l2, x6), dot16(l3, x6));
      high6 += vec4i(dot16(h0, x6), dot16(h1, x6), dot16(h2, x6), dot16(h3, x6));
      let x7 = pixels[b * EXAMPLES + lane / 16u + 112u];
      low7 += vec4i(dot16(l0, x7), dot16(l1, x7), dot16(l2, x7), dot16(l3, x7));
      high7 += vec4i(dot16(h0, x7), dot16(h1, x7), dot16(h2, x7), dot16(h3, x7));
    }
  }

  store4(example0 + x, row0 + y, high0, low0);
  store4(example0 + x + 16u, row0 + y, high1, low1);
  store4(example0 + x + 32u, row0 + y, high2, low2);
  store4(example0 + x + 48u, row0 + y, high3, low3);
  store4(example0 + x + 64u, row0 + y, high4, low4);
  store4(example0 + x + 80u, row0 + y, high5, low5);
  store4(example0 + x + 96u, row0 + y, high6, low6);
  store4(example0 + x + 112u, row0 + y, high7, low7);
}
