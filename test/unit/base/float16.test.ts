import { expect, test } from "vitest";
import { float16ToFloat32, float32ToFloat16 } from "../../../src/base/float16.js";
import { halfValue } from "../../support/float16-values.js";

/** All halves as bits, and the nonnegative finite ones in the order of their values. */
const all = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);
const FINITE = 0x7c00;

const isNaN16 = (bits: number) => (bits & 0x7fff) > FINITE;

/** Neighbor of a float32 value, one unit in the last place toward zero or away from it. */
function neighbor(x: number, step: 1 | -1): number {
  const value = Float32Array.of(x);
  const word = new Uint32Array(value.buffer);
  word[0] = (word[0] as number) + step;
  return value[0] as number;
}

/** Rounds one value. */
const round = (x: number) => float32ToFloat16(Float32Array.of(x))[0] as number;

test("all 65,536 halves become the float32 values that they are, and come back", () => {
  const values = float16ToFloat32(all);
  const back = float32ToFloat16(values);
  for (const bits of all) {
    expect(Object.is(values[bits], halfValue(bits)), `0x${bits.toString(16)}`).toBe(true);
    // Every NaN becomes the quiet one, with either sign.
    if (isNaN16(bits)) expect((back[bits] as number) & 0x7fff).toBe(0x7e00);
    else expect(back[bits], `0x${bits.toString(16)}`).toBe(bits);
  }
});

test("every midpoint of two halves goes to the even one, and its neighbors to the nearer one", () => {
  // The largest half and infinity have a midpoint too: 65520, from which on values are infinite.
  for (let low = 0; low < FINITE; low++) {
    const high = low + 1;
    const above = high === FINITE ? 65536 : halfValue(high);
    const middle = (halfValue(low) + above) / 2;
    expect(Math.fround(middle)).toBe(middle);
    const even = low % 2 === 0 ? low : high;
    const found = [middle, neighbor(middle, -1), neighbor(middle, 1)].flatMap((x) => [round(x), round(-x)]);
    const expected = [even, low, high].flatMap((bits) => [bits, bits | 0x8000]);
    expect(found, `between 0x${low.toString(16)} and the next half`).toEqual(expected);
  }
});

test("the smallest float32 values are zeros with their sign; values beyond the halves are infinite", () => {
  expect([0, 2 ** -149, 2 ** -126].map(round)).toEqual([0, 0, 0]);
  expect([-0, -(2 ** -149)].map(round)).toEqual([0x8000, 0x8000]);
  const largest = neighbor(Number.POSITIVE_INFINITY, -1);
  expect([65536, largest, Number.POSITIVE_INFINITY].map(round)).toEqual([FINITE, FINITE, FINITE]);
  expect([-largest, Number.NEGATIVE_INFINITY].map(round)).toEqual([0xfc00, 0xfc00]);
  expect(round(Number.NaN) & 0x7fff).toBe(0x7e00);
});
