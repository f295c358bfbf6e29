// A part: the count, the mean and the sum of squared differences from the mean of some values. Two parts are merged by
// the formula of Chan, Golub and LeVeque (1983). All terms of `squares` are positive, so nothing cancels.

struct Part {
  count: f32,
  mean: f32,
  squares: f32,
}

fn merge(a: Part, b: Part) -> Part {
  if (b.count == 0.0) {
    return a;
  }
  if (a.count == 0.0) {
    return b;
  }
  let count = a.count + b.count;
  let share = b.count / count;
  let apart = b.mean - a.mean;
  return Part(count, a.mean + apart * share, a.squares + b.squares + apart * apart * share * a.count);
}

/// Workgroups have 32 columns x 8 lanes: neighboring invocations read neighboring columns.
const COLUMNS = 32u;
const LANES = 8u;

var<workgroup> parts: array<Part, 256>;

/// Merges the parts of a column's lanes in a tree. The first lane has the result.
fn merge_lanes(part: Part, index: u32) -> Part {
  parts[index] = part;
  for (var lanes = LANES / 2u; lanes > 0u; lanes /= 2u) {
    workgroupBarrier();
    if (index / COLUMNS < lanes) {
      parts[index] = merge(parts[index], parts[index + lanes * COLUMNS]);
    }
  }
  return parts[index];
}
