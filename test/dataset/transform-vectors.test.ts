import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  Compose,
  ConvertImageDtype,
  Grayscale,
  Normalize,
  type NormalizeOptions,
  type Pixels,
  Resize,
  type ResizeOptions,
  type Transform,
} from "taskloom";
import { describe, expect, it } from "vitest";

// torchvision's own answers: scripts/make-transform-vectors.py, provenance inside.
interface Stored {
  dtype: "uint8" | "float32" | "float64";
  shape: number[];
  data: string;
}
type Step =
  | ["Resize", number | [number, number], ResizeOptions]
  | ["Grayscale"]
  | ["ConvertImageDtype", "uint8" | "float32"]
  | ["Normalize", NormalizeOptions];
interface Case {
  name: string;
  why: string;
  transforms: Step[];
  input: Stored;
  output: Stored;
  double?: Stored;
}
const vectors: {
  grayscaleOfAllColours: { sha256: string };
  bytesWhereV2Differs: number[];
  cases: Case[];
} = JSON.parse(readFileSync(new URL("../vectors/transforms.json", import.meta.url), "utf8"));

function load(stored: Stored): Uint8Array | Float32Array | Float64Array {
  const bytes = new Uint8Array(Buffer.from(stored.data, "base64"));
  const kinds = { uint8: Uint8Array, float32: Float32Array, float64: Float64Array };
  return new kinds[stored.dtype](bytes.buffer);
}

function make(step: Step): Transform {
  switch (step[0]) {
    case "Resize":
      return new Resize(step[1], step[2]);
    case "Grayscale":
      return new Grayscale();
    case "ConvertImageDtype":
      return new ConvertImageDtype(step[1]);
    case "Normalize":
      return new Normalize(step[1]);
  }
}

/** The first values that differ by more than `bound(i)`, with their places: none if all is well. */
function differences(actual: ArrayLike<number>, expected: ArrayLike<number>, bound: (i: number) => number): string[] {
  const found: string[] = [];
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] as number) - (expected[i] as number));
    if (!(difference <= bound(i))) found.push(`[${i}] ${actual[i]}, expected ${expected[i]}, bound ${bound(i)}`);
  }
  return found.length > 10 ? [...found.slice(0, 9), `... ${found.at(-1)} (${found.length} in all)`] : found;
}

const u = 2 ** -24;
const largest = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => Math.max(a, Math.abs(b)), 0);

/**
 * The bound on the error of torch's float32 Resize, in units of the largest input. Along an axis of S pixels, with a
 * filter of half-width h >= 1 and n <= 2h + 2 taps, torch holds positions, up to S, in f32: off by 3uS after scale,
 * product and difference, so a weight is off by (3S / h + 3)u. The weights are divided by their sum, at least h / 2 at a
 * border, which carries the same errors: together 2n (3S / h + 3)u / (h / 2). Products and sum add (n + 1)u.
 */
function torchFloatBound(input: number[], output: number[]): number {
  let bound = 0;
  for (const axis of [0, 1]) {
    const size = input[axis] as number;
    const h = Math.max(1, size / (output[axis] as number));
    const n = 2 * h + 2;
    bound += (2 * n * ((3 * size) / h + 3) * u) / (h / 2) + (n + 1) * u;
  }
  return bound;
}

describe("torchvision vectors", () => {
  it.each(vectors.cases)("$name ($why)", ({ transforms, input, output, double }) => {
    const data = load(input) as Pixels;
    const before = data.slice();
    const transform = new Compose(transforms.map(make));
    const dtype = input.dtype as "uint8" | "float32";
    const result = transform.apply({ data, shape: input.shape, dtype, count: 1 });
    expect(data).toEqual(before);
    expect(result.shape).toEqual(output.shape);
    expect(result.dtype).toBe(output.dtype);
    const expected = load(output);
    if (!double) {
      // All integers, and all floats whose every step torch rounds to f32 as we do, agree to the bit.
      expect(differences(result.data, expected, () => 0)).toEqual([]);
      return;
    }
    const scale = largest(data);
    // f64 sums of fewer than 2^9 taps a pass are within 2^-42 of the largest input; then one rounding to f32.
    const exact = load(double);
    expect(differences(result.data, exact, (i) => u * Math.abs(exact[i] as number) + 2 ** -42 * scale)).toEqual([]);
    const torch = torchFloatBound(input.shape, output.shape) * scale;
    expect(differences(result.data, expected, (i) => u * Math.abs(exact[i] as number) + torch)).toEqual([]);
  });

  it("Grayscale agrees on every one of the 2^24 colours", () => {
    const hash = createHash("sha256");
    const grayscale = new Grayscale();
    const data = new Uint8Array(65536 * 3);
    for (let r = 0; r < 256; r++) {
      for (let gb = 0; gb < 65536; gb++) data.set([r, gb >> 8, gb & 255], gb * 3);
      hash.update(grayscale.apply({ data, shape: [256, 256, 3], dtype: "uint8", count: 1 }).data as Uint8Array);
    }
    expect(hash.digest("hex")).toBe(vectors.grayscaleOfAllColours.sha256);
  });

  it("ConvertImageDtype differs from the v2 function exactly where a product differs from a quotient", () => {
    const bytes = Array.from({ length: 256 }, (_, byte) => byte);
    const reciprocal = Math.fround(1 / 255);
    const differ = bytes.filter((byte) => Math.fround(byte / 255) !== Math.fround(byte * reciprocal));
    expect(differ).toEqual(vectors.bytesWhereV2Differs);
  });
});
