// ChaCha with 8 rounds; an invocation makes one block. Twin of assembly/chacha8.ts.
//
// The rows of the state are vectors, so one quarter round of vectors is a column round. A diagonal round is the same after
// rows 1 to 3 are rotated by 1 to 3 lanes.

/// The key and nonce of a stream: the seed (two words, low first), the task, the purpose and the item.
struct Stream {
  seed: vec2u,
  task: u32,
  purpose: u32,
  item: u32,
}

/// Words 0-3, 4-7, 8-11 and 12-15 of a block.
struct Block {
  a: vec4u,
  b: vec4u,
  c: vec4u,
  d: vec4u,
}

fn rotl(x: vec4u, n: u32) -> vec4u {
  return (x << vec4u(n)) | (x >> vec4u(32u - n));
}

fn quarter_rounds(s: Block) -> Block {
  var a = s.a;
  var b = s.b;
  var c = s.c;
  var d = s.d;
  a += b; d = rotl(d ^ a, 16u);
  c += d; b = rotl(b ^ c, 12u);
  a += b; d = rotl(d ^ a, 8u);
  c += d; b = rotl(b ^ c, 7u);
  return Block(a, b, c, d);
}

fn double_round(s: Block) -> Block {
  let columns = quarter_rounds(s);
  let diagonals = quarter_rounds(Block(columns.a, columns.b.yzwx, columns.c.zwxy, columns.d.wxyz));
  return Block(diagonals.a, diagonals.b.wxyz, diagonals.c.zwxy, diagonals.d.yzwx);
}

/// Returns the sixteen words of a stream from word(16 * counter) on.
fn chacha8(stream: Stream, counter: u32) -> Block {
  let start = Block(
    vec4u(0x61707865u, 0x3320646eu, 0x79622d32u, 0x6b206574u), // "expand 32-byte k"
    vec4u(stream.seed, 0x6b736174u, 0x6d6f6f6cu),              // seed, "taskloom"
    vec4u(0x72747320u, 0x206d6165u, 0x00003176u, 0u),          // " stream v1"
    vec4u(counter, stream.task, stream.purpose, stream.item),
  );
  let end = double_round(double_round(double_round(double_round(start))));
  return Block(end.a + start.a, end.b + start.b, end.c + start.c, end.d + start.d);
}
