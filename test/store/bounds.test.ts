import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OutputError, openTasks, StoreError } from "taskloom";
import { generate, openStoreFolder, preview, verify } from "taskloom/node";
import { expect, test } from "vitest";
import { pacer } from "../../src/base/abort.js";
import { sample } from "../../src/node/read/recompute.js";
import { FolderSink } from "../../src/node/write/folder-sink.js";
import { KnownChunks } from "../../src/node/write/known-chunks.js";
import { npyHeader } from "../../src/store/npy.js";
import { parseGroup } from "../../src/store/zarr.js";
import { taskloom, temporaryFolder } from "../support/cli.js";
import { fewDigits, small } from "./support.js";

/** Counts that a file claims are bounded by what can be there, and loops over them can be ended. */

/** An unfinished store that claims to have chunks of one item, and has none. */
async function claiming(taskCount: number, set: object = {}): Promise<string> {
  const out = temporaryFolder();
  const options = { ...small, ...set, taskCount: 1, samplesPerTask: 1, taskOffset: 0 };
  await generate(await fewDigits(), { ...options, format: "zarr", chunkTasks: 1, out });
  const path = join(out, "zarr.json");
  const document = JSON.parse(readFileSync(path, "utf8"));
  document.attributes.taskloom.taskCount = taskCount;
  for (const { shape } of Object.values(document.consolidated_metadata.metadata) as { shape: number[] }[]) {
    shape[0] = taskCount;
  }
  writeFileSync(path, JSON.stringify(document));
  rmSync(join(out, "manifest.json"));
  return out;
}

test.each([
  ["two arrays", {}, 3_500_000],
  ["three arrays", { labelFormat: "integer" }, 2_333_333],
])("a store of more chunks than a manifest can list is refused: %s", async (_, set, most) => {
  const path = await claiming(most + 1, set);
  const message = `has ${most + 1} items in chunks of 1; allowed: chunks of up to ${most + 1}, and up to ${most} of them`;
  for (const open of [openStoreFolder, openTasks, verify, preview]) {
    const error = await open(path).catch((cause) => cause);
    expect(error).toBeInstanceOf(StoreError);
    expect(error.message).toContain(message);
  }
  const store = await openStoreFolder(await claiming(most, set));
  expect(store.items).toBe(most);
});

test("chunks of more items than the store has are refused", async () => {
  const out = temporaryFolder();
  await generate(await fewDigits(), { ...small, format: "zarr", chunkTasks: 4, out });
  const text = readFileSync(join(out, "zarr.json"), "utf8");
  const path = join(out, "zarr.json");
  const larger = JSON.parse(text);
  larger.attributes.taskloom_store.chunkItems = 2 ** 52;
  for (const name of ["inputs", "targets"]) {
    larger.consolidated_metadata.metadata[name].chunk_grid.configuration.chunk_shape[0] = 2 ** 52;
  }
  writeFileSync(path, JSON.stringify(larger));
  await expect(openStoreFolder(out)).rejects.toThrow(/in chunks of 4503599627370496; allowed: chunks of up to 46/);
});

test.each([false, true, 3_000_000])(
  "verify of millions of chunks that are not there can be ended: %s",
  async (recompute) => {
    const path = await claiming(3_400_000);
    const reason = new Error("enough");
    const abort = new AbortController();
    let steps = 0;
    const verifying = verify(path, {
      recompute,
      signal: abort.signal,
      // Timers run only if the loop lets them.
      onProgress: () => steps++ === 0 && setTimeout(() => abort.abort(reason)),
    });
    await expect(verifying).rejects.toBe(reason);
    expect(steps).toBeLessThan(3_400_000);
  },
);

test.each(["inspect", "verify"])(
  "Ctrl-C ends %s of a file that is larger than any disk reads soon",
  async (command) => {
    // The file has a hole for most of its 550 GB.
    const out = temporaryFolder();
    const options = { ...small, samplesPerTask: 1, taskOffset: 0, taskCount: 1 };
    await generate(await fewDigits(), { ...options, out });
    const recipe = JSON.parse(readFileSync(join(out, "recipe.json"), "utf8"));
    const taskCount = 2 ** 30;
    writeFileSync(join(out, "recipe.json"), JSON.stringify({ ...recipe, taskCount }));
    for (const [name, dtype, shape, bytes] of [
      ["inputs", "float32", [taskCount, 5, 22], 440],
      ["targets", "uint8", [taskCount, 5], 5],
    ] as const) {
      const header = npyHeader(dtype, shape);
      writeFileSync(join(out, `${name}.npy`), header);
      truncateSync(join(out, `${name}.npy`), header.length + taskCount * bytes);
    }
    const flags = command === "verify" ? ["--recompute", "--json"] : ["--json"];
    const { code, stdout } = await taskloom([command, out, ...flags], {
      onStart: (child) => setTimeout(() => child.kill("SIGINT"), 900),
    });
    expect([code, stdout]).toEqual([130, ""]);
  },
);

test("a sample has the size asked for, in order, without repetition, whatever the size", async () => {
  for (const [count, n] of [
    [10, 1],
    [10, 9],
    [10, 10],
    [10, 11],
    [100_000, 99_999],
  ] as const) {
    const drawn = await sample(count, n, undefined);
    expect(drawn).toHaveLength(Math.min(n, count));
    expect(new Set(drawn).size).toBe(drawn.length);
    expect([...drawn].sort((a, b) => a - b)).toEqual(drawn);
    expect(drawn.every((number) => Number.isInteger(number) && number >= 0 && number < count)).toBe(true);
  }
  const seen = new Set<number>();
  for (let i = 0; i < 400; i++) for (const number of await sample(5, 2, undefined)) seen.add(number);
  expect([...seen].sort()).toEqual([0, 1, 2, 3, 4]);
});

test("a loop that is paced lets other work run, and ends when it is aborted", async () => {
  const reason = new Error("enough");
  const abort = new AbortController();
  const pace = pacer(abort.signal);
  setTimeout(() => abort.abort(reason), 1);
  const loop = async () => {
    for (;;) await pace();
  };
  await expect(loop()).rejects.toBe(reason);
});

test("a picture that would take too much memory is refused", async () => {
  const out = temporaryFolder();
  await generate(await fewDigits(), {
    ...small,
    samplesPerTask: 1,
    sequenceLength: 80,
    taskCount: 60,
    outFeatures: 40_000,
    identity: { permutation: true },
    out,
    format: "zarr",
    shard: { index: 59, count: 60 },
    chunkTasks: 1,
  });
  const drawing = preview(out, { tasks: 60, examples: 80, dataset: "mnist" });
  await expect(drawing).rejects.toThrow(
    /tasks is 60; allowed: fewer tasks or examples: the picture would have \d+ x \d+/,
  );
});

test("looking for the chunks of a store that is gone on with can be ended", async () => {
  const chunks = 3_400_000;
  const out = await claiming(chunks);
  const layout = parseGroup(readFileSync(join(out, "zarr.json"), "utf8"), out);
  const reason = new Error("enough");
  const abort = new AbortController();
  const known = new KnownChunks(new FolderSink(out), layout, abort.signal);
  await known.read();
  // Timers run only if the loop lets them.
  setTimeout(() => abort.abort(reason));
  await expect(known.missing({ start: 0, stop: chunks })).rejects.toBe(reason);
});

test("generate refuses pipes and devices where it reads", async () => {
  const pipe = join(temporaryFolder(), "options.json");
  execFileSync("mkfifo", [pipe]);
  for (const file of [pipe, "/dev/zero"]) {
    const { code, stderr } = await taskloom(["generate", "--options", file, "--out", join(temporaryFolder(), "x")]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/not a regular file/)]);
  }
  for (const name of ["zarr.json", "manifest.json", "unfinished/journal-host-1-00000000.jsonl"]) {
    const out = await claiming(2);
    rmSync(join(out, name), { force: true });
    mkdirSync(join(out, "unfinished"), { recursive: true });
    execFileSync("mkfifo", [join(out, name)]);
    const outcome = await generate(await fewDigits(), { ...small, format: "zarr", out }).catch((cause) => cause);
    expect(outcome).toBeInstanceOf(OutputError);
    // A journal that cannot be read says nothing; this one is in a store of something else.
    expect(outcome.message).toMatch(name.startsWith("un") ? /has a store of something else/ : /is not a regular file/);
  }
});
