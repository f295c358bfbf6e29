import { createHash } from "node:crypto";
import fc from "fast-check";
import { Dataset, DatasetError } from "taskloom";
import { afterEach, describe, expect, it, vi } from "vitest";
import { fromBigEndian, littleEndianBytes, reversed } from "../../../src/dataset/endian.js";
import { fakeDataset } from "../../dataset/fake.js";

afterEach(() => vi.unstubAllGlobals());

const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

/** The definition, written down a second time: byte by byte, through node:crypto. */
function expectedDigest(dataset: Dataset): string {
  const images = new Uint8Array(dataset.images.length * (dataset.dtype === "uint8" ? 1 : 4));
  const view = new DataView(images.buffer);
  dataset.images.forEach((value, i) => {
    if (dataset.dtype === "uint8") view.setUint8(i, value);
    else view.setFloat32(4 * i, value, true);
  });
  const targets = new DataView(new ArrayBuffer(dataset.length * 2));
  dataset.targets.forEach((target, i) => {
    targets.setUint16(2 * i, target, true);
  });
  const labels = sha256(new Uint8Array(targets.buffer));
  return sha256(
    `{"classes":${dataset.classes},"dtype":"${dataset.dtype}","images":"${sha256(images)}",` +
      `"shape":[${[dataset.length, ...dataset.shape]}],"targets":"${labels}"}`,
  );
}

describe("digest", () => {
  it("is the documented hash", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom<number[]>([3], [2, 2], [2, 1, 3]),
        fc.boolean(),
        fc.integer({ min: 1, max: 65536 }),
        async (count, shape, float, classes) => {
          const length = count * shape.reduce((a, b) => a * b, 1);
          const images = float
            ? Float32Array.from({ length }, (_, i) => Math.fround(i / 3 - 1))
            : Uint8Array.from({ length }, (_, i) => i * 37);
          const targets = Array.from({ length: count }, (_, i) => (classes - 1 - i + classes * 4) % classes);
          const dataset = Dataset.from({ images, targets, shape, classes });
          expect(await dataset.digest()).toBe(expectedDigest(dataset));
        },
      ),
      { numRuns: 30 },
    );
  });

  it("has a value that others can check: two 2x2 examples, 0 to 7, labels 0 and 258", async () => {
    const dataset = Dataset.from({ images: Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7), targets: [0, 258], shape: [2, 2] });
    // printf '\0\1\2\3\4\5\6\7' | sha256sum; printf '\0\0\2\1' | sha256sum; then of the JSON text
    expect(await dataset.digest()).toBe("2d5e478750ea17968db389168a4ac0defd9eb3548c70a07f6a09f474f8fcd35a");
  });

  it("depends on the examples, not on their name or on where they lie in memory", async () => {
    const dataset = fakeDataset(6);
    const part = dataset.slice(2, 5);
    const copy = Dataset.from({ ...part, images: part.images.slice(), targets: part.targets.slice(), name: "copy" });
    expect(await part.digest()).toBe(await copy.digest());
    expect(await part.digest()).not.toBe(await dataset.digest());
    const reshaped = Dataset.from({ ...dataset, shape: [12] });
    expect(await reshaped.digest()).not.toBe(await dataset.digest());
    const more = Dataset.from({ ...dataset, classes: 4 });
    expect(await more.digest()).not.toBe(await dataset.digest());
  });

  it("is computed once", async () => {
    const dataset = fakeDataset();
    const first = dataset.digest();
    expect(dataset.digest()).toBe(first);
    await first;
  });

  describe("of shared memory", () => {
    const plain = fakeDataset();
    const share = (): Dataset => {
      const images = new Uint8Array(new SharedArrayBuffer(plain.images.length));
      images.set(plain.images);
      return Dataset.from({ ...plain, images });
    };

    it("is the same, through node:crypto", async () => {
      expect(await share().digest()).toBe(await plain.digest());
    });

    it("is the same, through a copy where there is no node:crypto", async () => {
      vi.stubGlobal("process", undefined);
      expect(await share().digest()).toBe(await plain.digest());
    });
  });

  it("says what to do without crypto.subtle, and works once it is there", async () => {
    const dataset = fakeDataset();
    vi.stubGlobal("crypto", {});
    const failed = dataset.digest();
    await expect(failed).rejects.toThrow(DatasetError);
    await expect(failed).rejects.toThrow(/^fake: cannot be hashed: .*https: and localhost/);
    vi.unstubAllGlobals();
    expect(await dataset.digest()).toBe(expectedDigest(dataset));
  });
});

describe("byte order", () => {
  it("turns elements around where the machine is big-endian", () => {
    const big = Uint8Array.of(1, 2, 3, 4);
    expect(littleEndianBytes(new Uint16Array(big.buffer), false)).toEqual(Uint8Array.of(2, 1, 4, 3));
    expect(littleEndianBytes(new Uint16Array(big.buffer), true)).toEqual(big);
    expect(littleEndianBytes(big, false)).toEqual(big);
    expect(fromBigEndian(big, 4, false)).toEqual(big);
    expect(fromBigEndian(big, 4, true)).toEqual(Uint8Array.of(4, 3, 2, 1));
  });

  it("turned around twice is as before", () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 2, 4, 8), fc.uint8Array({ maxLength: 9 }), (width, seed) => {
        const bytes = new Uint8Array(seed.length * width).map((_, i) => i * 31 + (seed[0] ?? 0));
        expect(reversed(reversed(bytes, width), width)).toEqual(bytes);
      }),
    );
  });
});
