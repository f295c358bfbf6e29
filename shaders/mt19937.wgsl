// MT19937; each workgroup of MT_LANES invocations makes one sequence. Twin of assembly/mt19937.ts, which describes the
// algorithm.
//
// x[k + 624] depends on x[k], x[k + 1] and x[k + 397], so at most 227 neighbors can be made at once: a twist has three
// parts.

const MT_WORDS = 624u;
const MT_LANES = 208u;

/// Two states. Each is made from the other one, so that no invocation overwrites a word that a neighbor still reads.
var<workgroup> mt: array<u32, 1248>;

/// Makes the first state of a seed at 0, in one invocation.
fn mt_seed(seed: u32) {
  var x = seed;
  mt[0] = x;
  for (var i = 1u; i < MT_WORDS; i++) {
    x = 1812433253u * (x ^ (x >> 30u)) + i;
    mt[i] = x;
  }
}

fn mt_twisted(word: u32, next: u32, far: u32) -> u32 {
  let y = (word & 0x80000000u) | (next & 0x7fffffffu);
  return far ^ (y >> 1u) ^ select(0u, 0x9908b0dfu, (next & 1u) == 1u);
}

/// Makes the state at `to` from the one at `old` (0 and 624, or 624 and 0), in all invocations.
fn mt_twist(old: u32, to: u32, lane: u32) {
  mt[to + lane] = mt_twisted(mt[old + lane], mt[old + lane + 1u], mt[old + lane + 397u]);
  workgroupBarrier();
  let second = lane + MT_LANES;
  let far = select(to + second - 227u, old + second + 397u, second < 227u);
  mt[to + second] = mt_twisted(mt[old + second], mt[old + second + 1u], mt[far]);
  workgroupBarrier();
  let third = lane + 2u * MT_LANES;
  let next = select(old + third + 1u, to, third == 623u);
  mt[to + third] = mt_twisted(mt[old + third], mt[next], mt[to + third - 227u]);
  workgroupBarrier();
}

/// Returns the output word of a state word.
fn mt_temper(word: u32) -> u32 {
  var y = word ^ (word >> 11u);
  y ^= (y << 7u) & 0x9d2c5680u;
  y ^= (y << 15u) & 0xefc60000u;
  return y ^ (y >> 18u);
}
