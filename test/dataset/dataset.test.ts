import fc from "fast-check";
import { Dataset, DatasetError, type DatasetInit, InvalidOptionError } from "taskloom";
import { describe, expect, it } from "vitest";
import { errorOf, fakeDataset } from "./fake.js";

describe("Dataset.from", () => {
  it("keeps the arrays and derives the rest", () => {
    const images = new Float32Array(24);
    const targets = Uint16Array.of(1, 0);
    const dataset = Dataset.from({ images, targets, shape: [2, 2, 3] });
    expect(dataset.images).toBe(images);
    expect(dataset.targets).toBe(targets);
    expect(dataset).toMatchObject({ name: "dataset", shape: [2, 2, 3], classes: 2, dtype: "float32", length: 2 });
    expect(dataset.features).toBe(12);
  });

  it.each([
    ["Uint8Array", Uint8Array.of(0, 2)],
    ["Uint32Array", Uint32Array.of(0, 2)],
    ["Int8Array", Int8Array.of(0, 2)],
    ["Int16Array", Int16Array.of(0, 2)],
    ["Int32Array", Int32Array.of(0, 2)],
    ["number[]", [0, 2]],
  ])("takes targets in a %s", (_, targets) => {
    const dataset = Dataset.from({ images: new Uint8Array(2), targets, shape: [1] });
    expect(dataset.targets).toEqual(Uint16Array.of(0, 2));
    expect(dataset.classes).toBe(3);
  });

  it("takes the largest label 16 bits hold", () => {
    expect(Dataset.from({ images: new Uint8Array(1), targets: [65535], shape: [1] }).classes).toBe(65536);
  });

  it("is frozen, shape included, and does not follow the caller's shape", () => {
    const shape = [2, 2];
    const dataset = Dataset.from({ images: new Uint8Array(4), targets: [0], shape });
    shape[0] = 4;
    expect(dataset.shape).toEqual([2, 2]);
    expect(() => {
      (dataset as { name: string }).name = "other";
    }).toThrow(TypeError);
    expect(() => (dataset.shape as number[]).push(1)).toThrow(TypeError);
  });

  const fine: DatasetInit = { images: new Uint8Array(8), targets: [0, 1], shape: [2, 2], name: "fake" };
  it.each<[string, Partial<DatasetInit> | object, RegExp]>([
    ["no multiple of an example", { images: new Uint8Array(9) }, /^fake: images hold 9 values, .*4 of one 2x2 example/],
    ["other counts", { targets: [0] }, /^fake: there are 2 images but 1 targets/],
    ["no examples", { images: new Uint8Array(0), targets: [] }, /^fake: there are no examples/],
    ["other arrays", { images: new Float64Array(8) }, /a Float64Array; allowed: a Uint8Array or a Float32Array/],
    ["no arrays", { images: [0, 1] }, /images are \[0,1\]/],
    ["a target too large", { targets: [0, 2], classes: 2 }, /^fake: target 1 is 2; allowed: integers from 0 to 1,/],
    ["a negative target", { targets: [-1, -2] }, /^fake: target 0 is -1; allowed: integers from 0 to 65535/],
    ["a fraction", { targets: [0, 0.5] }, /target 1 is 0.5/],
    ["NaN", { targets: [Number.NaN, 0] }, /target 0 is NaN/],
    ["a target beyond 16 bits", { targets: [0, 65536] }, /target 1 is 65536/],
    ["text", { targets: ["0", 1] }, /target 0 is "0"/],
  ])("refuses %s", async (_, change, message) => {
    const error = await errorOf(() => Dataset.from({ ...fine, ...change } as DatasetInit));
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toMatch(message);
    expect((error as DatasetError).source).toBe("fake");
  });

  it.each([
    ["classes", { classes: 0 }],
    ["classes", { classes: 65537 }],
    ["classes", { classes: 1.5 }],
    ["shape", { shape: [] }],
    ["shape", { shape: [0, 4] }],
    ["shape", { shape: [2.5] }],
    ["shape", { shape: 4 }],
    ["shape", { shape: [2 ** 30, 2 ** 30] }],
  ])("refuses %s of %j", async (option, change) => {
    const error = await errorOf(() => Dataset.from({ ...fine, ...change } as DatasetInit));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect((error as InvalidOptionError).option).toBe(option);
  });
});

describe("examples", () => {
  it("are views, by index from either end", () => {
    const dataset = fakeDataset();
    const { image, target } = dataset.at(-1);
    expect(target).toBe(1);
    expect(image.buffer).toBe(dataset.images.buffer);
    expect(image).toEqual(dataset.images.slice(48));
    expect(dataset.at(0).image).toEqual(dataset.images.slice(0, 12));
  });

  it.each([5, -6, 0.5, Number.NaN, Number.POSITIVE_INFINITY])("refuse the index %s", (index) => {
    expect(() => fakeDataset().at(index)).toThrow(InvalidOptionError);
  });

  it("come in order", () => {
    const dataset = fakeDataset();
    expect([...dataset].map(({ target }) => target)).toEqual([0, 1, 2, 0, 1]);
    expect([...dataset]).toEqual([0, 1, 2, 3, 4].map((i) => dataset.at(i)));
  });
});

describe("slice", () => {
  it("means what Array.prototype.slice means, as views", () => {
    const bound = fc.option(fc.integer({ min: -12, max: 12 }), { nil: undefined });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), bound, bound, (count, start, stop) => {
        const dataset = fakeDataset(count);
        const expected = [...dataset].slice(start, stop);
        if (expected.length === 0) {
          expect(() => dataset.slice(start, stop)).toThrow(DatasetError);
          return;
        }
        const part = dataset.slice(start, stop);
        expect([...part]).toEqual(expected);
        expect(part.images.buffer).toBe(dataset.images.buffer);
        expect(part).toMatchObject({ name: "fake", classes: 3, shape: [4, 3], features: 12, dtype: "uint8" });
      }),
    );
  });

  it("can be sliced again", () => {
    const dataset = fakeDataset(9);
    expect([...dataset.slice(2, 8).slice(1, 4)]).toEqual([...dataset.slice(3, 6)]);
  });

  it("head is the beginning", () => {
    expect([...fakeDataset().head(2)]).toEqual([...fakeDataset()].slice(0, 2));
    for (const count of [0, 6, -1, 1.5]) expect(() => fakeDataset().head(count)).toThrow(InvalidOptionError);
  });
});
