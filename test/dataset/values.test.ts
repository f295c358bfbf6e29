import fc from "fast-check";
import {
  ConvertImageDtype,
  Dataset,
  DatasetError,
  type DatasetInit,
  InvalidOptionError,
  Lambda,
  Normalize,
} from "taskloom";
import { describe, expect, it } from "vitest";
import { listenToNotices } from "../support/notices.js";
import { errorOf } from "./fake.js";

const said = listenToNotices();

const floats = (values: number[], more: Partial<DatasetInit> = {}) =>
  Dataset.from({
    images: Float32Array.from(values),
    targets: Array.from({ length: values.length / 2 }, () => 0),
    shape: [2],
    name: "floats",
    ...more,
  });

describe("values that are NaN or infinite", () => {
  it.each([
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "Infinity"],
    [Number.NEGATIVE_INFINITY, "-Infinity"],
  ])("%s is refused, with the count and the first place", async (bad, text) => {
    const error = await errorOf(() => floats([0, 1, 2, bad, bad, 5]));
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toBe(
      `floats: 2 of 6 values are NaN or infinite; the first: image 1 holds ${text} at value 1; ` +
        'replace these values, drop these examples, or give nonFinite: "allow"',
    );
  });

  it("is found wherever it is", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 19 }), fc.constantFrom(Number.NaN, Infinity, -Infinity), (at, bad) => {
        const values = Array.from({ length: 20 }, (_, i) => i * 1e37);
        expect(() => floats(values)).not.toThrow();
        values[at] = bad;
        expect(() => floats(values)).toThrow(`image ${Math.floor(at / 2)} holds ${bad} at value ${at % 2}`);
      }),
    );
  });

  it("is taken where it is allowed, in views and transformed copies too", () => {
    const dataset = floats([0, Number.NaN, 2, 3], { nonFinite: "allow" });
    expect(dataset.nonFinite).toBe("allow");
    expect(dataset.slice(0, 1).nonFinite).toBe("allow");
    expect(dataset.transform(new Normalize({ mean: 1, std: 2 })).images).toEqual(Float32Array.of(-0.5, NaN, 0.5, 1));
  });

  it("is refused where a transform makes it", () => {
    const bytes = Dataset.from({ images: Uint8Array.of(0, 255), targets: [0], shape: [2], name: "bytes" });
    const real = bytes.transform(new ConvertImageDtype("float32"));
    expect(() => real.transform(new Normalize({ mean: 0, std: 1e-39 }))).toThrow(
      /^bytes: after Normalize 1 of 2 values is NaN or infinite; the first: image 0 holds Infinity at value 1/,
    );
    const logarithm = new Lambda(({ data, ...rest }) => ({ ...rest, data: (data as Float32Array).map(Math.log) }));
    expect(() => real.transform(logarithm)).toThrow(/after Lambda 1 of 2 .* holds -Infinity at value 0/);
  });

  it("refuses another choice", () => {
    expect(() => floats([0, 1], { nonFinite: "ignore" as never })).toThrow(
      /nonFinite is "ignore"; allowed: "refuse" or "allow"/,
    );
  });
});

const labeled = (targets: DatasetInit["targets"], classes?: DatasetInit["classes"]) =>
  Dataset.from({ images: new Uint8Array(targets.length), targets, shape: [1], name: "letters", classes });

describe("labels with gaps", () => {
  it.each<[number[], string]>([
    [[1, 2, 3], "only 3 of 4 classes have examples; labels without: 0."],
    [[3, 60000], "only 2 of 60001 classes have examples; labels without: 0..2, 4..59999."],
    [[0, 2, 4, 6, 8, 10], "only 6 of 11 classes have examples; labels without: 1, 3, 5, ...."],
    [[4, 4], "only 1 of 5 classes have examples; labels without: 0..3."],
  ])("%j are said, with the remedy", async (targets, message) => {
    const { classes } = labeled(targets);
    expect(await said()).toEqual([
      `letters: ${message} classes: "compact" renumbers the labels that occur; classes: ${classes} says that this is meant`,
    ]);
  });

  it("is not said of labels without gaps, of a given number of classes, and of parts", async () => {
    labeled([0, 1, 2]);
    labeled([1, 2], 3);
    labeled([0, 1, 2]).slice(1);
    labeled([3, 60000], "compact");
    expect(await said()).toEqual([]);
  });

  it("are renumbered in rising order, and keep their values", () => {
    const dataset = labeled([60000, 3, 60000, 7], "compact");
    expect([...dataset.targets]).toEqual([2, 0, 2, 1]);
    expect(dataset.classes).toBe(3);
    expect(dataset.originalLabels).toEqual([3, 7, 60000]);
    expect(dataset.slice(1, 2).originalLabels).toEqual([3, 7, 60000]);
    expect(dataset.transform(new ConvertImageDtype("float32")).originalLabels).toEqual([3, 7, 60000]);
    expect(labeled([0, 1]).originalLabels).toBeUndefined();
  });

  it("are renumbered whatever integers they are", () => {
    expect(labeled([-1, 2 ** 40, -1, 0], "compact").originalLabels).toEqual([-1, 0, 2 ** 40]);
    expect([...labeled(Int32Array.of(-5, 5), "compact").targets]).toEqual([0, 1]);
    expect(() => labeled([0, 0.5], "compact")).toThrow(/^letters: target 1 is 0.5; allowed: integers/);
    const many = Uint32Array.from({ length: 65537 }, (_, i) => i);
    expect(() => labeled(many, "compact")).toThrow(/^letters: has 65537 different labels; allowed: at most 65536/);
    expect(labeled(many.subarray(1), "compact").classes).toBe(65536);
  });

  it("has the digest of the renumbered labels", async () => {
    expect(await labeled([3, 7, 3], "compact").digest()).toBe(await labeled([0, 1, 0]).digest());
  });

  it.each<[number[], number | undefined, RegExp]>([
    [[1, 2, 3], 3, /target 2 is 3; .* as classes is 3; labels seem to start at 1; classes: "compact" renumbers/],
    [[0, 7], 3, /target 1 is 7; .* as classes is 3; classes: "compact" renumbers/],
    [[0, 65536], undefined, /target 1 is 65536; .* held in 16 bits; classes: "compact" renumbers/],
    [[-1, 1], undefined, /target 0 is -1; .*; classes: "compact" renumbers/],
    [[0.5, 1], undefined, /target 0 is 0.5; .* held in 16 bits$/],
  ])("%j of %s classes: the error names the remedy", (targets, classes, message) => {
    expect(() => labeled(targets, classes)).toThrow(DatasetError);
    expect(() => labeled(targets, classes)).toThrow(message);
  });

  it.each(["dense", 0, 65537, 1.5, null])("refuses %s classes", (classes) => {
    expect(() => labeled([0], classes as never)).toThrow(InvalidOptionError);
    expect(() => labeled([0], classes as never)).toThrow(/allowed: an integer from 1 to 65536, or "compact"/);
  });
});
