// Damaged bytes.

/** 32-bit integers at the borders of types. */
const BORDERS = [0, 1, 2, 3, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff];

/** A copy of the bytes with 1 to 4 changes. */
export function mutateBytes(bytes, random) {
  let result = Buffer.from(bytes);
  for (let changes = 1 + random.below(4); changes > 0; changes--) result = change(result, random);
  return result;
}

function change(bytes, random) {
  // Headers are short and decide most: half of the changes are in the first 64 bytes.
  const range = random.oneIn(2) ? Math.min(64, bytes.length) : bytes.length;
  if (range === 0) return Buffer.from([random.below(256)]);
  const at = random.below(range);
  switch (random.below(8)) {
    case 0:
      bytes[at] ^= 1 << random.below(8);
      return bytes;
    case 1:
      bytes[at] = random.pick(BORDERS);
      return bytes;
    case 2:
      return bytes.subarray(0, at);
    case 3:
      return Buffer.concat([bytes, Buffer.alloc(random.below(64), random.below(256))]);
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(16))]);
    case 5:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at, at + 1 + random.below(64)), bytes.subarray(at)]);
    default:
      if (bytes.length < 4) return Buffer.alloc(0);
      if (random.oneIn(2)) bytes.writeUInt32BE(random.pick(BORDERS), Math.min(at, bytes.length - 4));
      else bytes.writeUInt32LE(random.pick(BORDERS), Math.min(at, bytes.length - 4));
      return bytes;
  }
}
