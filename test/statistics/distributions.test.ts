import { describe, expect, it } from "vitest";
import { chiSquareP, gammaTails, kolmogorovP, normalP, normalTail } from "./distributions.js";

// Known values: mpmath 1.3.0 at 40 digits (erfc, gammainc with regularized=True, the sum of Kolmogorov's law).
const relativeError = (value: number, known: number) => Math.abs(value / known - 1);

describe("distributions", () => {
  it.each([
    [0.5, 0.3085375387259869],
    [1, 0.15865525393145705],
    [2, 0.02275013194817921],
    [3, 0.0013498980316300946],
    [5.4, 3.332044848542851e-8],
  ])("normalTail(%f)", (z, known) => {
    expect(relativeError(normalTail(z), known)).toBeLessThan(1e-12);
    expect(normalTail(-z)).toBeCloseTo(1 - known, 14);
    expect(relativeError(normalP(-z), 2 * known)).toBeLessThan(1e-12);
  });

  it.each([
    [1, 3.841458820694124, 0.9499999999999998, 0.05000000000000006],
    [10, 18.5, 0.9529072771728287, 0.04709272282717132],
    [81, 130, 0.9995470147416055, 0.0004529852583946098],
    [81, 30, 3.911114235754574e-8, 0.9999999608888576],
    [1020, 1300, 0.9999999947658929, 5.234107050189784e-9],
    [59999, 62000, 0.9999999945264647, 5.473535279494687e-9],
  ])("tails of chi-square with %i degrees at %f", (degrees, x, lower, upper) => {
    const tails = gammaTails(degrees / 2, x / 2);
    // a log x - x - log Gamma(a) cancels: a = 30000 leaves ten of the sixteen digits.
    expect(relativeError(tails.lower, lower)).toBeLessThan(1e-9);
    expect(relativeError(tails.upper, upper)).toBeLessThan(1e-9);
    expect(relativeError(chiSquareP(x, degrees), 2 * Math.min(lower, upper))).toBeLessThan(1e-9);
  });

  it.each([
    [0.5, 0.9639452436648751],
    [1, 0.2699996716773545],
    [1.36, 0.04948587675537788],
    [2.9, 9.912810638345008e-8],
  ])("kolmogorovP at lambda = %f", (lambda, known) => {
    expect(relativeError(kolmogorovP(lambda / 1000, 1e6), known)).toBeLessThan(1e-12);
  });
});
