import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OutputError, openTasks, StoreError } from "taskloom";
import { generate, openStoreFolder, preview, verify } from "taskloom/node";
import { expect, test } from "vitest";
import { taskloom, temporaryFolder } from "../support/cli.js";
import { npyHeader } from "../support/npy.js";
import { claiming, fewDigits, small } from "./support.js";

/** Counts that a file claims are bounded by what can be there, and loops over them can be ended. */

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
    for (const [name, descr, shape, bytes] of [
      ["inputs", "<f4", [taskCount, 5, 22], 440],
      ["targets", "|u1", [taskCount, 5], 5],
    ] as const) {
      const header = npyHeader(descr, shape);
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
