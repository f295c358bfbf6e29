import { mkdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import {
  DatasetError,
  type DatasetSource,
  InvalidOptionError,
  type ReaderOptions,
  readCsv,
  readDataset,
  readNpy,
  readNpz,
  readParquet,
} from "taskloom";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { temporaryFolder } from "../support/cli.js";
import { dataFile, unpacked, write } from "./data-files.js";
import { errorOf, idxFile } from "./fake.js";

const text = (content: string) => new TextEncoder().encode(content);
const npy = unpacked("npy.zip");
const array = (name: string) => npy[`${name}.npy`] as Uint8Array;
const LFS = text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
const PAGE = text("<!DOCTYPE html><html><body>Sign in</body></html>");
const images = idxFile("uint8", [3, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255]);
const mnist20 = readFileSync(dataFile("mnist20.npz"));
const parquet = readFileSync(dataFile("train-00000-of-00002.parquet"));

/** An .npy file with a header by hand. */
function npyFile(header: string, body = new Uint8Array(0)): Uint8Array {
  const padded = `${header}${" ".repeat(63 - ((header.length + 10) % 64))}\n`;
  const length = Uint8Array.of(padded.length & 255, padded.length >> 8);
  return Uint8Array.of(0x93, ...text("NUMPY"), 1, 0, ...length, ...text(padded), ...body);
}

describe("a file is told what it is", () => {
  it.each<[string, DatasetSource, RegExp]>([
    ["an empty file", new Uint8Array(0), /is empty; known are IDX/],
    ["nonsense", Uint8Array.of(1, 2, 3, 0), /is none of the formats that are known; known are IDX, \.npy/],
    ["a Git LFS pointer", LFS, /is a Git LFS pointer, not the file itself; run `git lfs pull`/],
    ["a web page", PAGE, /is a web page or XML; is the address right\?/],
    ["gzip in gzip", gzipSync(gzipSync(images)), /is gzip within gzip; decompress it once/],
    ["HDF5", Uint8Array.of(0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10), /is an HDF5 file; docs\/your-data\.md/],
    ["a pickle", Uint8Array.of(0x80, 4, 0x95), /is a Python pickle; .*numpy\.savez/],
    ["xz", Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0), /is xz; unpack it first/],
    ["MATLAB", text("MATLAB 5.0 MAT-file"), /is a MATLAB file; save the arrays with scipy/],
    ["Arrow", text("ARROW1\0\0"), /is an Arrow file; save it as Parquet/],
    ["images alone", images, /holds one array, of shape 3x2x2; the labels are missing: give both files: --images FILE/],
    ["labels alone", array("labels-i8"), /holds one array, of shape 20; the images are missing/],
    ["one image", unpacked("kinds.zip")["rgb.png"] as Uint8Array, /is one image; give the folder of all/],
  ])("%s", async (_, source, message) => {
    const error = await errorOf(() => readDataset(source));
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toMatch(message);
  });

  it.each<[string, Record<string, Uint8Array>, RegExp]>([
    ["nothing", {}, /is empty; expected IDX/],
    ["hidden files only", { ".DS_Store": text("x"), "__MACOSX/a.csv": text("x") }, /is empty; expected IDX/],
    [
      "other files",
      { "a.txt": text("x"), "b.doc": text("y") },
      /holds no dataset that is known; there are: a\.txt, b\.doc\. Known are/,
    ],
    [
      "images without labels",
      { "t10k-images-idx3-ubyte": images, "x.md": text("x") },
      /labels missing; there are: t10k-images-idx3-ubyte, x\.md/,
    ],
    [
      "the test split only",
      { "t10k-images-idx3-ubyte": images, "t10k-labels-idx1-ubyte": images },
      /has no train split; it has: test\. Give split \(--split\)/,
    ],
    [
      "several datasets",
      Object.fromEntries(
        ["a", "b"].flatMap((name) => ["images", "labels"].map((part) => [`${name}/train-${part}-idx3-ubyte`, images])),
      ),
      /holds several datasets: a, b; give a folder of one, or variant/,
    ],
    [
      "LFS pointers in place of IDX",
      { "train-images-idx3-ubyte": LFS, "train-labels-idx1-ubyte": LFS },
      /It is a Git LFS pointer.*: run `git lfs pull`/,
    ],
    [
      "an .npz in place of IDX",
      { "train-images-idx3-ubyte": mnist20, "train-labels-idx1-ubyte": mnist20 },
      /holds 4 arrays, x_train, .*expected one/,
    ],
    [
      "Parquet in place of IDX",
      { "train-images-idx3-ubyte": parquet, "train-labels-idx1-ubyte": parquet },
      /It is a Parquet file/,
    ],
    ["LFS pointers in place of images", { "a/1.png": LFS }, /a\/1\.png: is a Git LFS pointer/],
    ["LFS pointers in place of a table", { "train.csv": LFS }, /train\.csv: is a Git LFS pointer/],
    [
      "LFS pointers in place of Parquet",
      { "train.parquet": LFS },
      /train\.parquet: is a Git LFS pointer.*not a Parquet file/,
    ],
    ["two tables", { "a.csv": LFS, "b.csv": LFS }, /holds several datasets: a\.csv, b\.csv/],
  ])("a folder of %s", async (_, files, message) => {
    const folder = write(temporaryFolder(), files);
    const error = await errorOf(() => readDataset(folder));
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toMatch(message);
  });
});

describe("NumPy", () => {
  const read = (one: Uint8Array, two: Uint8Array, options?: ReaderOptions) =>
    readNpy({ images: one, labels: two }, options);
  const fine = array("images-u1");
  const labels = array("labels-i8");
  const i64 = (...values: bigint[]) => new Uint8Array(BigInt64Array.from(values).buffer);

  it.each<[string, () => Promise<unknown>, RegExp]>([
    ["Python objects", () => read(array("objects"), labels), /array of Python objects, .*np\.stack/],
    [
      "one-hot labels",
      () => read(fine, array("labels-one-hot")),
      /These are one-hot: save np\.argmax\(labels, axis=1\)/,
    ],
    ["images and labels exchanged", () => read(labels, fine), /has shape 20; images need a count .* exchanged\?/],
    ["images for labels", () => read(fine, fine), /has shape 20x28x28; labels have one dimension.* exchanged\?/],
    [
      "other counts",
      () => read(fine, npyFile("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }", Uint8Array.of(0, 1))),
      /has 2 labels, but .* has 20 images/,
    ],
    [
      "a truncated file",
      () => read(fine.subarray(0, 900), labels),
      /is truncated; download it again \(772 bytes .* 15680: 20x28x28 u1\)/,
    ],
    ["bytes behind", () => read(Uint8Array.of(...fine, 0), labels), /bytes behind its array/],
    [
      "a damaged header",
      () => read(npyFile("{'descr': }"), labels),
      /is a damaged \.npy file: its header is not that of NumPy/,
    ],
    [
      "complex numbers",
      () => read(npyFile("{'descr': '<c8', 'fortran_order': False, 'shape': (1, 1), }", new Uint8Array(8)), labels),
      /complex numbers; save a\.real/,
    ],
    [
      "a structured array",
      () =>
        read(
          npyFile("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1, 1), }", new Uint8Array(4)),
          labels,
        ),
      /structured array/,
    ],
    [
      "float128",
      () => read(npyFile("{'descr': '<f16', 'fortran_order': False, 'shape': (1, 1), }", new Uint8Array(16)), labels),
      /elements of the type "<f16"; save a\.astype/,
    ],
    [
      "integers beyond float32",
      () =>
        read(
          npyFile("{'descr': '<i8', 'fortran_order': False, 'shape': (1, 2), }", i64(1n, 16777217n)),
          npyFile("{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }", Uint8Array.of(0)),
        ),
      /is int64 with 16777217 at image 0, value 1, which float32 does not hold exactly/,
    ],
    [
      "fractions for uint8",
      () => read(array("images-f2"), labels, { dtype: "uint8" }),
      /is float16 with 0\.\d+ at image 0, value \d+; allowed as uint8/,
    ],
    [
      "a label beyond 2^53",
      () =>
        read(
          npyFile("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1), }", Uint8Array.of(0)),
          npyFile("{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }", i64(2n ** 60n)),
        ),
      /label 0 is 1152921504606846976; allowed: integers of up to 53 bits/,
    ],
    [
      "fractional labels",
      () =>
        read(
          npyFile("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1), }", Uint8Array.of(0)),
          npyFile(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }",
            new Uint8Array(Float32Array.of(0.5).buffer),
          ),
        ),
      /label 0 is 0\.5; labels must be integers/,
    ],
    ["a pair of .npz", () => readNpy(dataFile("mnist20.npz") as never), /source is .*; allowed: { images, labels }/],
    [
      "a split that is not there",
      () => readNpz(dataFile("mnist20.npz"), { split: "validation" }),
      /has no validation split; it has: train, test/,
    ],
    [
      "names that are not there",
      () => readNpz(dataFile("mnist20.npz"), { images: "x", labels: "y" }),
      /has no array x; there are x_train, y_train/,
    ],
    [
      "names of one",
      () => readNpz(dataFile("mnist20.npz"), { images: "x_train" }),
      /labels is not given \(--labels NAME\)/,
    ],
    [
      "names that say nothing",
      () => readNpz(zipSync({ "a.npy": fine, "b.npy": fine })),
      /has arrays a, b; which are images and labels\?/,
    ],
    ["a truncated archive", () => readNpz(mnist20.subarray(0, 3000)), /is a damaged zip archive: it has no directory/],
    [
      "a damaged member",
      () => readNpz(mnist20.map((byte, i) => (i === 500 ? byte ^ 255 : byte))),
      /x_train\.npy: is damaged/,
    ],
    ["another file", () => readNpz(parquet), /is a Parquet file, not an \.npz archive/],
  ])("%s", async (_, call, message) => {
    await expect(call()).rejects.toThrow(message);
  });

  test("two arrays without names that say something are told by their dimensions", async () => {
    const dataset = await readNpz(zipSync({ "a.npy": labels, "b.npy": fine }));
    expect([dataset.length, ...dataset.shape]).toEqual([20, 28, 28]);
  });

  test("channels first are moved last", async () => {
    const bytes = Uint8Array.from({ length: 12 }, (_, i) => i);
    const source = {
      images: npyFile("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 3, 2, 2), }", bytes),
      labels: npyFile("{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }", Uint8Array.of(0)),
    };
    const dataset = await readNpy(source, { channelsFirst: true });
    expect([dataset.shape, [...dataset.images]]).toEqual([
      [2, 2, 3],
      [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11],
    ]);
    await expect(readNpy({ images: fine, labels }, { channelsFirst: true })).rejects.toThrow(
      /channelsFirst is true; allowed: images of \[channels/,
    );
  });

  test("float64 is rounded to float32, integers beyond a byte become float32", async () => {
    const one = npyFile("{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }", Uint8Array.of(0));
    const f8 = npyFile(
      "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }",
      new Uint8Array(Float64Array.of(0.1, 1).buffer),
    );
    expect((await readNpy({ images: f8, labels: one })).images).toEqual(Float32Array.of(0.1, 1));
    const i2 = npyFile(
      "{'descr': '<i2', 'fortran_order': False, 'shape': (1, 2), }",
      new Uint8Array(Int16Array.of(-5, 300).buffer),
    );
    expect((await readNpy({ images: i2, labels: one })).images).toEqual(Float32Array.of(-5, 300));
  });
});

describe("CSV", () => {
  const read = (content: string, options?: ReaderOptions) => readCsv(text(content), options);

  test("quotation marks, separators, line ends, texts, an index, empty lines", async () => {
    const dataset = await read('\uFEFF;"a ""x""";b;species\r\n0;"1";2;cat\r\n\r\n1;3;4;"big; dog"\r\n2;5;6;cat');
    expect(dataset).toMatchObject({ shape: [2], length: 3, classes: 2, dtype: "uint8" });
    expect([...dataset.images]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([dataset.classNames, [...dataset.targets]]).toEqual([
      ["big; dog", "cat"],
      [1, 0, 1],
    ]);
  });

  test("numbers that are not bytes", async () => {
    expect((await read("a,b,y\n0.5,-1e3,0\n1,300,1\n")).images).toEqual(Float32Array.of(0.5, -1000, 1, 300));
    expect((await read("a,b,y\n1.0,2.0,0\n")).images).toEqual(Uint8Array.of(1, 2));
    expect((await read("a,b,y\n-3,2,0\n")).images).toEqual(Float32Array.of(-3, 2));
    expect((await read("1,2,cat\n3,4,dog\n", { labels: 2 })).classNames).toEqual(["cat", "dog"]);
    expect((await read("y,1,2\n0,5,6\n")).shape).toEqual([2]);
    expect((await read("label,1x1,1x2,2x1,2x2,3x1,3x2\n0,1,2,3,4,5,6\n")).shape).toEqual([3, 2]);
  });

  it.each<[string, string, ReaderOptions, RegExp]>([
    [
      "no label column",
      "pixel0,pixel1\n1,2\n",
      {},
      /does not say which column holds the labels: its columns are pixel0, pixel1; give labels/,
    ],
    [
      "an unknown column",
      "label,pixel1\n1,2\n",
      { labels: "class" },
      /has no column class; its columns are label, pixel1/,
    ],
    [
      "a column that is not there",
      "label,pixel1\n1,2\n",
      { labels: 2 },
      /has no column 2; allowed: numbers from -2 to 1/,
    ],
    ["rows of different lengths", "label,a\n1,2\n3\n", {}, /has 1 cells in line 3, and 2 in its first/],
    ["rows that are longer", "label,a\n1,2\n3,4,5\n", {}, /more than 2 cells in line 3/],
    ["text among numbers", "label,a\n1,2\n3,x\n", {}, /has "x" in row 1, column a, where a number is expected/],
    ["a missing value", "label,a,b\n1,2,3\n3,,4\n", {}, /has no value in row 1, column a/],
    ["NaN", "label,a\n1,nan\n0,1\n", {}, /1 of 2 values is NaN or infinite/],
    ["a missing label", "label,a\n,2\n", {}, /has no label in row 0/],
    ["no rows", "label,a\n", {}, /has no rows of data/],
    ["no end", 'label,a\n1,"2\n', {}, /quotation mark without an end in line 2/],
    ["labels only", "label\n1\n", {}, /has a column of labels only/],
    ["another shape", "label,a\n1,2\n", { shape: [2] }, /shape is \[2\]; allowed: a shape of 1 values/],
  ])("%s", async (_, content, options, message) => {
    await expect(read(content, options)).rejects.toThrow(message);
  });
});

describe("Parquet", () => {
  it.each<[string, Uint8Array, ReaderOptions, RegExp]>([
    ["truncated", parquet.subarray(0, 4000), {}, /is a damaged Parquet file/],
    ["a column that is not there", parquet, { images: "img" }, /has no column img; its columns are image, label/],
    ["a column of labels that is not there", parquet, { labels: "y" }, /has no column y; its columns are image, label/],
    [
      "a column of numbers for images",
      parquet,
      { images: "label", labels: "label" },
      /has single values in the column label, not images/,
    ],
    ["another file", mnist20, {}, /is a zip archive, not a Parquet file/],
  ])("%s", async (_, bytes, options, message) => {
    await expect(readParquet(bytes, options)).rejects.toThrow(message);
  });

  test("shards of two datasets", async () => {
    await expect(readParquet([dataFile("lists.parquet"), dataFile("table.parquet")])).rejects.toThrow(
      /has other columns than/,
    );
  });
});

describe("options", () => {
  it.each<[string, ReaderOptions, RegExp]>([
    ["split", { split: "tset" as "test" }, /split is "tset"; allowed: "train", "test", "validation"/],
    ["limit", { limit: 0 }, /limit is 0/],
    ["shape", { shape: [0] }, /shape is \[0\]/],
    ["dtype", { dtype: "int8" as "uint8" }, /dtype is "int8"; allowed: "uint8" or "float32"/],
    ["size", { resize: [0, 1] }, /size is \[0,1\]/],
    ["classes", { classes: 0 }, /classes is 0/],
    ["clases", { clases: 3 } as ReaderOptions, /clases is 3; allowed: no option of this name; there are/],
  ])("%s", async (option, options, message) => {
    const error = await errorOf(() => readDataset(dataFile("mnist20.npz"), options));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect((error as InvalidOptionError).option).toBe(option);
    expect(error.message).toMatch(message);
  });

  test("that a format has no use for are refused", async () => {
    await expect(readDataset(dataFile("digits.csv.gz"), { labels: -1, images: "x" })).rejects.toThrow(
      /images is "x"; allowed: nothing, as CSV has no use for it/,
    );
    await expect(readDataset(dataFile("mnist20-png.zip"), { labels: "x" })).rejects.toThrow(
      /labels is "x"; allowed: nothing/,
    );
  });

  test("something else than a source", async () => {
    for (const source of [5, null, {}, { images: new Uint8Array(1) }]) {
      await expect(readDataset(source as never)).rejects.toThrow(InvalidOptionError);
    }
    await expect(readDataset("file://elsewhere/x.npz")).rejects.toThrow(InvalidOptionError);
    await expect(readDataset("/no/such/file.npz")).rejects.toThrow(/there is no such file or folder/);
    const folder = temporaryFolder();
    mkdirSync(join(folder, "a.csv"));
    await expect(readCsv(folder)).rejects.toThrow(/is not one file/);
  });

  test("aborting rejects with the reason", async () => {
    const reason = new Error("enough");
    for (const name of ["mnist20.npz", "mnist20-png.zip", "train-00000-of-00002.parquet", "digits.csv.gz"]) {
      await expect(readDataset(dataFile(name), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    }
  });
});

describe("addresses", () => {
  let server: Server;
  let url: string;
  let tried = 0;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const name = request.url?.slice(1) ?? "";
      if (name === "page.npz") return void response.end(PAGE);
      if (name === "busy.npz" && tried++ === 0) return void response.writeHead(503).end();
      if (name === "none.npz") return void response.writeHead(404).end();
      response.end(readFileSync(dataFile(name.replace("busy", "mnist20"))));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());

  test("are read, with retries, and named by their last part", async () => {
    const local = await (await readDataset(dataFile("mnist20.npz"))).digest();
    for (const name of ["mnist20.npz", "busy.npz"]) {
      const dataset = await readDataset(new URL(`${url}/${name}`), { retryPauses: [0] });
      expect([dataset.name, await dataset.digest()]).toEqual([name, local]);
    }
    expect(tried).toBe(2);
    expect((await readDataset(`${url}/cifar-10-binary.tar.gz`)).length).toBe(9);
  });

  test("of pages and of nothing are errors", async () => {
    await expect(readDataset(`${url}/page.npz`)).rejects.toThrow(/is a web page or XML; is the address right\?/);
    await expect(readDataset(`${url}/none.npz`)).rejects.toThrow(/the server answered 404/);
  });
});
