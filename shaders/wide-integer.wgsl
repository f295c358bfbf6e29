// Integers of 64 bits in two words, for sums that 32 bits do not hold: WGSL has neither i64 nor f64.

/// Two's complement.
struct Wide {
  low: u32,
  high: u32,
}

fn wide_of(x: i32) -> Wide {
  return Wide(bitcast<u32>(x), bitcast<u32>(x >> 31u));
}

/// Returns x * 2^shift; the shift is 1 to 31.
fn wide_shifted(x: i32, shift: u32) -> Wide {
  return Wide(bitcast<u32>(x) << shift, bitcast<u32>(x >> (32u - shift)));
}

fn wide_sum(a: Wide, b: Wide) -> Wide {
  let low = a.low + b.low;
  return Wide(low, a.high + b.high + select(0u, 1u, low < a.low));
}

fn wide_negative(x: Wide) -> Wide {
  return Wide(~x.low + 1u, ~x.high + select(0u, 1u, x.low == 0u));
}

/// Returns a * b; |b| is below 2^16.
fn wide_product(a: i32, b: i32) -> Wide {
  let m = bitcast<u32>(abs(b));
  let n = bitcast<u32>(abs(a));
  let low = (n & 0xffffu) * m;
  let high = (n >> 16u) * m;
  let product = wide_sum(Wide(low, 0u), Wide(high << 16u, high >> 16u));
  if ((a < 0) != (b < 0)) {
    return wide_negative(product);
  }
  return product;
}

/// Rounds to f32, to nearest, ties to even. All steps are of integers, so that devices do not differ.
fn wide_f32(x: Wide) -> f32 {
  var size = x;
  if ((x.high & 0x80000000u) != 0u) {
    size = wide_negative(x);
  }
  // The leading bits in one word; bit 0 also stands for all bits that have no place in it.
  var word = size.low;
  var exponent = 31u;
  if (size.high != 0u) {
    let left = countLeadingZeros(size.high);
    word = size.high;
    if (left > 0u) {
      word = (size.high << left) | (size.low >> (32u - left));
    }
    if ((size.low << left) != 0u) {
      word |= 1u;
    }
    exponent = 63u - left;
  }
  if (word == 0u) {
    return 0.0;
  }
  let left = countLeadingZeros(word);
  word <<= left;
  // 24 bits, 2^23 to 2^24: where rounding makes 2^24 of it, the addition below raises the exponent.
  let dropped = word & 0xffu;
  var bits = word >> 8u;
  if (dropped > 0x80u || (dropped == 0x80u && (bits & 1u) != 0u)) {
    bits += 1u;
  }
  bits += (126u + exponent - left) << 23u;
  return bitcast<f32>(bits | (x.high & 0x80000000u));
}

/// Returns the sum whose products p are kept as `low`, the sum of p modulo 2^32, and `high`, the sum of p >> shift, rounded
/// down: low - high * 2^shift is what the shifts have lost, from 0 to 2^32 - 1.
fn wide_from_parts(low: i32, high: i32, shift: u32) -> Wide {
  let lost = bitcast<u32>(low) - (bitcast<u32>(high) << shift);
  return wide_sum(wide_shifted(high, shift), Wide(lost, 0u));
}
