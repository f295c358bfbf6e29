// The inputs of a kernel of the exact fused projection: the plan, the tiles, and the data of their positions.

struct Plan {
  seed: vec2u,
  /// Columns of the matrix, and key-stream blocks of a row: ceil(columns / 16).
  columns: u32,
  blocks: u32,
  rows: u32,
  /// Values of a position in the output: rows + cells.
  width: u32,
  /// Cells of the one-hot; 0 for none.
  cells: u32,
  /// Workgroups that share a tile's positions: ceil(rows / ROWS), ROWS being the rows of a tile.
  row_blocks: u32,
  /// Gray level or step subtracted from every value.
  offset: i32,
  scale: f32,
  identity_scale: f32,
}

/// Positions of one task: `count` entries of `indices` from `first` on, at most as many as a tile has, and their place in the
/// output.
struct Tile {
  /// The task whose matrix is used. If `identity` is not zero, the identity matrix is used instead.
  task: u32,
  identity: u32,
  first: u32,
  count: u32,
  output: u32,
}

@group(0) @binding(0) var<uniform> plan: Plan;
@group(0) @binding(1) var<storage, read> table: array<u32>;
/// plan.blocks blocks an example. uint8: a vector each, 16 pixels, four in a word, zeros after the last column. int16: two
/// vectors each, two values in a word, plan.offset after the last column, so that nothing is left there to multiply.
@group(0) @binding(2) var<storage, read> examples: array<vec4u>;
@group(0) @binding(3) var<storage, read> tiles: array<Tile>;
@group(0) @binding(4) var<storage, read> indices: array<u32>;
/// The given label of each position, 0xffffffff for no label. It is not read without one-hots.
@group(0) @binding(5) var<storage, read> given: array<u32>;
