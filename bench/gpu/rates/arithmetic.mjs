// The kernels of arithmetic.wgsl and workgroup.wgsl: the operations of a step, and the expected word of an invocation.
import { dot4, hash } from "../reference.mjs";

const LANES = [0, 1, 2, 3];
const SEED = 20261;

const rotl = (x, n) => (x << n) | (x >>> (32 - n));
const fold = (words) => words.reduce((sum, word) => sum ^ word, 0);

/** `start4` of rate.wgsl. */
function start({ seed }, id, which) {
  return LANES.map((lane) => hash(4 * (seed + 8 * id + which) + lane));
}

/** Returns two vectors of an invocation after `times` steps of `next`; `shift` distinguishes them. See the shaders. */
function pair(rate, id, times, next, shift = 0) {
  const run = (word, lane) => {
    let x = word;
    for (let i = 0; i < times; i++) x = next(x, lane);
    return x;
  };
  return fold(start(rate, id, 0).map(run)) ^ (fold(start(rate, id, 1).map(run)) << shift);
}

/** Computes a lane of `rotations`. */
function rotated(a, b, times) {
  let [x, y] = [a, b];
  for (let i = 0; i < times; i++) {
    for (const n of [16, 12, 8, 7]) {
      x = (x + y) | 0;
      y = rotl(y ^ x, n);
    }
  }
  return x ^ y;
}

function rotations(rate, id, times) {
  const b = start(rate, id, 1);
  return fold(start(rate, id, 0).map((a, lane) => rotated(a, b[lane], times)));
}

/** Computes the sums of integers of both kernels of multiply-adds. */
function sums({ addend }, id, steps) {
  const vector = (first) => fold(LANES.map((lane) => first + 8 * steps * (lane + 1) * addend));
  const first = id & 255;
  if (32 * steps * addend + 256 >= 2 ** 24) throw new Error("sums of more than 24 bits: their check would be wrong");
  return vector(first) ^ (vector(first + 1) << 1);
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

function converted(x) {
  float[0] = x & 0xffffff;
  return bits[0];
}

/** Computes repeated steps of `eight` of workgroup.wgsl, for an invocation that begins at `at`. */
function reads({ seed }, at, steps) {
  const vectors = Array.from({ length: 128 }, (_, first) =>
    LANES.map((lane) => fold([0, 1, 2, 3, 4, 5, 6, 7].map((eighth) => hash(4 * (seed + first + 128 * eighth) + lane)))),
  );
  let sum = [0, 0, 0, 0];
  for (let i = 0; i < steps; i++) {
    const [x, y, z, w] = vectors[(at + i) & 127];
    sum = [sum[1] + x, sum[2] + y, sum[3] + z, sum[0] + w].map((word) => word | 0);
  }
  return fold(sum);
}

/** `lookups` of workgroup.wgsl. */
function looked({ factor, addend }, id, steps) {
  const vector = (first) =>
    fold(
      LANES.map((lane) => {
        let x = (id & 255) + first + 64 * lane;
        for (let i = 0; i < 4 * steps; i++) x = (x * factor + addend) & 1023;
        return x;
      }),
    );
  return vector(0) ^ (vector(512) << 10);
}

/**
 * The kernels by the names of their entry points: `operations` of a step of an invocation, the values of the uniform, and
 * the word of invocation `id` after a number of steps.
 */
export const ARITHMETIC = {
  rotations: {
    what: "32-bit add, xor, rotate, as ChaCha has them",
    unit: "Gop/s",
    operations: 96,
    rate: { seed: SEED },
    expected: (rate, id, steps) => rotations(rate, id, 2 * steps),
  },
  simples: {
    what: "32-bit shift, xor, add",
    unit: "Gop/s",
    operations: 96,
    rate: { seed: SEED },
    expected(rate, id, steps) {
      const key = start(rate, 0, 2);
      return pair(rate, id, 4 * steps, (x, lane) => (x + ((x >>> 5) ^ key[lane])) | 0);
    },
  },
  multiplications: {
    what: "32-bit multiply-add",
    unit: "Gop/s",
    operations: 64,
    rate: { seed: SEED, factor: 747796405, addend: 2891336453 },
    expected(rate, id, steps) {
      return pair(rate, id, 8 * steps, (x) => (Math.imul(x, rate.factor) + rate.addend) | 0);
    },
  },
  packed_dots: {
    what: "dot4U8Packed, added to a sum",
    unit: "Gop/s",
    operations: 64,
    rate: { seed: SEED, factor: 0xc35a97e1 },
    expected: (rate, id, steps) => pair(rate, id, 8 * steps, (x) => (x + dot4(x, rate.factor)) | 0),
  },
  dots_and_rotations: {
    what: "as many of both, independent",
    unit: "Gop/s",
    operations: 96,
    rate: { seed: SEED, factor: 0xc35a97e1 },
    expected(rate, id, steps) {
      const dots = start(rate, id, 2).map((word) => {
        let x = word;
        for (let i = 0; i < 12 * steps; i++) x = (x + dot4(x, rate.factor)) | 0;
        return x;
      });
      return rotations(rate, id, steps) ^ fold(dots);
    },
  },
  fused: {
    what: "f32 fma()",
    unit: "Gfma/s",
    operations: 64,
    rate: { seed: SEED, factor: 1, addend: 1 },
    expected: sums,
  },
  separate: {
    what: "f32 a * b + c",
    unit: "Gfma/s",
    operations: 64,
    rate: { seed: SEED, factor: 1, addend: 1 },
    expected: sums,
  },
  conversions: {
    what: "u32 to f32, with the mask before it",
    unit: "Gop/s",
    operations: 32,
    rate: { seed: SEED },
    expected: (rate, id, steps) => pair(rate, id, 4 * steps, converted, 1),
  },
};

export const WORKGROUP = {
  neighbors: {
    what: "workgroup memory, neighboring vectors",
    unit: "GB/s",
    operations: 8 * 16,
    rate: { seed: SEED },
    expected: (rate, id, steps) => reads(rate, id & 255, steps),
  },
  shared_reads: {
    what: "workgroup memory, a vector for 32 invocations",
    unit: "GB/s",
    operations: 8 * 16,
    rate: { seed: SEED },
    expected: (rate, id, steps) => reads(rate, (id & 255) >> 5, steps),
  },
  lookups: {
    what: "workgroup memory, dependent lookups of a word",
    unit: "Gop/s",
    operations: 32,
    rate: { seed: SEED, factor: 5, addend: 1 },
    expected: looked,
  },
};
