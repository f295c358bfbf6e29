import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { unpacked, write } from "../dataset/data-files.js";
import { idxFile } from "../dataset/fake.js";
import { taskloom, temporaryFolder } from "../support/cli.js";
import { npyHeader } from "../support/npy.js";

const SMALL = ["--tasks", "2", "--sequence-length", "5", "--workers", "0"];
const [COUNT, FEATURES] = [12, 6];

/** Two .npy files of examples, and the flags that name them. */
function pair(descr: "<f4" | "<i2"): string[] {
  const folder = temporaryFolder();
  const values = Array.from({ length: COUNT * FEATURES }, (_, i) => ((i * 37) % 101) - 40);
  const data = descr === "<i2" ? Int16Array.from(values) : Float32Array.from(values, (value) => value / 7);
  const [images, labels] = [join(folder, "x.npy"), join(folder, "y.npy")];
  writeFileSync(images, Buffer.concat([npyHeader(descr, [COUNT, FEATURES]), Buffer.from(data.buffer)]));
  writeFileSync(
    labels,
    Buffer.concat([npyHeader("|u1", [COUNT]), Buffer.from(Array.from(values, (_, i) => i % 3)).subarray(0, COUNT)]),
  );
  return ["--images", images, "--labels", labels];
}

test.each([
  ["float32, centered", "<f4", ["--center"]],
  ["float32, centered and quantized", "<f4", ["--center", "--quantize", "16"]],
  ["int16 as values, in 8 bits", "<i2", ["--quantize", "8"]],
  ["int16 as values, in 16 bits", "<i2", ["--quantize", "16"]],
  ["int16 with a scale", "<i2", ["--scale", "0.25"]],
] as const)("verify --recompute and --recipe find the examples again: %s", async (_, descr, flags) => {
  const out = join(temporaryFolder(), "tasks");
  const files = pair(descr);
  const made = await taskloom(["generate", ...files, ...flags, ...SMALL, "--out", out]);
  expect(made.code, made.stderr).toBe(0);
  const checked = await taskloom(["verify", out, "--recompute", ...files, "--workers", "0"]);
  expect(checked.code, checked.stderr).toBe(0);
});

test.each(["npy", "safetensors", "zarr"])("--recipe takes a folder of %s", async (format) => {
  const folder = temporaryFolder();
  const [first, second] = [join(folder, "first"), join(folder, "second")];
  const made = await taskloom(["generate", "--limit-examples", "50", ...SMALL, "--format", format, "--out", first]);
  expect(made.code, made.stderr).toBe(0);
  const again = await taskloom(["generate", "--recipe", first, "--workers", "0", "--format", format, "--out", second]);
  expect(again.code, again.stderr).toBe(0);
  const file = { npy: "inputs.npy", safetensors: "tasks.safetensors", zarr: "manifest.json" }[format] as string;
  expect(readFileSync(join(second, file)).equals(readFileSync(join(first, file)))).toBe(true);
});

test("a folder of more than ten images is read without a warning", async () => {
  const out = join(temporaryFolder(), "tasks");
  const folder = write(temporaryFolder(), unpacked("mnist20-png.zip"));
  const { code, stderr } = await taskloom(["generate", "--dataset", folder, ...SMALL, "--out", out, "--json"]);
  expect([code, stderr]).toEqual([0, ""]);
});

test("IDX files are paired whatever type their names say", async () => {
  const images = idxFile(
    "uint8",
    [3, 2, 2],
    Array.from({ length: 12 }, (_, i) => i),
  );
  const labels = idxFile("uint8", [3], [0, 1, 2]);
  const folder = write(temporaryFolder(), { "train-images-idx2-float": images, "train-labels-idx1-ubyte": labels });
  const { code, stdout } = await taskloom(["inspect", folder, "--json"]);
  expect([code, JSON.parse(stdout).shape]).toEqual([0, [3, 2, 2]]);
});

test("a dataset that is not where its recipe says: the remedy is named", async () => {
  const folder = temporaryFolder();
  const [, images, , labels] = pair("<f4");
  for (const [name, path] of [
    ["x.npy", images as string],
    ["y.npy", labels as string],
  ] as const) {
    writeFileSync(join(folder, name), readFileSync(path));
  }
  const out = join(folder, "tasks");
  const files = ["--images", "x.npy", "--labels", "y.npy"];
  const made = await taskloom(["generate", ...files, ...SMALL, "--out", out], { cwd: folder });
  expect(made.code, made.stderr).toBe(0);
  const { code, stderr } = await taskloom(["verify", out, "--recompute", "--workers", "0"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /x\.npy: there is no such file or folder here; .* say where it is, by --dataset, or \{ dataset \}/,
  );
});

test("--recipe keeps the labels that were renumbered, of examples that take the recipe's shape", async () => {
  const folder = temporaryFolder();
  const [images, labels] = [join(folder, "x.npy"), join(folder, "y.npy")];
  writeFileSync(images, Buffer.concat([npyHeader("|u1", [COUNT, FEATURES]), Buffer.alloc(COUNT * FEATURES, 7)]));
  writeFileSync(
    labels,
    Buffer.concat([npyHeader("|u1", [COUNT]), Buffer.from(Array.from({ length: COUNT }, (_, i) => 5 + (i % 3) * 2))]),
  );
  const files = ["--images", images, "--labels", labels];
  const [first, second] = [join(folder, "first"), join(folder, "second")];
  const made = await taskloom([
    "generate",
    ...files,
    "--shape",
    "2,3",
    "--classes",
    "compact",
    ...SMALL,
    "--out",
    first,
  ]);
  expect(made.code, made.stderr).toBe(0);
  const again = await taskloom(["generate", "--recipe", first, ...files, "--workers", "0", "--out", second]);
  expect(again.code, again.stderr).toBe(0);
  const recipe = readFileSync(join(first, "recipe.json"), "utf8");
  expect(JSON.parse(recipe).dataset).toMatchObject({ shape: [COUNT, 2, 3], originalLabels: [5, 7, 9] });
  expect(readFileSync(join(second, "recipe.json"), "utf8")).toBe(recipe);
});
