// What a kernel of the exact fused projection is told: the plan, its tiles, and what they are made of.

struct Plan {
  seed: vec2u,
  /// Inputs of the matrix, and its key-stream blocks a row: ceil(columns / 16).
  columns: u32,
  blocks: u32,
  rows: u32,
  /// Values a position has in the output: rows + cells.
  width: u32,
  /// Cells of the one-hot; 0 for none.
  cells: u32,
  /// Workgroups that share a tile's positions: ceil(rows / ROWS), ROWS being the rows of a tile.
  row_blocks: u32,
  /// Grey level taken off every pixel.
  offset: i32,
  scale: f32,
  identity_scale: f32,
}

/// Positions of one task: `count` (1 to as many as a tile has) entries of `indices` from `first` on, and where they are written.
struct Tile {
  /// The task of the matrix; or, if `identity` is not zero, ones on the diagonal and zeros elsewhere.
  task: u32,
  identity: u32,
  first: u32,
  count: u32,
  output: u32,
}

@group(0) @binding(0) var<uniform> plan: Plan;
@group(0) @binding(1) var<storage, read> table: array<u32>;
/// plan.blocks vectors an example: 16 pixels each, four in a word, zero behind the last column.
@group(0) @binding(2) var<storage, read> examples: array<vec4u>;
@group(0) @binding(3) var<storage, read> tiles: array<Tile>;
@group(0) @binding(4) var<storage, read> indices: array<u32>;
/// The label a position is given, 0xffffffff for none. Not read without one-hots.
@group(0) @binding(5) var<storage, read> given: array<u32>;
