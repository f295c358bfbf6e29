import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { DatasetError, InvalidOptionError, readIdx, readIdxDataset, type Source } from "taskloom";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { errorOf, idxFile } from "./fake.js";

const images = idxFile("uint8", [3, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255]);
const labels = idxFile("uint8", [3], [2, 0, 1]);

describe("readIdx", () => {
  it("reads uint8 as a view", async () => {
    const { data, shape } = await readIdx(images);
    expect(shape).toEqual([3, 2, 2]);
    expect(data).toEqual(images.slice(16));
    expect(data.buffer).toBe(images.buffer);
  });

  it.each([
    ["int8", Int8Array, [-128, -1, 0, 127]],
    ["int16", Int16Array, [-32768, 258, 0, 32767]],
    ["int32", Int32Array, [-(2 ** 31), 0x01020304, 0, 2 ** 31 - 1]],
    ["float32", Float32Array, [-0, Math.fround(0.1), Number.NEGATIVE_INFINITY, 3e38]],
    ["float64", Float64Array, [-0, 0.1, Number.MIN_VALUE, 1e300]],
  ] as const)("reads %s", async (kind, Values, values) => {
    // An odd offset, as in a slice of a larger buffer.
    const padded = Uint8Array.of(9, ...idxFile(kind, [2, 2], values)).subarray(1);
    expect(await readIdx(padded)).toEqual({ data: Values.from(values), shape: [2, 2] });
  });

  it("reads what was written, plain or gzip", async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.boolean(), async (shape, gzip) => {
        const values = Uint8Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i * 13);
        const file = idxFile("uint8", shape, values);
        const read = await readIdx(gzip ? gzipSync(file) : file);
        expect(read.shape).toEqual(shape);
        expect(read.data).toEqual(values);
      }),
    );
  });

  it("decompresses into one buffer of the size", async () => {
    const { data } = await readIdx(gzipSync(images));
    expect(data.buffer.byteLength).toBe(images.length);
  });

  it("decompresses from shared memory", async () => {
    const file = gzipSync(images);
    const shared = new Uint8Array(new SharedArrayBuffer(file.length));
    shared.set(file);
    expect((await readIdx(shared)).shape).toEqual([3, 2, 2]);
  });

  const zip = gzipSync(images);
  const corrupt = zip.map((byte, i) => (i >= 12 && i < 20 ? byte ^ 0xff : byte));
  const wrongCheck = zip.map((byte, i) => (i === zip.length - 8 ? byte ^ 1 : byte));
  const hugeLength = zip.map((byte, i) => (i === zip.length - 1 ? 0xff : byte));
  it.each<[string, Uint8Array, RegExp]>([
    ["an empty file", new Uint8Array(0), /begins with nothing: it is empty; an IDX file begins with 00 00/],
    ["a bad magic number", Uint8Array.of(1, 2, 3, 4, 5), /begins with 01 02 03 04; an IDX file/],
    ["an unknown type", Uint8Array.of(0, 0, 0x0a, 1, 0, 0, 0, 0), /begins with 00 00 0a 01/],
    ["no dimensions", Uint8Array.of(0, 0, 8, 0, 7), /begins with 00 00 08 00/],
    ["a web page", new TextEncoder().encode("<!doctype html>"), /looks like a web page/],
    ["a zip archive", new TextEncoder().encode("PK\x03\x04"), /zip archive/],
    ["a NumPy file", Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1), /NumPy file/],
    ["a truncated header", images.subarray(0, 10), /truncated: it holds 10 bytes, its header of 3 dimensions has 16/],
    ["a truncated file", images.subarray(0, 27), /truncated; .* \(27 bytes, where the header says 28: 3x2x2 uint8\)/],
    ["trailing bytes", Uint8Array.of(...images, 0, 0), /has 2 bytes too many; .* \(30 bytes, .* says 28/],
    ["a size beyond all memory", idxFile("float64", [2 ** 32 - 1, 2 ** 32 - 1, 9], []), /truncated/],
    ["corrupt gzip", corrupt, /is damaged gzip: .*download it again/],
    ["gzip with a wrong checksum", wrongCheck, /is damaged gzip/],
    ["gzip with a wrong length", hugeLength, /is damaged gzip/],
    ["truncated gzip", zip.subarray(0, 30), /is damaged gzip/],
    ["the two first bytes of gzip", zip.subarray(0, 2), /is damaged gzip/],
    ["a truncated file in gzip", gzipSync(images.subarray(0, 27)), /truncated/],
  ])("reports %s", async (_, source, message) => {
    const error = await errorOf(() => readIdx(source));
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toMatch(message);
    expect((error as DatasetError).source).toBe(`a Uint8Array of ${source.length} bytes`);
  });

  it("reports a missing file by its name", async () => {
    await expect(readIdx("/nowhere/train")).rejects.toThrow(/^\/nowhere\/train: there is no such file/);
  });

  it("reports a platform without DecompressionStream", async () => {
    vi.stubGlobal("DecompressionStream", undefined);
    await expect(readIdx(zip)).rejects.toThrow(/cannot decompress/);
    vi.unstubAllGlobals();
  });

  it("rejects with the reason when aborted, before and while decompressing", async () => {
    const reason = new Error("enough");
    await expect(readIdx(zip, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const large = gzipSync(idxFile("uint8", [2 ** 24], new Uint8Array(2 ** 24)));
    const controller = new AbortController();
    const reading = readIdx(large, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 2);
    await expect(reading.then(({ shape }) => shape)).rejects.toBe(reason);
  });
});

describe("readIdxDataset", () => {
  it("reads a pair, plain or gzip", async () => {
    for (const [a, b] of [
      [images, labels],
      [gzipSync(images), gzipSync(labels)],
      [images, gzipSync(labels)],
    ] as const) {
      const dataset = await readIdxDataset({ images: a, labels: b, name: "fake" });
      expect(dataset).toMatchObject({ name: "fake", shape: [2, 2], length: 3, classes: 3, dtype: "uint8" });
      expect(dataset.images).toEqual(images.slice(16));
      expect(dataset.targets).toEqual(Uint16Array.of(2, 0, 1));
    }
  });

  it("reads float32 images and wider labels, with the classes given", async () => {
    const values = [0.5, -1, 2, 0];
    const dataset = await readIdxDataset({
      images: idxFile("float32", [2, 2], values),
      labels: idxFile("int32", [2], [300, 0]),
      classes: 1000,
    });
    expect(dataset).toMatchObject({ shape: [2], classes: 1000, dtype: "float32", name: "dataset" });
    expect(dataset.images).toEqual(Float32Array.from(values));
    expect(dataset.targets).toEqual(Uint16Array.of(300, 0));
  });

  it("is called after the images' file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "taskloom-idx-"));
    try {
      const path = join(folder, "letters-idx3-ubyte.gz");
      await writeFile(path, gzipSync(images));
      expect((await readIdxDataset({ images: path, labels })).name).toBe("letters-idx3-ubyte");
    } finally {
      await rm(folder, { recursive: true });
    }
    const url = `data:application/octet-stream;base64,${Buffer.from(images).toString("base64")}`;
    expect((await readIdxDataset({ images: url, labels })).name).toBe("dataset");
  });

  const one = idxFile("uint8", [1], [0]);
  it.each<[string, Source, Source, RegExp]>([
    [
      "counts that disagree",
      images,
      idxFile("uint8", [2], [0, 1]),
      /2 labels, but a Uint8Array of 28 bytes has 3 images/,
    ],
    ["files exchanged", labels, images, /has shape 3; images need .* exchanged\?/],
    [
      "labels of two dimensions",
      images,
      idxFile("uint8", [3, 1], [0, 0, 0]),
      /has shape 3x1; labels have one dimension/,
    ],
    ["integer images", idxFile("int16", [3, 1], [0, 0, 0]), labels, /holds int16; images must be uint8 or float32/],
    ["float labels", images, idxFile("float32", [3], [0, 1, 2]), /holds float32; labels must be integers/],
    ["negative labels", images, idxFile("int8", [3], [0, 1, -2]), /target 2 is -2; allowed: integers from 0/],
    ["no examples", idxFile("uint8", [0, 2], []), idxFile("uint8", [0], []), /at least one example/],
    ["empty examples", idxFile("uint8", [1, 0], []), one, /at least one example/],
    ["a missing file", images, "/nowhere", /^\/nowhere: there is no such file/],
  ])("reports %s", async (_, a, b, message) => {
    const error = await errorOf(() => readIdxDataset({ images: a, labels: b, name: "fake" }));
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toMatch(message);
  });

  it("reports a label that is not below classes", async () => {
    const reading = readIdxDataset({ images, labels, classes: 2, name: "fake" });
    await expect(reading).rejects.toThrow("fake: target 0 is 2; allowed: integers from 0 to 1, as classes is 2");
    await expect(readIdxDataset({ images, labels, classes: 0 })).rejects.toThrow(InvalidOptionError);
  });

  it("rejects with the reason when aborted", async () => {
    const reason = new Error("enough");
    await expect(readIdxDataset({ images, labels, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe("the first examples", () => {
  const values = Uint8Array.from({ length: 2000 * 3 }, (_, i) => i * 7);
  const many = idxFile("uint8", [2000, 3], values);
  const manyLabels = idxFile(
    "uint8",
    [2000],
    Array.from({ length: 2000 }, (_, i) => i % 200),
  );

  it.each<[string, (file: Uint8Array) => Source]>([
    ["memory", (file) => file],
    ["gzip", (file) => gzipSync(file)],
    ["a Blob", (file) => new Blob([file as Uint8Array<ArrayBuffer>])],
    ["a Blob of gzip", (file) => new Blob([gzipSync(file)])],
    ["a data URL", (file) => `data:application/octet-stream;base64,${Buffer.from(file).toString("base64")}`],
  ])("of %s are those of the whole", async (_, source) => {
    for (const limit of [1, 1999, 2000, 5000, 2 ** 32]) {
      const dataset = await readIdxDataset({ images: source(many), labels: source(manyLabels), limit, name: "x" });
      const length = Math.min(limit, 2000);
      expect(dataset).toMatchObject({ length, classes: 200 });
      expect(dataset.images).toEqual(values.slice(0, 3 * length));
    }
  });

  it("are at least one", async () => {
    for (const limit of [0, -1, 1.5, "3" as never]) {
      await expect(readIdxDataset({ images: many, labels: manyLabels, limit })).rejects.toThrow(/limit is /);
    }
  });

  it("of wider values are in the machine's order", async () => {
    const floats = idxFile("float32", [3, 2], [1, 2, 3, 4, 5, 6]);
    const dataset = await readIdxDataset({ images: floats, labels: idxFile("uint8", [3], [0, 1, 2]), limit: 2 });
    expect(dataset.images).toEqual(Float32Array.of(1, 2, 3, 4));
  });

  it.each<[string, (file: Uint8Array) => Source]>([
    ["gzip", (file) => gzipSync(file)],
    ["a Blob", (file) => new Blob([file as Uint8Array<ArrayBuffer>])],
    ["a data URL", (file) => `data:application/octet-stream;base64,${Buffer.from(file).toString("base64")}`],
  ])("do not hide that the whole is too long or too short: %s", async (_, source) => {
    const long = Uint8Array.of(...many, 1, 2, 3);
    await expect(readIdx(source(long))).rejects.toThrow(/where it should end after 6012|bytes too many/);
    await expect(readIdx(source(many.subarray(0, 5000)))).rejects.toThrow(/is truncated; .*5000 bytes/);
    const one = { labels: manyLabels, limit: 1999 };
    await expect(readIdxDataset({ images: source(many.subarray(0, 5000)), ...one })).rejects.toThrow(/is truncated/);
  });
});

describe("files larger than an array", () => {
  const header = Uint8Array.of(0, 0, 8, 3, 0, 0x56, 0xf9, 0xa0, 0, 0, 0, 28, 0, 0, 0, 28);
  const size = header.length + 5_700_000 * 784;
  const labelsOf = () => idxFile("uint8", [5_700_000], new Uint8Array(5_700_000));
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "taskloom-idx-"));
    await writeFile(join(folder, "plain"), header);
    // A hole: the file takes no space.
    await truncate(join(folder, "plain"), size);
    // 67 members of 64 MiB, of which the first begins with the header: 4.4 MB.
    const member = gzipSync(new Uint8Array(2 ** 26), { level: 1 });
    const first = new Uint8Array(2 ** 26);
    first.set(header);
    const rest = gzipSync(new Uint8Array(size - 66 * 2 ** 26), { level: 1 });
    const members = [gzipSync(first, { level: 1 }), ...Array.from({ length: 65 }, () => member), rest];
    await writeFile(join(folder, "zipped"), Buffer.concat(members));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each(["plain", "zipped"])("give their first examples: %s", async (name) => {
    const dataset = await readIdxDataset({ images: join(folder, name), labels: labelsOf(), classes: 10, limit: 100 });
    expect(dataset).toMatchObject({ length: 100, shape: [28, 28] });
  });

  // Node 24 has room for them.
  const small = Number(process.versions.node.split(".")[0]) < 22;
  it.runIf(small).each(["plain", "zipped"])("or the true reason why they do not fit: %s", async (name) => {
    const error = await errorOf(() => readIdx(join(folder, name)));
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toMatch(/needs an array of 4\.2 GiB, more than there is room for.*--limit-examples/);
  });
});

it("gzip that goes on for gigabytes behind what its header says is read no further", async () => {
  const member = gzipSync(new Uint8Array(2 ** 28), { level: 1 });
  const bomb = new Blob([
    gzipSync(idxFile("uint8", [16], new Uint8Array(16))),
    ...Array.from({ length: 16 }, () => member),
  ]);
  const before = process.memoryUsage().rss;
  await expect(readIdx(bomb)).rejects.toThrow(/should end after 24/);
  expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 29);
});
