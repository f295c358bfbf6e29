// Subgroup matrices in plain WGSL, for adapters without them. SUBGROUP consecutive invocations form a subgroup, independent of
// the hardware. An invocation holds M * N / SUBGROUP sums of one row, in neighboring columns, and the operands for these.
// `lane` is its place in the subgroup.

const EACH = M * N / SUBGROUP;
const LANES_A_ROW = N / EACH;

alias Left = array<vec4u, K / 16u>;
alias Right = array<array<vec4u, K / 16u>, EACH>;
alias Sums = array<u32, EACH>;

fn emulated_left(at: u32, lane: u32) -> Left {
  var row: Left;
  for (var k = 0u; k < K / 16u; k++) {
    row[k] = memory[at + lane / LANES_A_ROW * STRIDE + k];
  }
  return row;
}

fn emulated_right(at: u32, lane: u32) -> Right {
  var columns: Right;
  for (var i = 0u; i < EACH; i++) {
    for (var k = 0u; k < K / 16u; k++) {
      columns[i][k] = memory[at + (lane % LANES_A_ROW * EACH + i) * STRIDE + k];
    }
  }
  return columns;
}

fn emulated_multiply(left: Left, right: Right, sums: Sums) -> Sums {
  var result = sums;
  for (var i = 0u; i < EACH; i++) {
    for (var k = 0u; k < K / 16u; k++) {
      result[i] += dot16(left[k], right[i][k]);
    }
  }
  return result;
}

fn emulated_store(at: u32, sums: Sums, lane: u32) {
  let row = lane / LANES_A_ROW;
  for (var i = 0u; i < EACH; i++) {
    memory[at + (lane % LANES_A_ROW * EACH + i) * COLUMN + row / 4u][row % 4u] = sums[i];
  }
}
