import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidOptionError } from "../../../src/base/errors.js";
import { FeatureMoments } from "../../../src/scaling/feature-moments.js";
import { standardizeExamples } from "../../../src/scaling/standardize-examples.js";
import { standardizeFeatures } from "../../../src/scaling/standardize-features.js";

const table = fc
  .record({
    used: fc.integer({ min: 1, max: 40 }),
    behind: fc.integer({ min: 0, max: 4 }),
    count: fc.integer({ min: 1, max: 12 }),
    offset: fc.constantFrom(0, 1000),
    salt: fc.nat(),
  })
  .map(({ used, behind, count, offset, salt }) => {
    const stride = used + behind;
    const at = (i: number) => (Math.imul(i + salt, 0x9e3779b1) >>> 8) / 2 ** 24;
    return { used, stride, count, rows: Float32Array.from({ length: count * stride }, (_, i) => offset + at(i)) };
  });

/** Computes mean and population deviation in two plain passes in float64. */
function momentsOf(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / values.length) };
}

/**
 * Bound on the difference between two evaluations of f32((x - mean) / deviation) in float64: the rounding to float32 of
 * both, and n + 8 roundings of float64 values of at most |x|, which count more if the difference is a small part of x.
 */
function bound(z: number, largest: number, deviation: number, n: number): number {
  return 2 ** -24 * Math.abs(z) * 1.001 + ((n + 8) * 2 ** -52 * largest * (1 + Math.abs(z))) / deviation;
}

test("each example by itself: as two plain passes have it, and the rest is left alone", () => {
  fc.assert(
    fc.property(table, ({ used, stride, count, rows }) => {
      const before = rows.slice();
      standardizeExamples(rows, stride, used, count);
      for (let row = 0; row < count; row++) {
        const given = [...before.subarray(row * stride, row * stride + used)];
        const made = rows.subarray(row * stride, row * stride + used);
        const { mean, deviation } = momentsOf(given);
        given.forEach((x, i) => {
          const z = deviation === 0 ? 0 : (x - mean) / deviation;
          expect(Math.abs(made[i]! - z)).toBeLessThanOrEqual(deviation === 0 ? 0 : bound(z, 1001, deviation, used));
        });
        expect(rows.subarray(row * stride + used, (row + 1) * stride)).toEqual(
          before.subarray(row * stride + used, (row + 1) * stride),
        );
      }
    }),
  );
});

test("a standardized example has mean 0 and variance 1, whatever its scale and offset were", () => {
  fc.assert(
    fc.property(fc.constantFrom(1e-30, 1e-3, 1, 1e30), fc.integer({ min: 2, max: 900 }), fc.nat(), (scale, n, salt) => {
      const row = Float32Array.from(
        { length: n },
        (_, i) => ((Math.imul(i + salt, 0x9e3779b1) >>> 8) - 2 ** 22) * scale,
      );
      standardizeExamples(row, n, n, 1);
      const { mean, deviation } = momentsOf([...row]);
      // Each value is at most sqrt(n) and has an error of 2^-24 of itself; by Cauchy and Schwarz so have mean and deviation.
      expect(Math.abs(mean)).toBeLessThanOrEqual(2 ** -23);
      expect(Math.abs(deviation - 1)).toBeLessThanOrEqual(2 ** -23);
    }),
  );
});

test("an example does not depend on those beside it", () => {
  fc.assert(
    fc.property(table, ({ used, stride, count, rows }) => {
      const alone = rows.slice();
      for (let row = 0; row < count; row++) standardizeExamples(alone.subarray(row * stride), stride, used, 1);
      standardizeExamples(rows, stride, used, count);
      expect(rows).toEqual(alone);
    }),
  );
});

test("equal values become zeros", () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: 1, max: 2000 }), (value, n) => {
      const row = new Float32Array(n + 1).fill(value);
      standardizeExamples(row, n + 1, n, 1);
      expect(row.subarray(0, n).every((z) => Object.is(z, 0))).toBe(true);
      expect(row[n]).toBe(value);
    }),
  );
});

test("each feature by its statistics: the formula in float64, to the bit, and the rest is left alone", () => {
  fc.assert(
    fc.property(table, fc.constantFrom(0, 1e-12, 0.5), ({ used, stride, count, rows }, epsilon) => {
      const before = rows.slice();
      const mean = Float64Array.from({ length: used }, (_, i) => i / 3);
      const deviation = Float64Array.from({ length: used }, (_, i) => (i + 1) / 7);
      standardizeFeatures(rows, stride, used, count, mean, deviation, epsilon);
      before.forEach((x, k) => {
        const i = k % stride;
        const z = i < used ? Math.fround((x - mean[i]!) / (deviation[i]! + epsilon)) : x;
        expect(rows[k]).toBe(z);
      });
    }),
  );
});

test("by their own statistics features have mean 0 and variance 1", () => {
  fc.assert(
    fc.property(table, ({ used, stride, count, rows }) => {
      fc.pre(count > 1);
      const moments = new FeatureMoments(used);
      moments.add(rows, stride, count);
      const deviation = moments.variance(0).map(Math.sqrt);
      standardizeFeatures(rows, stride, used, count, moments.mean(), deviation, 0);
      const after = new FeatureMoments(used);
      after.add(rows, stride, count);
      for (let i = 0; i < used; i++) {
        if (deviation[i] === 0) continue;
        // The bound above, plus the error of a mean near 1000: (n / 2 + 7) * 2^-53 * 1001 in units of the deviation.
        const slack = 2 ** -23 + ((3 * count + 31) * 2 ** -53 * 1001 ** 2) / deviation[i]! ** 2;
        expect(Math.abs(after.mean()[i]!)).toBeLessThanOrEqual(slack);
        expect(Math.abs(Math.sqrt(after.variance(0)[i]!) - 1)).toBeLessThanOrEqual(slack);
      }
    }),
  );
});

test.each([0, 1e-12])("a constant feature becomes 0 (epsilon %d)", (epsilon) => {
  const rows = Float32Array.of(0.1, 1, 0.1, 3, 0.1, 5);
  const moments = new FeatureMoments(2);
  moments.add(rows, 2, 3);
  standardizeFeatures(rows, 2, 2, 3, moments.mean(), moments.variance(1).map(Math.sqrt), epsilon);
  expect([...rows]).toEqual([0, -1, 0, 0, 0, 1]);
});

test("without deviation and epsilon a value away from the mean becomes 0 too", () => {
  const rows = Float32Array.of(5);
  standardizeFeatures(rows, 1, 1, 1, Float64Array.of(2), Float64Array.of(0), 0);
  expect([...rows]).toEqual([0]);
});

test.each([
  ["more features than a row has", () => standardizeExamples(new Float32Array(4), 2, 3, 2), "stride"],
  ["no features", () => standardizeExamples(new Float32Array(4), 2, 0, 2), "features"],
  ["more rows than there are", () => standardizeExamples(new Float32Array(4), 2, 2, 3), "rows.length"],
  [
    "a mean of another width",
    () => standardizeFeatures(new Float32Array(4), 2, 2, 2, new Float64Array(1), new Float64Array(2), 0),
    "mean.length",
  ],
  [
    "a deviation of another width",
    () => standardizeFeatures(new Float32Array(4), 2, 2, 2, new Float64Array(2), new Float64Array(3), 0),
    "deviation.length",
  ],
])("rejects %s", (_, call, option) => {
  expect(call).toThrow(InvalidOptionError);
  expect(call).toThrow(new RegExp(`^${option.replace(".", "\\.")} is `));
});
