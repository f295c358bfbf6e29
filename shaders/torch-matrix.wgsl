//! uses mt19937 torch-normal
// Makes projection matrices in f32 like PyTorch's CPU generator: `normal_(0, scale)` over rows * columns consecutive
// values. Twin of `torchNormal` in assembly/torch-normal.ts.
//
// The words of a sequence follow from each other, so a workgroup makes those of one task from the first on, 624 at a time.
//
// Dispatch: (tasks, 1, 1).

struct TorchMatrix {
  /// Values of a whole matrix, 16..2^28.
  count: u32,
  /// The values that are written: whole rows.
  first: u32,
  end: u32,
  columns: u32,
  /// Values from one row to the next: 16 * ceil(columns / 16).
  stride: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> matrix: TorchMatrix;
/// The generator's seed of each task.
@group(0) @binding(1) var<storage, read> seeds: array<u32>;
/// [tasks, rows, stride], zero in the padding.
@group(0) @binding(2) var<storage, read_write> values: array<f32>;

/// The words of the last 16 values, if these are made again.
var<workgroup> last: array<u32, 16>;

/// Writes a value if it is in the range; the task's values begin at `at`.
fn put(at: u32, place: u32, end: u32, value: f32) {
  if (place < matrix.first || place >= end) {
    return;
  }
  let i = place - matrix.first;
  // A whole matrix without padding needs no division. The branch is the same in all invocations.
  if (matrix.columns == matrix.stride) {
    values[at + i] = value * matrix.scale;
  } else {
    values[at + i / matrix.columns * matrix.stride + i % matrix.columns] = value * matrix.scale;
  }
}

@compute @workgroup_size(208)
fn make_torch_matrix(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let rows = (matrix.end - matrix.first) / matrix.columns;
  let at = group.x * rows * matrix.stride;

  // Values from `rest` on are made from 16 further words.
  let ragged = matrix.count % 16u != 0u;
  let rest = select(matrix.count, matrix.count - 16u, ragged);
  let again = matrix.end > rest;
  let words = select(matrix.end, matrix.count + 16u, again);
  let end = min(matrix.end, rest);

  if (lane == 0u) {
    mt_seed(seeds[group.x]);
  }
  workgroupBarrier();

  var now = 0u;
  for (var base = 0u; base < words; base += MT_WORDS) {
    mt_twist(now, MT_WORDS - now, lane);
    now = MT_WORDS - now;
    if (base + MT_WORDS > matrix.first && base < end) {
      // 312 pairs: places j and j + 8 of 39 blocks.
      for (var pair = lane; pair < 312u; pair += MT_LANES) {
        let word = pair / 8u * 16u + pair % 8u;
        let place = base + word;
        if (place < end) {
          let deviates = torch_pair(mt_temper(mt[now + word]), mt_temper(mt[now + word + 8u]));
          put(at, place, end, deviates.x);
          put(at, place + 8u, end, deviates.y);
        }
      }
    }
    if (lane < 16u) {
      let word = matrix.count + lane;
      if (word >= base && word < base + MT_WORDS) {
        last[lane] = mt_temper(mt[now + word - base]);
      }
    }
  }

  workgroupBarrier();
  if (again && lane < 8u) {
    let deviates = torch_pair(last[lane], last[lane + 8u]);
    put(at, rest + lane, matrix.end, deviates.x);
    put(at, rest + lane + 8u, matrix.end, deviates.y);
  }

  let padding = matrix.stride - matrix.columns;
  if (padding > 0u) {
    for (var i = lane; i < rows * padding; i += MT_LANES) {
      values[at + i / padding * matrix.stride + matrix.columns + i % padding] = 0.0;
    }
  }
}
