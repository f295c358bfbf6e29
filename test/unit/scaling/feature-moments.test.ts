import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidOptionError } from "../../../src/base/errors.js";
import { FeatureMoments } from "../../../src/scaling/feature-moments.js";

/** Rows of integers times 2^-10, which float32 holds exactly, so that the oracle can be exact. */
const UNIT = 2 ** 10;
const table = fc
  .record({
    width: fc.integer({ min: 1, max: 9 }),
    behind: fc.integer({ min: 0, max: 3 }),
    count: fc.integer({ min: 1, max: 120 }),
    offset: fc.constantFrom(0, 5_000_000, -8_000_000),
    spread: fc.constantFrom(1, 1000, 8_000_000),
    salt: fc.nat(),
  })
  .map(({ width, behind, count, offset, spread, salt }) => {
    const stride = width + behind;
    const units = Array.from({ length: count * stride }, (_, i) => {
      return offset + ((Math.imul(i + salt, 0x9e3779b1) >>> 3) % spread);
    });
    return { width, stride, count, units, rows: Float32Array.from(units, (unit) => unit / UNIT) };
  });

function added(width: number, stride: number, rows: Float32Array, cuts: readonly number[] = []): FeatureMoments {
  const moments = new FeatureMoments(width);
  const count = rows.length / stride;
  const ends = [...new Set([...cuts.map((cut) => cut % (count + 1)), count])].sort((a, b) => a - b);
  let row = 0;
  for (const end of ends) {
    moments.add(rows.subarray(row * stride), stride, end - row);
    row = end;
  }
  return moments;
}

/** Computes mean and variance by sums of integers: correctly rounded, except for two conversions and divisions. */
function exact(units: readonly number[], ddof: number): { mean: number; variance: number } {
  const n = BigInt(units.length);
  let sum = 0n;
  let squares = 0n;
  for (const unit of units) {
    sum += BigInt(unit);
    squares += BigInt(unit) ** 2n;
  }
  const count = units.length;
  const variance = Number(n * squares - sum * sum) / UNIT ** 2 / count / (count - ddof);
  return { mean: Number(sum) / count / UNIT, variance };
}

test("mean and variance are within the stated bounds of the exact ones", () => {
  fc.assert(
    fc.property(table, ({ width, stride, count, units, rows }) => {
      const moments = added(width, stride, rows);
      expect(moments.count).toBe(count);
      for (const ddof of count > 1 ? ([0, 1] as const) : ([0] as const)) {
        const mean = moments.mean();
        const variance = moments.variance(ddof);
        for (let i = 0; i < width; i++) {
          const feature = Array.from({ length: count }, (_, row) => units[row * stride + i]!);
          const largest = Math.max(...feature.map(Math.abs)) / UNIT;
          const oracle = exact(feature, ddof);
          // The oracle and the last division have 4 roundings of their own.
          expect(Math.abs(mean[i]! - oracle.mean)).toBeLessThanOrEqual((count / 2 + 11) * 2 ** -53 * largest);
          expect(Math.abs(variance[i]! - oracle.variance)).toBeLessThanOrEqual(
            (3 * count + 35) * 2 ** -53 * largest ** 2 * (count / (count - ddof)),
          );
        }
      }
    }),
  );
});

test("nothing cancels: far from zero the variance keeps its digits", () => {
  // 1e7 + {0, 1, 2}: sums of squares in float64 would be 3e14, which hides a difference of 2. Here everything is exact,
  // except for a few roundings of the means, which change the squares only in the second order.
  const moments = new FeatureMoments(1);
  for (let i = 0; i < 1000; i++) moments.add(Float32Array.of(1e7, 1e7 + 1, 1e7 + 2), 1, 3);
  expect(moments.mean()[0]).toBeCloseTo(1e7 + 1, 7);
  expect(moments.variance(0)[0]).toBeCloseTo(2 / 3, 7);
});

test("how rows are cut into calls does not show in a bit", () => {
  fc.assert(
    fc.property(table, fc.array(fc.nat(200), { maxLength: 8 }), ({ width, stride, rows }, cuts) => {
      const whole = added(width, stride, rows);
      const pieces = added(width, stride, rows, cuts);
      expect(pieces.count).toBe(whole.count);
      expect(pieces.mean()).toEqual(whole.mean());
      expect(pieces.variance(0)).toEqual(whole.variance(0));
    }),
  );
});

test("merged parts are within the bounds of the whole", () => {
  fc.assert(
    fc.property(table, fc.nat(200), ({ width, stride, count, rows }, cut) => {
      const at = cut % (count + 1);
      const merged = added(width, stride, rows.subarray(0, at * stride));
      merged.merge(added(width, stride, rows.subarray(at * stride)));
      const whole = added(width, stride, rows);
      const largest = rows.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(merged.count).toBe(count);
      // Twice the bound of one stream plus the bound of one merge: 4 roundings of the mean, 6 of a variance.
      const bound = (3 * count + 40) * 2 ** -52;
      for (let i = 0; i < width; i++) {
        expect(Math.abs(merged.mean()[i]! - whole.mean()[i]!)).toBeLessThanOrEqual(bound * largest);
        expect(Math.abs(merged.variance(0)[i]! - whole.variance(0)[i]!)).toBeLessThanOrEqual(bound * largest ** 2);
      }
    }),
  );
});

test("merging with none on either side changes no bit", () => {
  const rows = Float32Array.of(0.1, 0.2, 0.7, 0.3, 0.9, 0.4);
  const whole = added(2, 2, rows);
  const left = added(2, 2, rows);
  left.merge(new FeatureMoments(2));
  const right = new FeatureMoments(2);
  right.merge(whole);
  for (const merged of [left, right]) {
    expect(merged.count).toBe(3);
    expect(merged.mean()).toEqual(whole.mean());
    expect(merged.variance(1)).toEqual(whole.variance(1));
  }
});

test("a constant feature has exactly its value as mean, and no variance", () => {
  fc.assert(
    fc.property(
      fc.float({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: 2, max: 3000 }),
      (value, count) => {
        const moments = added(1, 1, new Float32Array(count).fill(value));
        expect(moments.mean()[0]! + 0).toBe(value + 0);
        expect(moments.variance(1)[0]).toBe(0);
        moments.merge(moments);
        expect(moments.mean()[0]! + 0).toBe(value + 0);
        expect(moments.variance(1)[0]).toBe(0);
      },
    ),
  );
});

test("results are copies", () => {
  const moments = added(1, 1, Float32Array.of(1, 3));
  moments.mean()[0] = 7;
  moments.variance(0)[0] = 7;
  expect([moments.mean()[0], moments.variance(0)[0]]).toEqual([2, 1]);
});

test.each([
  ["no features", () => new FeatureMoments(0), "width"],
  ["a stride below the width", () => new FeatureMoments(3).add(new Float32Array(6), 2, 3), "stride"],
  ["more rows than there are", () => new FeatureMoments(3).add(new Float32Array(8), 4, 3), "rows.length"],
  ["a mean of nothing", () => new FeatureMoments(1).mean(), "count"],
  ["an unbiased variance of one row", () => added(1, 1, Float32Array.of(1)).variance(1), "count"],
  ["another width", () => new FeatureMoments(1).merge(new FeatureMoments(2)), "other.width"],
])("rejects %s", (_, call, option) => {
  expect(call).toThrow(InvalidOptionError);
  expect(call).toThrow(new RegExp(`^${option.replace(".", "\\.")} is `));
});

test("the last row may end with what is used of it", () => {
  expect([...added(2, 2, Float32Array.of(1, 2)).mean()]).toEqual([1, 2]);
  const moments = new FeatureMoments(2);
  moments.add(Float32Array.of(1, 2, 99, 3, 4), 3, 2);
  expect([...moments.mean()]).toEqual([2, 3]);
});
