import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StoreError } from "taskloom";
import { finish, generate, openStoreFolder, verify } from "taskloom/node";
import { describe, expect, test } from "vitest";
import { taskloom, temporaryFolder } from "../support/cli.js";
import { listenToNotices } from "../support/notices.js";
import { sha256 } from "../support/support.js";
import { fewDigits, filesIn, small } from "./support.js";

const notices = listenToNotices();
const zarr = { ...small, format: "zarr", chunkTasks: 4 } as const;
const flags = [
  ..."generate --dataset mnist-test --limit-examples 100 --sequence-length 5 --workers 0".split(" "),
  ..."--format zarr --tasks 80 --chunk-tasks 2".split(" "),
];

describe("looks at chunks", () => {
  /** Runs the command and says how often it looked at each chunk's file. */
  async function looksOf(args: readonly string[]): Promise<{ looks: Record<string, number>; most: number }> {
    const report = join(temporaryFolder(), "looks.json");
    const counter = new URL("count-looks.mjs", import.meta.url).href;
    const env = { ...process.env, NODE_OPTIONS: `--import=${counter}`, LOOKS: report };
    const { code, stderr } = await taskloom(args, { env });
    expect([0, 4], stderr).toContain(code);
    return JSON.parse(readFileSync(report, "utf8"));
  }
  const each = (chunks: number) =>
    Object.fromEntries(
      ["inputs", "targets"].flatMap((name) =>
        Array.from({ length: chunks }, (_, chunk) => [`${name}/c.${chunk}.0${name === "inputs" ? ".0" : ""}`, 1]),
      ),
    );

  test("a shard with nothing to do looks at none; the run that finishes looks at each once, 32 at a time", async () => {
    const out = join(temporaryFolder(), "store");
    const shard = (index: number) => [...flags, "--out", out, "--shard", `${index}/2`];
    expect((await looksOf(shard(0))).looks).toEqual({});
    expect((await looksOf(shard(0))).looks).toEqual({});
    const last = await looksOf(shard(1));
    expect(last.looks).toEqual(each(40));
    expect(last.most).toBe(32);
    expect(filesIn(out)).toHaveProperty("manifest.json");
    // Of a finished store a shard looks at its own chunks, as a chunk may have been removed since.
    const again = (await looksOf(shard(1))).looks;
    expect(Object.keys(again)).toHaveLength(40);
    expect(new Set(Object.values(again))).toEqual(new Set([1]));
    expect((await looksOf([...flags, "--out", out])).looks).toEqual(each(40));
    expect((await looksOf(["finish", out])).looks).toEqual(each(40));
  });
});

describe("finish", () => {
  const cut = (out: string, options: object = {}) =>
    fewDigits().then((dataset) => generate(dataset, { ...zarr, ...options, out }));

  test("lists the chunks and shards that are missing, and writes the manifest when none is, again and again", async () => {
    const out = temporaryFolder();
    const whole = temporaryFolder();
    await cut(whole);
    await cut(out, { shard: { index: 1, count: 3 } });
    const half = filesIn(out);
    for (let time = 0; time < 2; time++) {
      expect(await finish(out, { shards: 3 })).toEqual({
        complete: false,
        chunks: 6,
        missing: [
          { start: 0, stop: 2 },
          { start: 4, stop: 6 },
        ],
        shards: [0, 2],
      });
      expect(filesIn(out)).toEqual(half);
    }
    // Shards that have no chunk are never missing.
    expect((await finish(out, { shards: 12 })).shards).toEqual([1, 3, 9, 11]);
    await cut(out, { shard: { index: 0, count: 3 } });
    // The journals of a shard that was made in another folder are put together with the others.
    const elsewhere = temporaryFolder();
    await cut(elsewhere, { shard: { index: 2, count: 3 } });
    cpSync(elsewhere, out, { recursive: true, force: false });
    for (let time = 0; time < 3; time++) {
      expect(await finish(out, { shards: 3 })).toEqual({ complete: true, chunks: 6, missing: [], shards: [] });
      expect(filesIn(out)).toEqual(filesIn(whole));
    }
    expect(await finish(out)).toEqual({ complete: true, chunks: 6, missing: [] });
  });

  test("finds chunks whose files are gone, of a finished store and of an unfinished one; their shards make them again", async () => {
    for (const index of [0, 1]) {
      const out = temporaryFolder();
      await cut(out, { shard: { index: 0, count: 2 } });
      if (index === 1) await cut(out, { shard: { index: 1, count: 2 } });
      const before = filesIn(out);
      rmSync(join(out, "targets/c.1.0"));
      const found = await finish(out, { shards: 2 });
      expect(found.missing[0]).toEqual({ start: 1, stop: 2 });
      expect(found.complete).toBe(false);
      const { resumed } = await cut(out, { shard: { index: 0, count: 2 } });
      expect(resumed).toBe(16);
      const after = filesIn(out);
      expect(after["targets/c.1.0"]).toBe(before["targets/c.1.0"]);
      if (index === 0) await cut(out, { shard: { index: 1, count: 2 } });
      expect((await verify(out)).faults).toEqual([]);
    }
  });

  test("a shard that could finish but for another one's lost chunk says so, and the other one mends it", async () => {
    const out = temporaryFolder();
    await cut(out, { shard: { index: 0, count: 2 } });
    rmSync(join(out, "inputs/c.0.0.0"));
    expect(await cut(out, { shard: { index: 1, count: 2 } })).toMatchObject({ complete: false });
    expect(await notices()).toEqual([
      expect.stringMatching(/the files of chunks 0 are gone or replaced; run their shards again/),
    ]);
    expect(await cut(out, { shard: { index: 0, count: 2 } })).toMatchObject({ complete: true, resumed: 16 });
    expect((await verify(out)).faults).toEqual([]);
  });

  test("by the command: exit codes, ranges, and numbers as sbatch takes them", async () => {
    const out = join(temporaryFolder(), "store");
    expect((await taskloom(["finish", out])).code).toBe(1);
    for (const index of [1, 5])
      expect((await taskloom([...flags, "--out", out, "--shard", `${index}/8`])).code).toBe(0);
    const found = await taskloom(["finish", out, "--shards", "8"]);
    expect([found.code, found.stdout]).toEqual([
      4,
      "30 of 40 chunks are missing: 0-4, 10-24, 30-39\nshards of 8 to run again: 0,2-4,6-7\n",
    ]);
    const json = await taskloom(["finish", out, "--shards", "8", "--json"]);
    expect([json.code, JSON.parse(json.stdout)]).toEqual([
      4,
      expect.objectContaining({ complete: false, chunks: 40, shards: [0, 2, 3, 4, 6, 7] }),
    ]);
    expect((await taskloom([...flags, "--out", out])).code).toBe(0);
    const done = await taskloom(["finish", out]);
    expect([done.code, done.stdout]).toEqual([0, "40 chunks: the store is complete\n"]);
    expect((await taskloom(["finish", out, "--shards", "0"])).code).toBe(2);
    mkdirSync(join(out, "..", "other"));
    writeFileSync(join(out, "..", "other", "zarr.json"), "{}");
    expect((await taskloom(["finish", join(out, "..", "other")])).code).toBe(3);
  });

  test("of a folder without a store is a StoreError that says so", async () => {
    const error = await finish(temporaryFolder()).catch((cause) => cause);
    expect(error).toBeInstanceOf(StoreError);
    expect(error.message).toMatch(/holds no store: zarr\.json is not there/);
  });
});

describe("files that were replaced after a run recorded them", () => {
  test("are hashed by the run that finishes: the same bytes are taken, others are made again", async () => {
    const whole = temporaryFolder();
    const dataset = await fewDigits();
    await generate(dataset, { ...zarr, out: whole });
    const out = temporaryFolder();
    await generate(dataset, { ...zarr, out, shard: { index: 0, count: 2 } });
    const path = (chunk: number) => join(out, `inputs/c.${chunk}.0.0`);
    // Of another run, or of a copy: the same bytes at another time.
    writeFileSync(path(1), readFileSync(path(1)));
    // As an older run leaves it that was started over: of the right size, and at the right time, too.
    const other = readFileSync(path(0)).fill(7);
    writeFileSync(join(out, "other"), other);
    renameSync(join(out, "other"), path(0));
    utimesSync(path(0), 1, 1);
    expect(await generate(dataset, { ...zarr, out })).toMatchObject({ resumed: 16, complete: true });
    expect(filesIn(out)).toEqual(filesIn(whole));
  });
});

test("verify of shards hashes each chunk once, and finds in its shard what is wrong there", async () => {
  const out = temporaryFolder();
  await generate(await fewDigits(), { ...zarr, out });
  writeFileSync(join(out, "inputs/c.4.0.0"), "x");
  writeFileSync(join(out, "mine.txt"), "x");
  const count = 4;
  const results = [];
  for (let index = 0; index < count; index++) results.push(await verify(out, { shard: { index, count } }));
  // Three documents each.
  expect(results.reduce((sum, { hashed }) => sum + hashed - 3, 0)).toBe(12);
  expect(results.map(({ faults }) => faults.map(({ path }) => path))).toEqual([
    ["mine.txt"],
    [],
    [],
    ["inputs/c.4.0.0"],
  ]);
  const { recomputed } = await verify(out, {
    shard: { index: 1, count },
    recompute: true,
    dataset: await fewDigits(),
    workers: 0,
  });
  expect(recomputed).toBe(16);
  const { code, stdout } = await taskloom(["verify", out, "--shard", "1/4"]);
  expect([code, stdout]).toEqual([0, "7 files hashed: all is well\n"]);
  await expect(verify(out, { shard: { index: 4, count } })).rejects.toThrow(/shard\.index is 4; allowed: .*3/);
});

describe("the names of chunks", () => {
  /** Makes of a store what 0.1.0 wrote: a folder for each part of a chunk's name. */
  function withSlashes(out: string): void {
    for (const name of ["inputs", "targets"]) {
      for (const file of readdirSync(join(out, name)).filter((entry) => entry.startsWith("c."))) {
        const path = join(out, name, ...file.split("."));
        mkdirSync(join(path, ".."), { recursive: true });
        renameSync(join(out, name, file), path);
      }
    }
    const manifest = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
    for (const key of Object.keys(manifest.documents)) {
      const text = readFileSync(join(out, key), "utf8").replaceAll('"separator": "."', '"separator": "/"');
      writeFileSync(join(out, key), text);
      manifest.documents[key] = sha256(Buffer.from(text));
    }
    writeFileSync(join(out, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  }

  test("a chunk is one file, and no folders", async () => {
    const out = temporaryFolder();
    await generate(await fewDigits(), { ...zarr, out });
    const entries = readdirSync(out, { recursive: true, encoding: "utf8" });
    expect(entries.filter((entry) => !/zarr\.json|manifest\.json/.test(entry)).sort()).toEqual([
      "inputs",
      ...[0, 1, 2, 3, 4, 5].map((chunk) => join("inputs", `c.${chunk}.0.0`)),
      "targets",
      ...[0, 1, 2, 3, 4, 5].map((chunk) => join("targets", `c.${chunk}.0`)),
    ]);
  });

  test("older stores, of folders, are read, verified, gone on with and started over", async () => {
    const dataset = await fewDigits();
    const out = temporaryFolder();
    await generate(dataset, { ...zarr, out });
    const expected = Buffer.from((await (await openStoreFolder(out)).read(0, 46)).inputs);
    withSlashes(out);
    const before = filesIn(out);
    expect(before).toHaveProperty("inputs/c/5/0/0");
    for (const check of [false, true]) {
      const store = await openStoreFolder(out, { verify: check });
      expect(Buffer.compare(Buffer.from((await store.read(0, 46)).inputs), expected)).toBe(0);
    }
    expect((await verify(out, { recompute: true, dataset, workers: 0 })).faults).toEqual([]);
    rmSync(join(out, "inputs/c/3"), { recursive: true });
    expect((await finish(out)).missing).toEqual([{ start: 3, stop: 4 }]);
    expect(await generate(dataset, { ...zarr, out })).toMatchObject({ resumed: 38, complete: true });
    expect(filesIn(out)).toEqual(before);
    await generate(dataset, { ...zarr, out, force: true });
    expect(Object.keys(filesIn(out))).toContain("inputs/c.5.0.0");
    expect(readdirSync(join(out, "inputs"))).not.toContain("c");
  });
});
