import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import {
  Dataset,
  type DatasetSource,
  type ReaderOptions,
  readCifar,
  readCsv,
  readDataset,
  readImageFolder,
  readNpy,
  readNpz,
  readParquet,
} from "taskloom";
import { mnist } from "taskloom/node";
import { beforeAll, describe, expect, it, test } from "vitest";
import { run, temporaryFolder } from "../support/cli.js";
import { dataFile, unpacked, write } from "./data-files.js";
import { idxFile } from "./fake.js";

/** The first two test images of each digit, read from MNIST itself. */
let reference: Dataset;
let folder: string;

beforeAll(async () => {
  const whole = await mnist({ split: "test" });
  const places = Array.from({ length: 10 }, (_, digit) =>
    [...whole.targets.keys()].filter((i) => whole.targets[i] === digit).slice(0, 2),
  ).flat();
  const images = Uint8Array.from(places.flatMap((i) => [...whole.at(i).image]));
  reference = Dataset.from({ images, targets: places.map((i) => whole.at(i).target), shape: [28, 28], classes: 10 });

  folder = temporaryFolder((end) => void end);
  const [pixels, labels] = [reference.images, reference.targets];
  const idx = { images: idxFile("uint8", [20, 28, 28], pixels), labels: idxFile("uint8", [20], labels) };
  write(join(folder, "plain"), { "train-images-idx3-ubyte": idx.images, "train-labels-idx1-ubyte": idx.labels });
  write(join(folder, "tv", "MNIST", "raw"), {
    "train-images-idx3-ubyte": idx.images,
    "train-labels-idx1-ubyte": idx.labels,
  });
  write(join(folder, "kaggle"), {
    "train-images-idx3-ubyte/train-images-idx3-ubyte": idx.images,
    "train-labels-idx1-ubyte/train-labels-idx1-ubyte": idx.labels,
  });
  // The folders of that name are empty, or hold another file, and the right ones lie beside them.
  write(join(folder, "both"), {
    "train-images-idx3-ubyte/readme.md": "x",
    "train-labels-idx1-ubyte/readme.md": "x",
    "train-images.idx3-ubyte": idx.images,
    "train-labels.idx1-ubyte": idx.labels,
  });
  write(join(folder, "upper"), {
    "TRAIN-IMAGES-IDX3-UBYTE.TXT": idx.images,
    "Train-Labels-idx1-ubyte.gz": gzipSync(idx.labels),
  });
  const other = idxFile("uint8", [1, 2, 2], [1, 2, 3, 4]);
  write(join(folder, "EMNIST", "raw"), {
    "emnist-digits-train-images-idx3-ubyte": idx.images,
    "emnist-digits-train-labels-idx1-ubyte": idx.labels,
    "emnist-letters-train-images-idx3-ubyte": other,
    "emnist-letters-train-labels-idx1-ubyte": idxFile("uint8", [1], [1]),
  });
  const columns = Array.from(labels).flatMap((label, i) => [label, 0, 4, i, 5, 1, 0, 0]);
  write(join(folder, "QMNIST", "raw"), {
    "qmnist-train-images-idx3-ubyte.gz": gzipSync(idx.images),
    "qmnist-train-labels-idx2-int.gz": gzipSync(idxFile("int32", [20, 8], columns)),
  });
  write(join(folder, "test-only"), { "t10k-images-idx3-ubyte": idx.images, "t10k-labels-idx1-ubyte": idx.labels });
  write(join(folder, "npy"), unpacked("npy.zip"));
  write(join(folder, "png"), unpacked("mnist20-png.zip"));
  write(join(folder, "csv"), unpacked("kaggle.zip"));
  write(
    join(folder, "hf", "data"),
    Object.fromEntries(
      ["train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001"].map((name) => [
        `${name}.parquet`,
        readFileSync(dataFile(`${name}.parquet`)),
      ]),
    ),
  );
  write(join(folder, "kmnist"), {
    "kmnist-train-imgs.npz": readFileSync(await onlyArray("images-u1")),
    "kmnist-train-labels.npz": readFileSync(await onlyArray("labels-i8")),
  });
});

/** An .npz of one array, in the form of KMNIST's. */
async function onlyArray(name: string): Promise<string> {
  return join(
    write(folder, { [`${name}.npz`]: zipSync({ "arr_0.npy": unpacked("npy.zip")[`${name}.npy`] as Uint8Array }) }),
    `${name}.npz`,
  );
}

const at = (...path: string[]) => join(folder, ...path);
const npy = (images: string, labels: string) => ({
  images: at("npy", `${images}.npy`),
  labels: at("npy", `${labels}.npy`),
});
const shape = [28, 28];

const FORMS: [string, () => DatasetSource, ReaderOptions?][] = [
  ["a folder of IDX files", () => at("plain")],
  ["torchvision's root", () => at("tv")],
  ["torchvision's MNIST/raw, as a file: URL", () => pathToFileURL(at("tv", "MNIST", "raw"))],
  ["Kaggle's x/x", () => at("kaggle")],
  ["a folder of the canonical name beside the dotted file", () => at("both")],
  ["upper case, .txt and .gz", () => at("upper")],
  ["one variant of EMNIST", () => at("EMNIST"), { variant: "digits" }],
  ["QMNIST, labels of eight columns", () => at("QMNIST")],
  ["KMNIST's .npz", () => at("kmnist")],
  ["the test split", () => at("test-only"), { split: "test" }],
  [
    "two files",
    () => ({ images: at("plain", "train-images-idx3-ubyte"), labels: at("plain", "train-labels-idx1-ubyte") }),
  ],
  [".npy", () => npy("images-u1", "labels-i8")],
  [
    ".npy of IDX images",
    () => ({ images: at("plain", "train-images-idx3-ubyte"), labels: at("npy", "labels-big-i4.npy") }),
  ],
  [
    ".npy in Fortran order, big-endian float64",
    () => npy("images-fortran-big-f8", "labels-column-u1"),
    { dtype: "uint8" },
  ],
  [".npy of int64", () => npy("images-i8", "labels-f8")],
  [".npy with labels of texts", () => npy("images-i8", "labels-text")],
  [".npy with labels of bytes", () => npy("images-i8", "labels-bytes")],
  [".npz", () => dataFile("mnist20.npz")],
  [".npz as medmnist has it", () => dataFile("med20.npz")],
  [".npz with names", () => dataFile("mnist20.npz"), { images: "x_train", labels: "y_train" }],
  [".npz as a Blob", () => new Blob([readFileSync(dataFile("mnist20.npz"))])],
  [".npz in gzip", () => gzipSync(readFileSync(dataFile("mnist20.npz")))],
  ["Kaggle's CSV", () => at("csv")],
  ["CSV, the file", () => at("csv", "train.csv"), { labels: "label" }],
  ["CSV in zip, with a number", () => dataFile("kaggle.zip"), { labels: 0 }],
  ["folders of PNG", () => at("png")],
  ["folders of PNG in a zip", () => dataFile("mnist20-png.zip")],
  ["Parquet of Hugging Face", () => at("hf")],
  [
    "Parquet shards, as a list",
    () => [dataFile("train-00000-of-00002.parquet"), dataFile("train-00001-of-00002.parquet")],
  ],
  ["Parquet of lists", () => dataFile("lists.parquet"), { shape }],
];

describe("the same data has the same digest in any form", () => {
  it.each(FORMS)("%s", async (_, source, options) => {
    const dataset = await readDataset(source(), { ...options, classes: options?.classes ?? 10 });
    expect(dataset.shape).toEqual(shape);
    expect(dataset.targets).toEqual(reference.targets);
    expect(dataset.images).toEqual(reference.images);
    expect(await dataset.digest()).toBe(await reference.digest());
  });

  it.each(FORMS)("%s, limited", async (_, source, options) => {
    const dataset = await readDataset(source(), { ...options, limit: 7 });
    expect(await dataset.digest()).toBe(await reference.head(7).digest());
    expect(dataset.classes).toBe(10);
  });

  test("the readers of one format", async () => {
    const digest = await reference.digest();
    const read = [
      readNpy(npy("images-u1", "labels-i8")),
      readNpz(dataFile("mnist20.npz")),
      readCsv(at("csv", "train.csv")),
      readImageFolder(at("png")),
      readParquet(at("hf")),
      readParquet([dataFile("train-00000-of-00002.parquet"), dataFile("train-00001-of-00002.parquet")]),
    ];
    for (const dataset of await Promise.all(read)) expect(await dataset.digest()).toBe(digest);
  });
});

test("Deno reads the same", async () => {
  const deno = createRequire(import.meta.url).resolve("deno/bin.cjs");
  const script = fileURLToPath(new URL("deno.ts", import.meta.url));
  const paths = [
    at("plain"),
    at("csv"),
    at("hf"),
    ...["mnist20.npz", "mnist20-png.zip", "mnist20-jpg.zip"].map(dataFile),
  ];
  const { stdout, stderr } = await run(process.execPath, [deno, "run", "-A", "--no-check", script, ...paths]);
  const digests = stdout.trim().split("\n");
  expect(digests, stderr).toHaveLength(paths.length);
  const own = await Promise.all(paths.map(async (path) => (await readDataset(path, { classes: 10 })).digest()));
  expect(digests).toEqual(own);
  expect(new Set(digests.slice(0, 5))).toEqual(new Set([await reference.digest()]));
});

test("names of classes come along", async () => {
  const hf = await readDataset(at("hf"));
  expect(hf.classNames?.slice(0, 2)).toEqual(["0 - zero", "1 - one"]);
  expect((await readDataset(at("hf"), { classes: "compact", limit: 4 })).classNames).toHaveLength(10);
  expect((await readDataset(at("png"))).classNames).toEqual([..."0123456789"]);
  expect((await readDataset(npy("images-u1", "labels-text"))).classNames?.[3]).toBe("digit 3");
  expect(hf.name).toBe("hf");
});

test("splits", async () => {
  const counts = async (source: DatasetSource, split: ReaderOptions["split"]) =>
    (await readDataset(source, { split })).length;
  expect(await counts(dataFile("mnist20.npz"), "test")).toBe(10);
  expect(await counts(dataFile("med20.npz"), "validation")).toBe(4);
  expect(await counts(at("png"), "test")).toBe(10);
  expect(await counts(at("hf"), "test")).toBe(10);
  expect((await readDataset(at("png"), { split: "test" })).name).toBe("png-test");
});

describe("CIFAR", () => {
  let images: Uint8Array;
  beforeAll(async () => {
    images = (await readNpz(dataFile("cifar.npz"))).images as Uint8Array;
  });

  test("CIFAR-10 from its archive, with its names", async () => {
    const dataset = await readDataset(dataFile("cifar-10-binary.tar.gz"));
    expect(dataset).toMatchObject({ shape: [32, 32, 3], length: 9, classes: 10 });
    expect(dataset.images).toEqual(images.subarray(0, 9 * 3072));
    expect([...dataset.targets]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(dataset.classNames?.[9]).toBe("truck");
    expect([...(await readCifar(dataFile("cifar-10-binary.tar.gz"), { split: "test" })).targets]).toEqual([9, 0, 1]);
  });

  test("CIFAR-100, fine and coarse", async () => {
    const fine = await readDataset(dataFile("cifar-100-binary.tar.gz"), { split: "test" });
    expect([[...fine.targets], fine.classes]).toEqual([[72, 80, 88], 100]);
    const coarse = await readCifar(dataFile("cifar-100-binary.tar.gz"), { labels: "coarse" });
    expect([[...coarse.targets].slice(0, 3), coarse.classes]).toEqual([[0, 1, 2], 20]);
  });

  test("the version for Python is told what it is", async () => {
    await expect(readDataset(dataFile("cifar-10-python.tar.gz"))).rejects.toThrow(
      /version of CIFAR for Python.*cifar-10-binary/,
    );
  });
});

test("scikit-learn's digits", async () => {
  const dataset = await readDataset(dataFile("digits.csv.gz"), { labels: -1, shape: [8, 8] });
  expect(dataset).toMatchObject({ length: 1797, shape: [8, 8], classes: 10, dtype: "uint8", name: "digits.csv" });
  expect(Math.max(...dataset.images)).toBe(16);
  await expect(readDataset(dataFile("digits.csv.gz"))).rejects.toThrow(
    /which column holds the labels: it has 65 columns without names; give labels/,
  );
});

test("a table in Parquet", async () => {
  const dataset = await readDataset(dataFile("table.parquet"));
  expect(dataset).toMatchObject({ length: 20, shape: [4, 4], dtype: "uint8" });
  const expected = Array.from(
    { length: 16 },
    (_, i) => reference.at(3).image[(8 + 3 * Math.floor(i / 4)) * 28 + 8 + 3 * (i % 4)],
  );
  expect([...dataset.at(3).image]).toEqual(expected);
});
