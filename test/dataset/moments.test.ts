import fc from "fast-check";
import { Dataset } from "taskloom";
import { describe, expect, it } from "vitest";

const of = (images: Uint8Array | Float32Array): Dataset =>
  Dataset.from({ images, targets: new Uint8Array(images.length), shape: [1] });

describe("moments of uint8", () => {
  it("are the formula over exact integer sums, to the bit", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 2000 }), (images) => {
        const n = BigInt(images.length);
        let sum = 0n;
        let squares = 0n;
        for (const value of images) {
          sum += BigInt(value);
          squares += BigInt(value) ** 2n;
        }
        const { mean, standardDeviation } = of(images).moments();
        expect(mean).toBe(Number(sum) / images.length);
        expect(standardDeviation).toBe(Math.sqrt(Number(n * squares - sum * sum)) / images.length);
      }),
    );
  });

  it("stay exact where the products leave the integers of f64", () => {
    // n * sumOfSquares is about 6.5e16 here, 2^53 about 9e15: in f64 the difference below would lose its last digits.
    const images = new Uint8Array(1_000_001).fill(254);
    images.fill(255, 0, 3);
    const n = BigInt(images.length);
    const spread = n * 3n - 9n;
    expect(of(images).moments().standardDeviation).toBe(Math.sqrt(Number(spread)) / images.length);
  });

  it("have no spread where all values are equal: nothing cancels", () => {
    expect(of(new Uint8Array(100_003).fill(254)).moments()).toEqual({ mean: 254, standardDeviation: 0 });
  });

  it("do not depend on the order of the examples", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (images) => {
        expect(of(images.toReversed()).moments()).toEqual(of(images).moments());
      }),
    );
  });
});

describe("moments of float32", () => {
  it("are within rounding of the same bytes as uint8", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 500 }), (bytes) => {
        const exact = of(bytes).moments();
        const { mean, standardDeviation } = of(Float32Array.from(bytes)).moments();
        // The sum of integers is exact in f64, so the mean is the same number. The n squares of deviations up to 255
        // carry a rounding of 2^-53 each and n in their sum: (n + 4) 2^-53 of the sum; the deviation gets half of it.
        // A mean that is off by half an ulp of 255 adds at most 255 * 2^-53.
        expect(mean).toBe(exact.mean);
        const bound = ((bytes.length + 8) * exact.standardDeviation + 255) * 2 ** -53;
        expect(Math.abs(standardDeviation - exact.standardDeviation)).toBeLessThanOrEqual(bound);
      }),
    );
  });

  it("do not cancel far from zero", () => {
    expect(of(Float32Array.of(1e7 - 1, 1e7 + 1)).moments()).toEqual({ mean: 1e7, standardDeviation: 1 });
  });
});

it("moments are computed once, and frozen", () => {
  const dataset = of(Uint8Array.of(1, 2));
  const moments = dataset.moments();
  expect(dataset.moments()).toBe(moments);
  expect(Object.isFrozen(moments)).toBe(true);
});
