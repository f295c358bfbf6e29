import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { TaskAugmentor } from "taskloom";
import { describe, expect, test } from "vitest";
import { taskloom, temporaryFolder } from "../support/cli.js";
import { golden, name, sha256, trainingSet } from "../support/support.js";

/** The values of a .npy file without its header. */
function npyValues(path: string): Buffer {
  const file = readFileSync(path);
  return file.subarray(10 + file.readUInt16LE(8));
}

describe("generate", () => {
  test.each(golden.cases.map((c) => [name(c), c] as const))("golden digests through the command: %s", async (_, c) => {
    const out = join(temporaryFolder(), "tasks");
    const { code, stdout } = await taskloom([
      "generate",
      "--tasks",
      "1",
      "--task-offset",
      `${c.task}`,
      "--seed",
      c.seed,
      "--workers",
      "1",
      "--out",
      out,
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^1 task, 1 sequence of 100, .* -> /);
    expect(sha256(npyValues(join(out, "inputs.npy")))).toBe(c.inputs_sha256_f32le_position_column_794);
    expect([...npyValues(join(out, "targets.npy"))]).toEqual(c.targets);
    expect(readdirSync(out).sort()).toEqual(["inputs.npy", "recipe.json", "targets.npy"]);
  });

  test("the files equal the library's result; --json says what was done", async () => {
    const out = join(temporaryFolder(), "deep", "tasks");
    const { code, stdout, stderr } = await taskloom([
      "generate",
      "--tasks",
      "7",
      "--task-offset",
      "3",
      "--samples",
      "2",
      "--sequence-length",
      "11",
      "--seed",
      "0xdecade",
      "--preset",
      "paper",
      "--dtype",
      "float16",
      "--limit-examples",
      "500",
      "--workers",
      "2",
      "--out",
      out,
      "--json",
    ]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ out, items: 14, backend: { name: "wasm" }, workers: 2 });
    expect(report.recipe).toEqual(JSON.parse(readFileSync(join(out, "recipe.json"), "utf8")));
    expect(report.recipe).toMatchObject({
      seed: "14600926",
      taskOffset: 3,
      taskCount: 7,
      dataset: { shape: [500, 28, 28] },
    });
    expect(report.bytes).toBe(readdirSync(out).reduce((sum, file) => sum + statSync(join(out, file)).size, 0));
    using tasks = new TaskAugmentor({
      taskCount: 7,
      taskOffset: 3,
      samplesPerTask: 2,
      sequenceLength: 11,
      seed: 0xdecade,
      preset: "paper",
      dtype: "float16",
      workers: 0,
    });
    const batch = await tasks.transform((await trainingSet()).head(500));
    expect(sha256(npyValues(join(out, "inputs.npy")))).toBe(sha256(batch.inputs.data));
    expect(sha256(npyValues(join(out, "targets.npy")))).toBe(sha256(batch.targets.data));
  });

  test("--no-sequence: every example for every task, or samples of them", async () => {
    const out = temporaryFolder();
    const flags = ["generate", "--no-sequence", "--tasks", "2", "--limit-examples", "30", "--seed", "9", "--json"];
    expect((await taskloom([...flags, "--out", join(out, "all")])).code).toBe(0);
    expect((await taskloom([...flags, "--samples", "5", "--out", join(out, "some")])).code).toBe(0);
    const dataset = (await trainingSet()).head(30);
    for (const [folder, options] of [
      ["all", {}],
      ["some", { samples: 5 }],
    ] as const) {
      using tasks = new TaskAugmentor({ taskCount: 2, seed: 9, drawSequence: false, workers: 0, ...options });
      const batch = await tasks.transform(dataset);
      expect(sha256(npyValues(join(out, folder, "inputs.npy")))).toBe(sha256(batch.inputs.data));
      expect(sha256(npyValues(join(out, folder, "targets.npy")))).toBe(sha256(batch.targets.data));
    }
  });

  test("an existing output stays as it was, until --force", async () => {
    const out = temporaryFolder();
    const flags = ["generate", "--tasks", "2", "--limit-examples", "50", "--out", out];
    expect((await taskloom(flags)).code).toBe(0);
    const before = readFileSync(join(out, "inputs.npy"));
    const refused = await taskloom([...flags, "--seed", "1"]);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toMatch(/^error: .* has inputs\.npy, targets\.npy, recipe\.json already; .*force.*\n$/);
    expect(readFileSync(join(out, "inputs.npy")).equals(before)).toBe(true);
    expect((await taskloom([...flags, "--seed", "1", "--force"])).code).toBe(0);
    expect(readFileSync(join(out, "inputs.npy")).equals(before)).toBe(false);
    expect(readdirSync(out).sort()).toEqual(["inputs.npy", "recipe.json", "targets.npy"]);
  });

  test.each(["SIGINT", "SIGTERM"] as const)("%s leaves nothing behind", async (signal) => {
    const parent = temporaryFolder();
    const out = join(parent, "a", "b");
    const { code, stderr } = await taskloom(["generate", "--tasks", "20000", "--out", out], {
      onStart: (child) => {
        const look = setInterval(() => {
          const [file] = existsSync(out) ? readdirSync(out) : [];
          if (!file || statSync(join(out, file)).size < 10_000_000) return;
          clearInterval(look);
          expect(readdirSync(out).every((entry) => entry.endsWith(".partial"))).toBe(true);
          child.kill(signal);
        }, 5);
      },
    });
    expect(code).toBe(signal === "SIGINT" ? 130 : 143);
    expect(stderr).toMatch(/interrupted: nothing was written\n$/);
    expect(readdirSync(parent)).toEqual([]);
  });
});

describe("inspect and preview", () => {
  test("inspect reports what the files hold", async () => {
    const out = temporaryFolder();
    await taskloom(["generate", "--tasks", "5", "--sequence-length", "20", "--limit-examples", "300", "--out", out]);
    const { code, stdout } = await taskloom(["inspect", out, "--json"]);
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    const inputs = npyValues(join(out, "inputs.npy"));
    const targets = npyValues(join(out, "targets.npy"));
    expect(report.inputs).toMatchObject({ dtype: "float32", shape: [5, 20, 794], sha256: sha256(inputs) });
    expect(report.targets).toMatchObject({ dtype: "uint8", shape: [5, 20], sha256: sha256(targets) });
    expect(report.targets.counts.reduce((a: number, b: number) => a + b)).toBe(100);
    const values = new Float32Array(inputs.buffer.slice(inputs.byteOffset, inputs.byteOffset + inputs.byteLength));
    for (const feature of [0, 400, 783, 784, 793]) {
      const column = Array.from({ length: 100 }, (_, p) => values[p * 794 + feature]!);
      const mean = column.reduce((a, b) => a + b) / 100;
      const deviation = Math.sqrt(column.reduce((a, b) => a + (b - mean) ** 2, 0) / 100);
      expect(report.inputs.features.mean[feature]).toBeCloseTo(mean, 10);
      expect(report.inputs.features.standardDeviation[feature]).toBeCloseTo(deviation, 10);
    }
    const text = (await taskloom(["inspect", out])).stdout;
    expect(text).toContain(`sha256 ${sha256(inputs)}`);
    expect(text).toContain("preset notebook, generator chacha8, seed 0, tasks 0..4");
  });

  test("preview draws a PNG, also for samples, whole datasets and float16", async () => {
    const out = temporaryFolder();
    for (const flags of [
      [],
      ["--no-sequence"],
      ["--no-sequence", "--samples", "3"],
      ["--dtype", "float16", "--identity"],
    ]) {
      await taskloom(["generate", "--tasks", "2", "--limit-examples", "40", "--out", out, "--force", ...flags]);
      const { code, stdout } = await taskloom(["preview", out, "--examples", "3", "--json"]);
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toEqual({ out: join(out, "preview.png") });
      const png = readFileSync(join(out, "preview.png"));
      expect(png.subarray(0, 8).toString("latin1")).toBe("\x89PNG\r\n\x1a\n");
      expect(png.readUInt32BE(16)).toBeGreaterThan(200);
    }
  });
});
