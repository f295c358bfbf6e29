// The computations of stages.wgsl in plain JavaScript.

const rotl = (x, n) => (x << n) | (x >>> (32 - n));

const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];
const NAME = [0x6b736174, 0x6d6f6f6c, 0x72747320, 0x206d6165, 0x00003176, 0];
const COLUMNS = [0, 1, 2, 3].map((i) => [i, 4 + i, 8 + i, 12 + i]);
const DIAGONALS = [0, 1, 2, 3].map((i) => [i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4)]);

function quarterRound(s, [a, b, c, d]) {
  for (const [first, second] of [
    [16, 12],
    [8, 7],
  ]) {
    s[a] += s[b];
    s[d] = rotl(s[d] ^ s[a], first);
    s[c] += s[d];
    s[b] = rotl(s[b] ^ s[c], second);
  }
}

/** Returns the 16 words of a block of a task's stream: the matrix's stream, or that of another purpose. */
export function chacha8([low, high], task, counter, purpose = 0, item = 0) {
  const start = Uint32Array.of(...CONSTANTS, low, high, ...NAME, counter, task, purpose, item);
  const s = start.slice();
  for (let i = 0; i < 4; i++) for (const quarter of [...COLUMNS, ...DIAGONALS]) quarterRound(s, quarter);
  return s.map((word, i) => word + start[i]);
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** Returns the deviate of a word, in units of 1/4096. */
export function deviate(table, word) {
  float[0] = ((word >>> 7) & 0xffffff) | 1;
  const q = table[(bits[0] >>> 18) - 4064];
  const drop = Math.imul(q & 0xfff, (bits[0] >>> 2) & 0xffff) >>> 16;
  const z = ((q >>> 12) - drop) >> 5;
  return word >> 31 ? -z : z;
}

/** Returns lane `i % 4` of `hash4(i / 4)`. */
export function hash(i) {
  const v = Math.imul(i, 2654435761) >>> 0;
  return (v ^ (v >>> 15)) >>> 0;
}

/** `dot4U8Packed`. */
export function dot4(a, b) {
  let sum = 0;
  for (let shift = 0; shift < 32; shift += 8) sum += ((a >>> shift) & 255) * ((b >>> shift) & 255);
  return sum;
}
