import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { mersenne } from "pure-rand/generator/mersenne";
import { skipN } from "pure-rand/utils/skipN";
import { generationSeeds, LinearProjection, TargetPermutation } from "taskloom";
import { describe, expect, test } from "vitest";
import { run } from "../support/cli.js";
import { pythonWithTorch } from "../support/python-libraries.js";
import { moduleWith, u32 } from "../support/module.js";
import { sha256, trainingSet } from "../support/support.js";
import { firstOutside, radii, torchCpu, torchNormals } from "../support/torch.js";

/** See scripts/make-torch-vectors.py. */
const more: {
  randint: { seed: number; high: string; values: string[] }[];
  randperm: { seed: string; values: number[] }[];
  normal: { seed: number; count: number; scale: number; values: number[] }[];
} = JSON.parse(readFileSync(new URL("./torch-more.json", import.meta.url), "utf8"));

/** The most by which our normals may differ from PyTorch's, in units of 2^-24 * radius; docs/torch.md derives it. */
const BOUND = 10;

const STATE = 4096;
const low = (seed: number | bigint) => Number(BigInt.asUintN(32, BigInt(seed)));

describe("MT19937, against pure-rand's", () => {
  test("words of any seed from any place, however they are asked for", async () => {
    const { kernel, at } = await moduleWith(0n, { state: STATE, out: 4 * 4000 });
    fc.assert(
      fc.property(
        fc.nat(2 ** 32 - 1),
        fc.array(fc.record({ skip: fc.nat(2000), count: fc.nat(1300) }), { minLength: 1, maxLength: 3 }),
        (seed, steps) => {
          const oracle = mersenne(seed);
          kernel.mtSeed(at.state, seed);
          for (const { skip, count } of steps) {
            skipN(oracle, skip);
            kernel.mtSkip(at.state, skip, 0);
            kernel.mtWords(at.state, count, at.out);
            const expected = Uint32Array.from({ length: count }, () => oracle.next());
            expect(u32(kernel, at.out, count)).toEqual(expected);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test.each([623, 624, 625, 1247, 1248, 1249])("%i words left out, at once and after others", async (skip) => {
    const { kernel, at } = await moduleWith(0n, { state: STATE, out: 64 });
    for (const before of [0, 1, 623, 624]) {
      const oracle = mersenne(99);
      skipN(oracle, before + skip);
      kernel.mtSeed(at.state, 99);
      kernel.mtWords(at.state, 0, at.out);
      kernel.mtSkip(at.state, before, 0);
      kernel.mtSkip(at.state, skip, 0);
      kernel.mtWords(at.state, 1, at.out);
      expect(u32(kernel, at.out, 1)[0], `${before} before`).toBe(oracle.next() >>> 0);
    }
  });

  // Beyond 2^24 words the state is moved at once.
  test.each([2 ** 24, 2 ** 24 + 1, 2 ** 24 + 625, 30_000_019])("far away: %i words", async (far) => {
    const { kernel, at } = await moduleWith(0n, { state: STATE, out: 4 * 700 });
    const oracle = mersenne(1);
    skipN(oracle, far);
    kernel.mtSeed(at.state, 1);
    kernel.mtSkip(at.state, far, 0);
    kernel.mtWords(at.state, 700, at.out);
    expect(u32(kernel, at.out, 700)).toEqual(Uint32Array.from({ length: 700 }, () => oracle.next()));
  });

  test("the polynomial is what scripts/make-mt19937-polynomial.mjs makes", async () => {
    const script = fileURLToPath(new URL("../../scripts/make-mt19937-polynomial.mjs", import.meta.url));
    const { code, stderr } = await run(process.execPath, [script, "--check"]);
    expect(code, stderr).toBe(0);
  });

  test("further than can be walked: steps of any sizes lead to the place of their sum", async () => {
    const { kernel, at } = await moduleWith(0n, { state: STATE, out: 4 * 700 });
    const skip = (words: bigint) => kernel.mtSkip(at.state, Number(words & 0xffffffffn), Number(words >> 32n));
    const there = (seed: number, steps: bigint[]) => {
      kernel.mtSeed(at.state, seed);
      for (const step of steps) skip(step);
      kernel.mtWords(at.state, 700, at.out);
      return u32(kernel, at.out, 700);
    };
    const far = fc.bigInt(0n, 2n ** 62n);
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), far, far, fc.bigInt(0n, 2000n), (seed, a, b, c) => {
        expect(there(seed, [a, b, c])).toEqual(there(seed, [c + b + a]));
      }),
      { numRuns: 20 },
    );
  });
});

describe("integers", () => {
  test("the seeds of the notebook's tasks", async () => {
    const { random_state, generation_seeds } = torchCpu;
    expect(generationSeeds(random_state, 4)).toEqual(generation_seeds);
    expect(generationSeeds(BigInt(random_state) + 2n ** 40n, 2, 1)).toEqual(generation_seeds.slice(1, 3));
    expect(generationSeeds(7, 6)).toEqual(more.randint.find(({ high }) => high === "4294967295")?.values.map(Number));
    expect(generationSeeds(7, 0, 2)).toEqual([]);
  });

  test.each([
    [-1, 1, 0, "randomState"],
    [0.5, 1, 0, "randomState"],
    [2n ** 64n, 1, 0, "randomState"],
    [0, -1, 0, "count"],
    [0, 2, 2 ** 32 - 1, "count"],
    [0, 1, 2 ** 32 + 1, "first"],
  ])("generationSeeds(%s, %s, %s) names %s", (randomState, count, first, option) => {
    expect(() => generationSeeds(randomState, count, first)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION", option }),
    );
  });

  test.each(more.randint)("randint($high) of seed $seed", async ({ seed, high, values }) => {
    const n = BigInt(high);
    const { kernel, at } = await moduleWith(0n, { state: STATE, out: 8 * values.length });
    kernel.mtSeed(at.state, low(seed));
    if (n < 2n ** 32n) {
      kernel.torchRandint(at.state, Number(n), values.length, at.out);
      expect([...u32(kernel, at.out, values.length)]).toEqual(values.map(Number));
    } else {
      kernel.torchRandint64(at.state, low(n), Number(n >> 32n), values.length, at.out);
      expect([...new BigUint64Array(kernel.memory.buffer, at.out, values.length)].map(String)).toEqual(values);
    }
  });

  test("indices of four tasks, and of all tasks' examples at once", async () => {
    const { kernel, at } = await moduleWith(0n, { state: STATE, out: 4 * 100 });
    for (const [task, { indices }] of torchCpu.tasks.entries()) {
      kernel.mtSeed(at.state, torchCpu.random_state);
      kernel.mtSkip(at.state, task * 100, 0);
      kernel.torchRandint(at.state, 60000, 100, at.out);
      expect([...u32(kernel, at.out, 100)], `task ${task}`).toEqual(indices);
    }
    kernel.mtSeed(at.state, torchCpu.random_state);
    kernel.torchRandint(at.state, 240000, 50, at.out);
    expect([...u32(kernel, at.out, 50)]).toEqual(torchCpu.flat_indices_50_of_240000);
  });

  test("permutations, by the generator's seed and by the task", async () => {
    for (const [task, { seed, permutation10, permutation100 }] of torchCpu.tasks.entries()) {
      for (const given of [{ seed }, { seed: torchCpu.random_state, task }]) {
        const ten = new TargetPermutation({ generator: "torch", ...given, classes: 10 });
        expect([...(await ten.permutation())]).toEqual(permutation10);
        const hundred = new TargetPermutation({ generator: "torch", ...given, classes: 100 });
        expect([...(await hundred.permutation())]).toEqual(permutation100);
      }
    }
    for (const { seed, values } of more.randperm) {
      const classes = values.length;
      const permutation = new TargetPermutation({ generator: "torch", seed: BigInt(seed), classes });
      expect([...(await permutation.permutation())], `${classes} of seed ${seed}`).toEqual(values);
    }
  });
});

describe("normals", () => {
  test.each(more.normal)("$count of seed $seed", async ({ seed, count, scale, values }) => {
    const made = await torchNormals(low(seed), count, scale);
    // Fewer than 16 are calculated in float64, and rounded once.
    if (count < 16) expect([...made]).toEqual(values);
    expect(firstOutside(made, values, scale, BOUND)).toBeUndefined();
  });

  test("40 of seed 5", async () => {
    expect(firstOutside(await torchNormals(5, 40, 1), torchCpu.normal_seed5_numel40, 1, BOUND)).toBeUndefined();
  });

  test("they do not depend on where the state stands among its 624 words", async () => {
    const { kernel, at } = await moduleWith(0n, { state: STATE, out: 4 * 2000 });
    for (const [skip, count] of [
      [0, 1999],
      [1, 1999],
      [619, 33],
      [624, 1300],
    ] as const) {
      kernel.mtSeed(at.state, 8);
      kernel.mtSkip(at.state, skip, 0);
      kernel.torchNormal(at.state, count, 1, at.out);
      const made = new Float32Array(kernel.memory.buffer, at.out, count).slice();
      const oracle = mersenne(8);
      skipN(oracle, skip);
      const words = Array.from({ length: count + (count % 16 ? 16 : 0) }, () => oracle.next() & 0xffffff);
      const expected = new Float64Array(count);
      for (let i = 0; i + 16 <= count; i += 16) boxMuller(words.slice(i, i + 16), expected.subarray(i, i + 16));
      if (count % 16) boxMuller(words.slice(-16), expected.subarray(count - 16));
      // Angles are not rounded in `boxMuller`: to 2^-22, which is 4 units, and 2 pi itself by less than 3.
      expect(firstOutside(made, expected, 1, BOUND + 7), `${count} after ${skip}`).toBeUndefined();
    }
  });

  test("every radius is within 2 units of the true one", async () => {
    const { kernel, at } = await moduleWith(0n, { words: 4 * 2 ** 16 });
    const words = new Uint32Array(kernel.memory.buffer, at.words, 2 ** 16);
    const values = new Float32Array(words.buffer, at.words, 2 ** 16);
    let worst = 0;
    for (let first = 0; first < 2 ** 24; first += 2 ** 15) {
      // Angle 0: the cosine is 1, so the first of a pair is the radius itself.
      words.fill(0);
      for (let i = 0; i < 2 ** 15; i++) words[(i >> 3) * 16 + (i & 7)] = first + i;
      kernel.torchNormalWords(at.words, 2 ** 12, 1);
      for (let i = 0; i < 2 ** 15; i++) {
        const exact = Math.sqrt(-2 * Math.log1p(-(first + i) / 2 ** 24));
        const error = Math.abs(values[(i >> 3) * 16 + (i & 7)]! - exact) / exact;
        if (exact > 0 && !(error <= worst)) worst = error;
      }
    }
    expect(worst * 2 ** 24).toBeLessThanOrEqual(2);
  });

  test("every sine and cosine is within 2 units of that of the rounded angle", async () => {
    const { kernel, at } = await moduleWith(0n, { words: 4 * 2 ** 16 });
    const words = new Uint32Array(kernel.memory.buffer, at.words, 2 ** 16);
    const values = new Float32Array(words.buffer, at.words, 2 ** 16);
    // One word for all radii, whose value is made first, at angle 0.
    const word = 0x87654321;
    words[0] = word;
    kernel.torchNormalWords(at.words, 1, 1);
    const radius = values[0]!;
    const twoPi = Math.fround(2 * Math.PI);
    let worst = 0;
    for (let first = 0; first < 2 ** 24; first += 2 ** 15) {
      for (let i = 0; i < 2 ** 15; i++) {
        words[(i >> 3) * 16 + (i & 7)] = word;
        words[(i >> 3) * 16 + 8 + (i & 7)] = 0xff000000 | (first + i);
      }
      kernel.torchNormalWords(at.words, 2 ** 12, 1);
      for (let i = 0; i < 2 ** 15; i++) {
        const theta = Math.fround(twoPi * ((first + i) / 2 ** 24));
        const cosine = Math.abs(values[(i >> 3) * 16 + (i & 7)]! / radius - Math.cos(theta));
        const sine = Math.abs(values[(i >> 3) * 16 + 8 + (i & 7)]! / radius - Math.sin(theta));
        if (!(cosine <= worst)) worst = cosine;
        if (!(sine <= worst)) worst = sine;
      }
    }
    // One unit of the function, one of the product with the radius.
    expect(worst * 2 ** 24).toBeLessThanOrEqual(2);
  });

  test("a radius of 0 gives 0, without a sign, as adding PyTorch's mean leaves it", async () => {
    const { kernel, at } = await moduleWith(0n, { words: 64 });
    const words = new Uint32Array(kernel.memory.buffer, at.words, 16);
    for (let j = 0; j < 8; j++) words[j + 8] = j << 21;
    kernel.torchNormalWords(at.words, 1, 1);
    expect([...new Float32Array(kernel.memory.buffer, at.words, 16)]).toEqual(new Array(16).fill(0));
  });
});

/** The Box-Muller transform of 16 uniforms in units of 2^-24, in float64. */
function boxMuller(uniforms: readonly number[], to: Float64Array): void {
  for (let j = 0; j < 8; j++) {
    const radius = Math.sqrt(-2 * Math.log1p(-uniforms[j]! / 2 ** 24));
    const theta = 2 * Math.PI * (uniforms[j + 8]! / 2 ** 24);
    to[j] = radius * Math.cos(theta);
    to[j + 8] = radius * Math.sin(theta);
  }
}

describe("LinearProjection with PyTorch's generator", () => {
  const options = { generator: "torch", inFeatures: 784 } as const;
  const scale = 1 / 784;

  test.each(torchCpu.tasks.map((task, i) => [i, task] as const))("task %i: the matrix", async (i, golden) => {
    const { data, shape } = await new LinearProjection({ ...options, seed: golden.seed }).matrix();
    expect(shape).toEqual([784, 784]);
    const outside = (at: number[], expected: number[]) => {
      const radius = radii(data, Math.fround(scale));
      return at.filter((k, n) => !(Math.abs(data[k]! - expected[n]!) <= BOUND * 2 ** -24 * radius[k]!));
    };
    const range = (first: number, count: number, step = 1) => Array.from({ length: count }, (_, n) => first + n * step);
    expect(outside(range(0, 16), golden.A_row0_first16)).toEqual([]);
    expect(outside(range(784 * 784 - 16, 16), golden.A_row783_last16)).toEqual([]);
    expect(outside(range(0, 14, 56 * 785), golden.A_diagonal_every_56th)).toEqual([]);

    // PyTorch adds in float32, in pairs of pairs: 20 roundings of sums no larger than that of all magnitudes.
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    const magnitude = data.reduce((sum, value) => sum + Math.abs(value), 0) / data.length;
    expect(Math.abs(mean - golden.mean)).toBeLessThanOrEqual((BOUND + 20) * 2 ** -24 * 1.5 * magnitude);
    const variance = data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (data.length - 1);
    expect(Math.abs(Math.sqrt(variance) - golden.std)).toBeLessThanOrEqual((BOUND + 20) * 2 ** -24 * golden.std);

    const byTask = new LinearProjection({ ...options, seed: torchCpu.random_state, task: i });
    expect(sha256((await byTask.matrix()).data)).toBe(sha256(data));
  });

  test("any rows are those of the whole, and uneven sizes are PyTorch's", async () => {
    const projection = new LinearProjection({ generator: "torch", seed: 11, inFeatures: 613, outFeatures: 1 });
    const golden = more.normal.find(({ count }) => count === 613)!;
    const scaled = golden.values.map((value) => value / 613);
    expect(firstOutside((await projection.matrix()).data, scaled, 1 / 613, BOUND + 1)).toBeUndefined();

    const uneven = new LinearProjection({ generator: "torch", seed: 11, inFeatures: 37, outFeatures: 61 });
    const whole = (await uneven.matrix()).data;
    for (const [start, stop] of [[0, 1], [5, 9], [59, 61], [60, 61]] as const) {
      const rows = (await uneven.matrix(start, stop)).data;
      expect(rows).toEqual(whole.slice(start * 37, stop * 37));
    }
  });

  test("projected examples are the notebook's", async () => {
    const { images } = await trainingSet();
    for (const { seed, indices, ...golden } of torchCpu.tasks.slice(0, 2)) {
      const projection = new LinearProjection({ ...options, seed });
      const radius = radii((await projection.matrix()).data, Math.fround(scale));
      for (const [position, first, expected] of [
        [0, 0, golden.projected_position0_first16],
        [99, 784 - 16, golden.projected_position99_last16],
      ] as const) {
        const at = indices[position]! * 784;
        const pixels = images.slice(at, at + 784).map((grey) => Math.max(0, grey - 1));
        const { data } = await projection.apply(pixels);
        const { data: matrix } = await projection.matrix();
        expected.forEach((value, n) => {
          // Both products are within their bound of the true one, of matrices that agree within theirs.
          let bound = 0;
          for (let j = 0; j < 784; j++) {
            const k = (first + n) * 784 + j;
            bound += (2 * (784 + 2) * Math.abs(matrix[k]!) + BOUND * radius[k]!) * (pixels[j]! / 255);
          }
          expect(Math.abs(data[first + n]! - value)).toBeLessThanOrEqual(bound * 2 ** -24);
        });
      }
    }
  });

  test("float32 examples and bytes, one and many, give the same", async () => {
    const projection = new LinearProjection({ generator: "torch", seed: 3, inFeatures: 20, outFeatures: 6 });
    const pixels = Uint8Array.from({ length: 20 * 4100 }, (_, i) => i * 31);
    const { data, shape } = await projection.apply(pixels);
    expect(shape).toEqual([4100, 6]);
    const floats = Float32Array.from(pixels, (pixel) => pixel / 255);
    expect((await projection.apply(floats)).data).toEqual(data);
    expect((await projection.apply(pixels.slice(20 * 4099))).data).toEqual(data.slice(6 * 4099));
  });

  test("a signal stops it", async () => {
    const projection = new LinearProjection({ ...options, seed: 3 });
    const controller = new AbortController();
    const work = projection.apply(new Uint8Array(784 * 3000), { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(work).rejects.toThrow("enough");
  });

  test("the task can be left out with this generator only; too large a matrix is refused", () => {
    for (const make of [
      () => new LinearProjection({ inFeatures: 4 }),
      () => new TargetPermutation({ classes: 4, generator: "chacha8" }),
    ]) {
      expect(make).toThrow(expect.objectContaining({ code: "INVALID_OPTION", option: "task" }));
    }
    expect(() => new LinearProjection({ generator: "torch", inFeatures: 2 ** 15, outFeatures: 2 ** 13 + 1 })).toThrow(
      expect.objectContaining({ option: "outFeatures" }),
    );
  });
});

/** Prints what PyTorch gives for some seeds: integers, a permutation, 16 * 40 + 5 normals, and 9 in float64's way. */
const SCRIPT = `
import json, sys, torch
def one(seed):
    g = torch.Generator()
    again = lambda: g.manual_seed(seed)
    return {
        "seeds": torch.randint(0, 2**32 - 1, (6,), generator=again()).tolist(),
        "permutation": torch.randperm(100, generator=again()).tolist(),
        "normals": torch.empty(645).normal_(0, 0.25, generator=again()).tolist(),
        "few": torch.empty(9).normal_(0, 0.25, generator=again()).tolist(),
    }
print(json.dumps({"version": torch.__version__, "seeds": [one(int(seed)) for seed in sys.argv[1:]]}))
`;

// Others in each run; the title says which, so that a failure can be repeated.
const askedSeeds = Array.from({ length: 3 }, () => Math.floor(Math.random() * 2 ** 32));

test(`PyTorch itself, asked now, about the seeds ${askedSeeds.join(", ")}`, async (context) => {
  const python = pythonWithTorch(context);
  const { code, stdout, stderr } = await run(python, ["-c", SCRIPT, ...askedSeeds.map(String)]);
  expect(code, stderr).toBe(0);
  const answers = JSON.parse(stdout);
  for (const [i, seed] of askedSeeds.entries()) {
    const told = `seed ${seed}, PyTorch ${answers.version}`;
    const { seeds: generated, permutation, normals, few } = answers.seeds[i];
    expect(generationSeeds(seed, 6), told).toEqual(generated);
    const mine = new TargetPermutation({ generator: "torch", seed, classes: 100 });
    expect([...(await mine.permutation())], told).toEqual(permutation);
    // A PyTorch that takes another library's functions rounds the angle in its own way: 11 units more, see docs/torch.md.
    expect(firstOutside(await torchNormals(seed, 645, 0.25), normals, 0.25, BOUND + 11), told).toBeUndefined();
    // float64 functions of another library may differ in their last bit, which a rounding to float32 seldom shows.
    expect(firstOutside(await torchNormals(seed, 9, 0.25), few, 0.25, 1), told).toBeUndefined();
  }
});
