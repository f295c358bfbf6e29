import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Dataset, RecipeError, StoreError } from "taskloom";
import { type Fault, generate, verify } from "taskloom/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cliPath, run, taskloom, temporaryFolder } from "../support/cli.js";
import { fewDigits, filesIn, small } from "./support.js";

let whole: string;
beforeAll(async () => {
  whole = temporaryFolder(afterAll);
  await generate(await fewDigits(), { ...small, format: "zarr", chunkTasks: 4, out: whole });
});

function copy(change: (path: string) => void): string {
  const out = temporaryFolder();
  cpSync(whole, out, { recursive: true });
  change(out);
  return out;
}

function flipBit(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(path, bytes);
}

describe("each kind of damage is named, with the tasks it concerns", () => {
  const cases: [string, (path: string) => void, Partial<Fault>, RegExp][] = [
    [
      "a flipped bit",
      (path) => flipBit(join(path, "inputs/c.1.0.0"), 99),
      { path: "inputs/c.1.0.0", chunk: 1, kind: "digest", tasks: { start: 104, stop: 108 } },
      /SHA-256/,
    ],
    [
      "a truncated chunk",
      (path) => truncateSync(join(path, "targets/c.5.0"), 10),
      { path: "targets/c.5.0", chunk: 5, kind: "size", tasks: { start: 120, stop: 123 } },
      /truncated: it has 10 bytes of 40/,
    ],
    [
      "a chunk that has grown",
      (path) => writeFileSync(join(path, "targets/c.0.0"), new Uint8Array(41)),
      { path: "targets/c.0.0", chunk: 0, kind: "size", tasks: { start: 100, stop: 104 } },
      /too long/,
    ],
    [
      "a missing chunk",
      (path) => rmSync(join(path, "inputs/c.2.0.0")),
      { path: "inputs/c.2.0.0", chunk: 2, kind: "missing", tasks: { start: 108, stop: 112 } },
      /is missing/,
    ],
    [
      "an array's document",
      (path) => writeFileSync(join(path, "inputs/zarr.json"), "{}"),
      { path: "inputs/zarr.json", kind: "digest" },
      /not what was written/,
    ],
    [
      "no manifest",
      (path) => rmSync(join(path, "manifest.json")),
      { path: "manifest.json", kind: "unfinished" },
      /6 of 6 chunks are not made/,
    ],
  ];

  test.each(cases)("%s", async (_, change, fault, problem) => {
    const path = copy(change);
    const before = filesIn(path);
    const { faults, hashed } = await verify(path);
    expect(faults).toEqual([expect.objectContaining({ ...fault, problem: expect.stringMatching(problem) })]);
    expect(hashed).toBe(fault.kind === "unfinished" ? 0 : 3 + 12);
    expect(filesIn(path)).toEqual(before);
  });

  test("all at once, by the command: one line each, exit code 1; generate mends what is gone", async () => {
    const path = copy((out) => {
      for (const [, change, fault] of cases) if (fault.kind !== "unfinished") change(out);
    });
    const { code, stdout } = await taskloom(["verify", path]);
    expect(code).toBe(1);
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(6);
    expect(lines).toContain("targets/c.5.0 (tasks 120..122) is truncated: it has 10 bytes of 40");
    expect(lines.at(-1)).toBe("15 files hashed: 5 faults");
    const report = JSON.parse((await taskloom(["verify", path, "--json"])).stdout);
    expect(report).toMatchObject({ ok: false, format: "zarr", hashed: 15 });
    for (const { path: bad } of report.faults) rmSync(join(path, bad), { force: true });
    await generate(await fewDigits(), { ...small, format: "zarr", out: path });
    expect(filesIn(path)).toEqual(filesIn(whole));
    const mended = await taskloom(["verify", path]);
    expect([mended.code, mended.stdout]).toEqual([0, "15 files hashed: all is well\n"]);
  });
});

describe("recomputing", () => {
  test("finds what digests cannot: values that were wrong when they were written", async () => {
    const dataset = await fewDigits();
    const path = copy((out) => {
      // Item 10 is the third of chunk 1; its bit is flipped and the manifest made to agree.
      flipBit(join(out, "inputs/c.1.0.0"), 2 * 5 * 22 * 4);
      const manifest = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
      manifest.arrays.inputs.sha256[1] = filesIn(out)["inputs/c.1.0.0"];
      writeFileSync(join(out, "manifest.json"), JSON.stringify(manifest));
    });
    expect((await verify(path)).faults).toEqual([]);
    const result = await verify(path, { recompute: true, dataset, workers: 0 });
    expect(result).toMatchObject({ hashed: 15, recomputed: 46 });
    expect(result.faults).toEqual([
      {
        path: "inputs/c.1.0.0",
        kind: "values",
        chunk: 1,
        tasks: { start: 105, stop: 106 },
        problem: "differs from what the recipe makes in 1 of 8 sequences, the first being 10",
      },
    ]);
  });

  test("of a few chunks", async () => {
    const { recomputed, faults } = await verify(whole, { recompute: 2, dataset: await fewDigits(), workers: 0 });
    expect(faults).toEqual([]);
    // Two of five chunks of 8 and one of 6.
    expect([14, 16]).toContain(recomputed);
  });

  test.each(["npy", "safetensors"] as const)("of %s, which has no digests", async (format) => {
    const dataset = await fewDigits();
    const out = temporaryFolder();
    await generate(dataset, { ...small, format, out });
    expect(await verify(out)).toMatchObject({ format, hashed: 0, recomputed: 0, faults: [] });
    const file = format === "npy" ? "targets.npy" : "tasks.safetensors";
    // The last byte is the last target: task 122's.
    flipBit(join(out, file), readFileSync(join(out, file)).length - 1);
    const { faults } = await verify(out, { recompute: true, dataset, workers: 0 });
    expect(faults).toEqual([expect.objectContaining({ kind: "values", tasks: { start: 122, stop: 123 } })]);
    truncateSync(join(out, file), 2000);
    await expect(verify(out)).rejects.toThrow(/has 2000 bytes, not \d+: it is (truncated|another file)/);
  });

  test("with another dataset is refused", async () => {
    const dataset = await fewDigits();
    const other = Dataset.from({
      images: dataset.images.map((value) => value ^ 1),
      targets: dataset.targets,
      shape: dataset.shape,
      classes: 10,
      name: "other",
    });
    await expect(verify(whole, { recompute: true, dataset: other })).rejects.toThrow(RecipeError);
    await expect(verify(whole, { recompute: true, dataset: other })).rejects.toThrow(/other: has digest/);
    const { code, stderr } = await taskloom(["verify", whole, "--recompute", "--dataset", "mnist-test"]);
    expect([code, stderr]).toEqual([3, expect.stringMatching(/^error: mnist-test: has digest .*\n$/m)]);
  });

  test("by the command, with the dataset the recipe names", async () => {
    const { code, stdout } = await taskloom(["verify", whole, "--recompute", "3", "--workers", "0", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, hashed: 15 });
    expect((await taskloom(["verify", whole, "--recompute", "0"])).code).toBe(2);
  });
});

test("what cannot be opened at all", async () => {
  await expect(verify(temporaryFolder())).rejects.toThrow(StoreError);
  for (const text of ["{}", "<html>", "{"]) {
    const path = copy((out) => writeFileSync(join(out, "zarr.json"), text));
    await expect(verify(path)).rejects.toThrow(StoreError);
  }
  const path = copy((out) => writeFileSync(join(out, "manifest.json"), "{}"));
  await expect(verify(path)).rejects.toThrow(/manifest\.json is not as taskloom writes it/);
});

describe("a disk that fills up", () => {
  test.runIf(process.platform === "linux")(
    "by the limit on file sizes: a clear error, a store that is unfinished",
    async () => {
      const out = join(temporaryFolder(), "store");
      const script = `ulimit -f 20000; exec "$0" "$1" generate --tasks 200 --limit-examples 100 --format zarr --json --out "$2"`;
      const { code, stderr } = await run("sh", ["-c", script, process.execPath, cliPath, out]);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: .*larger than this system allows.*\n$/)]);
      expect(existsSync(join(out, "manifest.json"))).toBe(false);
      expect(Object.keys(filesIn(out))).toEqual(["inputs/zarr.json", "targets/zarr.json", "zarr.json"]);
    },
  );

  // A real one needs a file system of its own, which a namespace gives where the kernel allows it.
  const mount = "mount -t tmpfs -o size=3m tmpfs";
  const possible = spawnSync("unshare", ["-rm", "sh", "-c", `${mount} /tmp`]).status === 0;
  test("really: what is finished stays, and the store goes on when there is room", async ({ skip }) => {
    skip(!possible, "no namespaces, which a file system of its own takes; a limit on file sizes is tested");
    const script = fileURLToPath(new URL("full-disk.mjs", import.meta.url));
    const folder = temporaryFolder();
    const command = `${mount} "$2" && exec "$0" "$1" "$2"`;
    const { code, stdout, stderr } = await run("unshare", [
      "-rm",
      "sh",
      "-c",
      command,
      process.execPath,
      script,
      folder,
    ]);
    expect(code, stderr).toBe(0);
    const report = JSON.parse(stdout);
    expect(report.error).toMatchObject({
      code: "OUTPUT",
      message: expect.stringMatching(/the disk is full; free some space/),
    });
    expect(report.partial).toEqual([]);
    expect(report.faults).toEqual(["unfinished"]);
    expect(report.made).toBeGreaterThan(0);
    expect(report.resumed).toBe(report.made);
    expect(report.verified).toEqual([]);
  });
});
