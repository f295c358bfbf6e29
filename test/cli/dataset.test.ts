import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { dataFile, unpacked, write } from "../dataset/data-files.js";
import { idxFile } from "../dataset/fake.js";
import { taskloom, temporaryFolder } from "../support/cli.js";

const SMALL = ["--tasks", "2", "--sequence-length", "5", "--workers", "0"];

/** What `inspect --json` says of a dataset. */
async function inspected(...args: string[]) {
  const { code, stdout, stderr } = await taskloom(["inspect", ...args, "--json"]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

describe("the command reads data of any form, with the same digest", () => {
  const files = () => write(temporaryFolder(), { ...unpacked("npy.zip"), ...unpacked("kaggle.zip") });

  test("files and folders", async () => {
    const { digest } = await inspected(dataFile("mnist20.npz"));
    const folder = files();
    const forms: string[][] = [
      ["--images", join(folder, "images-i8.npy"), "--labels", join(folder, "labels-i8.npy")],
      [join(folder, "train.csv")],
      [dataFile("mnist20-png.zip")],
      [dataFile("lists.parquet"), "--shape", "28,28"],
      [dataFile("med20.npz"), "--images", "train_images", "--labels", "train_labels"],
    ];
    for (const form of forms) expect((await inspected(...form)).digest).toBe(digest);
  });

  test("an address", async () => {
    const server = createServer((_, response) => response.end(readFileSync(dataFile("mnist20.npz"))));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mnist20.npz`;
    const out = join(temporaryFolder(), "tasks");
    const { code, stderr } = await taskloom(["generate", "--dataset", url, ...SMALL, "--out", out]);
    expect(code, stderr).toBe(0);
    const verified = await taskloom(["verify", out, "--recompute"]);
    expect(verified.stdout).toMatch(/all is well/);
    server.close();
  });
});

test("what is generated from a table is verified and drawn with the same options", async () => {
  const out = join(temporaryFolder(), "tasks");
  const how = ["--labels", "-1", "--shape", "8,8"];
  const data = dataFile("digits.csv.gz");
  const { code, stderr } = await taskloom(["generate", "--dataset", data, ...how, ...SMALL, "--preview", "--out", out]);
  expect(code, stderr).toBe(0);
  expect(existsSync(join(out, "preview.png"))).toBe(true);
  const recipe = JSON.parse(readFileSync(join(out, "recipe.json"), "utf8"));
  expect(recipe.dataset).toMatchObject({ name: data, shape: [1797, 8, 8], classes: 10, dtype: "uint8" });
  expect(Object.keys(recipe.dataset).sort()).toEqual(["classes", "digest", "dtype", "name", "shape"]);
  // The recipe knows the place and the shape, and not the column.
  expect((await taskloom(["verify", out, "--recompute", "--labels", "-1"])).stdout).toMatch(/all is well/);
  const verified = await taskloom(["verify", out, "--recompute", "--dataset", data, "--labels", "-1"]);
  expect([verified.code, verified.stdout]).toEqual([0, expect.stringMatching(/all is well/)]);
  expect((await taskloom(["preview", out, "--dataset", data, ...how])).code).toBe(0);
  const without = await taskloom(["verify", out, "--recompute"]);
  expect([without.code, without.stderr]).toEqual([1, expect.stringMatching(/which column holds the labels/)]);
});

describe("splits and variants", () => {
  const folder = () =>
    write(temporaryFolder(), {
      "t10k-images-idx3-ubyte": idxFile("uint8", [3, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
      "t10k-labels-idx1-ubyte": idxFile("uint8", [3], [0, 1, 2]),
    });

  test("the test split of any folder", async () => {
    const data = folder();
    const refused = await taskloom(["generate", "--dataset", data, ...SMALL, "--out", join(data, "out")]);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/has no train split; it has: test\. Give split \(--split\)/),
    ]);
    expect((await inspected(data, "--split", "test")).shape).toEqual([3, 2, 2]);
    expect((await inspected("mnist", "--split", "test")).shape).toEqual([10000, 28, 28]);
    expect((await inspected(data, "--split", "test", "--resize", "4,6", "--limit-examples", "2")).shape).toEqual([
      2, 4, 6,
    ]);
  });

  test.each<[string[], number, RegExp]>([
    [["--dataset", "mnist", "--classes", "12"], 2, /classes is 12; allowed: 10, or none: MNIST has 10 classes/],
    [["--dataset", "mnist-test", "--split", "train"], 2, /split is "train"; allowed: "test", as mnist-test is/],
    [["--split", "dev"], 2, /--split.*train, test, validation/],
    [["--images", "x.npy"], 2, /--images is "x.npy"; allowed: a file with --labels FILE beside it/],
    [
      ["--dataset", dataFile("mnist20.npz"), "--variant", "letters"],
      1,
      /no variant letters; it holds one dataset: leave/,
    ],
    [["--shape", "a"], 2, /--shape/],
    [["--resize", "1,2,3"], 2, /--resize/],
    [["--dataset", "mnist", "--labels", "y"], 2, /--images is undefined|labels is "y"; allowed: nothing/],
    [["--dataset", "https://127.0.0.1:1/x.npz"], 1, /https:\/\/127\.0\.0\.1:1\/x\.npz: cannot be fetched/],
  ])("%s", async (flags, exit, message) => {
    const out = join(temporaryFolder(), "out");
    const { code, stderr } = await taskloom(["generate", ...flags, ...SMALL, "--out", out]);
    expect(stderr).toMatch(message);
    expect(code).toBe(exit);
    expect(existsSync(out)).toBe(false);
  });
});

describe("inspect of a dataset", () => {
  test("prints shape, classes, counts and range, and draws a picture", async () => {
    const picture = join(temporaryFolder(), "data.png");
    const { code, stdout } = await taskloom(["inspect", dataFile("cifar-10-binary.tar.gz"), "--picture", picture]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^dataset {3}.*cifar-10-binary\.tar\.gz, \[9, 32, 32, 3\] uint8, 10 classes\n {10}sha256 [0-9a-f]{64}\nvalues {4}0 \.\. 255, mean 134\.8, deviation 76\.22\n/,
    );
    expect(stdout).toMatch(/ 3 {10}1 {2}cat\n/);
    expect(stdout).toMatch(/ 9 {10}0 {2}truck\npicture .*data\.png\n$/);
    // 9 classes of one 32 x 32 image, twice as large, with gaps and a margin, beside the names.
    const png = readFileSync(picture);
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([2 * 12 + 10 * 8 + 4 + 68, 2 * 12 + 9 * 68]);
  });

  test("without a path", async () => {
    const { code, stderr } = await taskloom(["inspect"]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/missing required argument 'path'/)]);
  });
});
