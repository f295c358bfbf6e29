import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { blockMasks } from "../../../src/backend/webgpu/paths/examples.js";
import { tileStorage } from "../../../src/backend/webgpu/paths/tile-shape.js";
import { Choices, fastest } from "../../../src/backend/webgpu/paths/tuning.js";
import { candidates, defaultVariant, type VariantDevice } from "../../../src/backend/webgpu/paths/variants.js";

function device(description: string, packedDot: boolean, storage: number): VariantDevice {
  const limits = { maxComputeWorkgroupStorageSize: storage, maxComputeInvocationsPerWorkgroup: 256 };
  const sizes = { maxComputeWorkgroupSizeX: 256, maxComputeWorkgroupSizeY: 256 };
  const adapter = { vendor: "", architecture: "", description, software: false };
  return { adapter, limits: { ...limits, ...sizes } as never, packedDot };
}

const mnist = { rows: 784, blocks: 49, count: 100, skip: 49 };

describe("variants", () => {
  test("every one fits into the limits, whatever is asked for", () => {
    const size = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 5000 }));
    fc.assert(
      fc.property(
        size,
        size,
        size,
        fc.constantFrom(16384, 32768, 49152),
        fc.boolean(),
        (rows, columns, count, ...of) => {
          const [storage, packed] = of;
          const blocks = Math.ceil(columns / 16);
          const problem = { rows, blocks, count, skip: blocks };
          const on = device("a card", packed, storage);
          const found = candidates(on, problem);
          expect(found.length).toBeGreaterThan(0);
          for (const { product, shape } of [...found, defaultVariant(on, problem)]) {
            expect(tileStorage({ product, skip: blocks }, shape)).toBeLessThanOrEqual(storage);
            expect(shape.GROUPS * shape.ROW_GROUPS).toBeLessThanOrEqual(256);
            if (!packed) expect(product).toBe("wide");
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test("larger workgroup memory is tried, each variant once, the default among them", () => {
    const few = candidates(device("a card", true, 16384), mnist);
    const many = candidates(device("a card", true, 49152), mnist);
    expect(many.length).toBeGreaterThan(few.length);
    expect(new Set(many.map((variant) => JSON.stringify(variant))).size).toBe(many.length);
    expect(many).toContainEqual(defaultVariant(device("a card", true, 49152), mnist));
  });

  test("packed products are the default where they are fast", () => {
    expect(defaultVariant(device("a card", true, 32768), mnist).product).toBe("packed");
    expect(defaultVariant(device("a card", false, 32768), mnist).product).toBe("wide");
    expect(defaultVariant(device("SwiftShader driver 5.0.0", true, 32768), mnist).product).toBe("wide");
  });
});

describe("tuning", () => {
  test("finds the trial that takes least, though a slow moment meets it once", async () => {
    const repeated = [0, 0, 0, 0];
    let rounds = 0;
    const trial = (i: number, each: number) => async (repeats: number) => {
      repeated[i] = (repeated[i] as number) + repeats;
      // The machine is busy with something else during one long round of the fastest.
      const slow = i === 2 && repeats > 1 && rounds++ === 0;
      return each * repeats + (slow ? 1000 : 0);
    };
    const trials = [trial(0, 0.2), trial(1, 0.15), trial(2, 0.1), trial(3, 5)];
    const { number, milliseconds } = await fastest(trials);
    expect(number).toBe(2);
    expect(milliseconds).toBeCloseTo(0.1);
    expect(rounds).toBeGreaterThan(1);
    // The last candidate is far too slow and is dropped: it is repeated much less often than the others.
    for (const others of repeated.slice(0, 3)) expect(repeated[3]).toBeLessThan(others / 10);
  });

  test("a choice is made once, also by calls that overlap, and forgotten if it fails", async () => {
    const choices = new Choices<number>();
    let made = 0;
    const choose = async () => ++made;
    expect(await Promise.all([choices.of("a", choose), choices.of("a", choose)])).toEqual([1, 1]);
    expect(await choices.of("b", choose)).toBe(2);
    const failing = choices.of("c", async () => {
      throw new Error("lost");
    });
    await expect(failing).rejects.toThrow("lost");
    expect(choices.get("c")).toBeUndefined();
    expect(await choices.of("c", choose)).toBe(3);
  });
});

test("masks have a bit for each block that is not all zero", () => {
  const blocks = fc.constantFrom(1, 2, 31, 32, 33, 49, 64);
  fc.assert(
    fc.property(
      blocks,
      fc.constantFrom(64, 256),
      fc.array(fc.nat(6 * 64 * 16 - 1), { maxLength: 60 }),
      (perExample, capacity, places) => {
        const stride = 16 * perExample;
        const padded = new Uint8Array(6 * stride);
        for (const place of places) padded[place % padded.length] = 1 + (place % 255);
        const masks = blockMasks(padded, stride, capacity);
        const words = Math.floor(capacity / 32) + 1;
        expect(masks).toHaveLength(6 * words);
        for (let example = 0; example < 6; example++) {
          for (let bit = 0; bit < 32 * words; bit++) {
            const at = example * stride + 16 * bit;
            const some = bit < perExample && padded.subarray(at, at + 16).some((pixel) => pixel > 0);
            expect(((masks[example * words + (bit >> 5)] as number) >>> (bit & 31)) & 1).toBe(some ? 1 : 0);
          }
        }
      },
    ),
    { numRuns: 50 },
  );
});
