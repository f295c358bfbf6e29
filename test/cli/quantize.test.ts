import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Dataset, TaskAugmentor } from "taskloom";
import { openTasks } from "taskloom/node";
import { describe, expect, test } from "vitest";
import { taskloom, temporaryFolder } from "../support/cli.js";
import { sha256 } from "../support/support.js";

const [COUNT, SIDE] = [30, 5];

/** An IDX file. */
function idx(type: number, shape: readonly number[], values: Buffer): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE((type << 8) | shape.length);
  shape.forEach((size, axis) => {
    header.writeUInt32BE(size, 4 + 4 * axis);
  });
  return Buffer.concat([header, values]);
}

const images = Float32Array.from({ length: COUNT * SIDE * SIDE }, (_, i) => Math.sin(i * 1.7) * 3 + 0.2);
const targets = Uint8Array.from({ length: COUNT }, (_, i) => i % 3);
const floats = Dataset.from({ images, targets, shape: [SIDE, SIDE], classes: 3 });

/** A folder of MNIST's files with images of some type. */
function folderOf(type: number, values: Buffer): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "train-images-idx3-ubyte"), idx(type, [COUNT, SIDE, SIDE], values));
  writeFileSync(join(folder, "train-labels-idx1-ubyte"), idx(0x08, [COUNT], Buffer.from(targets)));
  return folder;
}

const floatFolder = () => folderOf(0x0d, Buffer.from(images.buffer.slice(0)).swap32());
const options = ["--tasks", "4", "--sequence-length", "6", "--seed", "5", "--workers", "0", "--json"];

describe.each([16, 8] as const)("generate --quantize %i", (bits) => {
  test("makes the tasks of the quantized examples; verify, preview, inspect and openTasks find them again", async () => {
    const dataset = floatFolder();
    const out = join(temporaryFolder(), "tasks");
    const args = ["--dataset", dataset, "--quantize", `${bits}`, "--preset", "paper", "--preview", "--out", out];
    const { code, stdout, stderr } = await taskloom(["generate", ...args, ...options]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const steps = floats.quantize({ bits });
    const report = JSON.parse(stdout);
    expect(report.quantization).toEqual(steps.quantization);
    expect(report.preview).toBe(join(out, "preview.png"));
    const digest = await steps.digest();
    expect(report.recipe.dataset).toMatchObject({ dtype: steps.dtype, scale: steps.scale, digest });
    using tasks = new TaskAugmentor({ preset: "paper", taskCount: 4, sequenceLength: 6, seed: 5, workers: 0 });
    const { inputs } = await tasks.transform(steps);
    const file = readFileSync(join(out, "inputs.npy"));
    expect(sha256(file.subarray(10 + file.readUInt16LE(8)))).toBe(sha256(inputs.data));
    const verified = await taskloom(["verify", out, "--recompute", "--json", "--workers", "0"]);
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, recomputed: 4 });
    expect((await taskloom(["inspect", out])).code).toBe(0);
    const set = await openTasks(join(out, "recipe.json"), { workers: 0 });
    expect((await set.at(3)).inputs.data).toEqual(inputs.data.slice(-6 * (SIDE * SIDE + 3)));
  });
});

test("int16 files with --scale; without it, they are float32", async () => {
  const steps = floats.quantize({ bits: 16 });
  const values = Buffer.from(steps.images.buffer.slice(0) as ArrayBuffer).swap16();
  const dataset = folderOf(0x0b, values);
  const out = join(temporaryFolder(), "tasks");
  const scale = ["--scale", `${steps.scale}`];
  const { code, stdout, stderr } = await taskloom([
    "generate",
    "--dataset",
    dataset,
    ...scale,
    "--out",
    out,
    ...options,
  ]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(JSON.parse(stdout).recipe.dataset.digest).toBe(await steps.digest());
  const verified = await taskloom(["verify", out, "--recompute", "--json", "--workers", "0"]);
  expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, recomputed: 4 });
  // Without the value of one step the integers are their values themselves.
  const without = await taskloom(["generate", "--dataset", dataset, "--out", join(out, "b"), ...options]);
  expect([without.code, without.stderr]).toEqual([0, ""]);
  expect(JSON.parse(without.stdout).recipe.dataset).toMatchObject({ dtype: "float32" });
});

test("other bits, and pixels, are refused", async () => {
  const bits = await taskloom(["generate", "--dataset", floatFolder(), "--quantize", "12"]);
  expect([bits.code, bits.stderr]).toEqual([2, expect.stringMatching(/--quantize.*Give 16 or 8/)]);
  const out = join(temporaryFolder(), "tasks");
  const pixels = await taskloom(["generate", "--quantize", "16", "--limit-examples", "20", "--out", out]);
  expect([pixels.code, pixels.stderr]).toEqual([1, expect.stringMatching(/is not float32; only float32/)]);
});
