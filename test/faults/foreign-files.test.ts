import { spawnSync } from "node:child_process";
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { OutputError } from "taskloom";
import { generate, verify } from "taskloom/node";
import { describe, expect, test } from "vitest";
import { fewDigits, small } from "../store/support.js";
import { cliPath, run, taskloom, temporaryFolder } from "../support/cli.js";
import { faultsOf, namesIn, soundSeed } from "./support.js";

const zarr = { ...small, format: "zarr", chunkTasks: 4 } as const;

describe("files of others", () => {
  test("force over a store of very many chunks looks at those that are made only", { timeout: 60_000 }, async () => {
    const dataset = await fewDigits();
    const out = temporaryFolder();
    const many = { ...small, outFeatures: 1, sequenceLength: 1, samplesPerTask: 1, labelLayout: "none" } as const;
    const shard = { index: 0, count: 2 ** 20 };
    await generate(dataset, { ...many, taskCount: 3_000_000, format: "zarr", chunkTasks: 1, shard, out });
    // A walk over the six million names that the recipe lists takes minutes: then the limit of this test ends it.
    await generate(dataset, { ...zarr, out, force: true });
    expect(await soundSeed(out, dataset)).toBe(small.seed);
  });

  test("a dangling link of an output's name is in the way and stays", async () => {
    const dataset = await fewDigits();
    for (const [name, options] of [
      ["zarr.json", zarr],
      ["inputs.npy", small],
    ] as const) {
      const parent = temporaryFolder();
      const out = join(parent, "out");
      mkdirSync(out);
      symlinkSync(join(parent, "elsewhere"), join(out, name));
      await expect(generate(dataset, { ...options, out })).rejects.toThrow(OutputError);
      expect(lstatSync(join(out, name)).isSymbolicLink()).toBe(true);
      expect(existsSync(join(parent, "elsewhere"))).toBe(false);
    }
  });
});

describe("records of another set", () => {
  test("a journal of another seed or chunk size vouches for nothing", async () => {
    const dataset = await fewDigits();
    for (const other of [{ seed: 1 }, { chunkTasks: 5 }]) {
      const [out, theirs] = [temporaryFolder(), temporaryFolder()];
      await generate(dataset, { ...zarr, out, shard: { index: 0, count: 3 } });
      await generate(dataset, { ...zarr, ...other, out: theirs, shard: { index: 1, count: 3 } });
      // The parts of two stores that were put together, as by copying folders of two jobs into one.
      for (const name of ["inputs/c", "targets/c", "unfinished"]) {
        cpSync(join(theirs, name), join(out, name), { recursive: true });
      }
      expect(await generate(dataset, { ...zarr, out })).toMatchObject({ complete: true });
      expect(await faultsOf(out, dataset)).toEqual([]);
      expect(existsSync(join(out, "unfinished"))).toBe(false);
    }
  });

  test("a manifest of another set, whose chunks have the same sizes, vouches for nothing", async () => {
    const dataset = await fewDigits();
    const [out, theirs] = [temporaryFolder(), temporaryFolder()];
    await generate(dataset, { ...zarr, out, shard: { index: 0, count: 3 } });
    await generate(dataset, { ...zarr, seed: 1, out: theirs });
    for (const name of ["inputs/c/5", "targets/c/5", "manifest.json"]) {
      cpSync(join(theirs, name), join(out, name), { recursive: true });
    }
    await generate(dataset, { ...zarr, out });
    expect(await faultsOf(out, dataset)).toEqual([]);
  });
});

describe("working files of other runs", () => {
  /** A shard that was stopped for good in the middle of a chunk; returns its working files. */
  async function brokenOff(out: string): Promise<string[]> {
    const { code } = await run(
      process.execPath,
      [
        cliPath,
        ..."generate --dataset mnist-test --limit-examples 100 --sequence-length 50 --workers 0 --format zarr".split(
          " ",
        ),
        ..."--tasks 400 --chunk-tasks 150 --out".split(" "),
        out,
      ],
      {
        onStart: (child) => {
          const look = setInterval(() => {
            if (working(out).filter((name) => /inputs$/.test(name)).length === 0) return;
            clearInterval(look);
            child.kill("SIGKILL");
          }, 2);
        },
      },
    );
    expect(code).toBe(null);
    return working(out).filter((name) => !/journal/.test(name));
  }
  const working = (out: string): string[] => {
    const folder = join(out, "unfinished");
    if (!existsSync(folder)) return [];
    return readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  };

  test("they stay while they are fresh, whatever host and process number they name, and go when old", async () => {
    const parent = temporaryFolder();
    const out = join(parent, "store");
    const parts = await brokenOff(out);
    expect(parts.length).toBeGreaterThan(0);
    // The process that they name is no more on this host: in another container it may live.
    expect(parts.some((name) => name.includes(hostname()))).toBe(true);
    const flags = [
      ..."generate --dataset mnist-test --limit-examples 100 --sequence-length 50 --workers 0 --format zarr".split(" "),
      ..."--tasks 400 --chunk-tasks 150 --shard 2/3 --out".split(" "),
      out,
    ];
    expect((await taskloom(flags)).code).toBe(0);
    expect(working(out)).toEqual(expect.arrayContaining(parts));
    const yesterday = new Date(Date.now() - 86_400_000);
    for (const name of parts) utimesSync(join(out, "unfinished", name), yesterday, yesterday);
    // A run that has something to do removes them: the chunk of this shard is lost.
    rmSync(join(out, "inputs/c/2"), { recursive: true });
    expect((await taskloom(flags)).code).toBe(0);
    for (const name of parts) expect(working(out)).not.toContain(name);
  });

  test("the run that finishes the store removes them", async () => {
    const out = join(temporaryFolder(), "store");
    await brokenOff(out);
    const { code } = await taskloom([
      ..."generate --dataset mnist-test --limit-examples 100 --sequence-length 50 --workers 0 --format zarr".split(" "),
      ..."--tasks 400 --chunk-tasks 150 --out".split(" "),
      out,
    ]);
    expect(code).toBe(0);
    expect(namesIn(out)).toEqual(["inputs", "manifest.json", "targets", "zarr.json"]);
  });

  const isolated = spawnSync("unshare", ["-p", "-f", "--mount-proc", "true"]).status === 0;
  if (!isolated) console.warn("NO PROCESS NAMESPACES HERE: shards in containers are NOT tested, their logic is");
  test.runIf(isolated)("two shards in containers of one host name both end well", async () => {
    const out = join(temporaryFolder(), "store");
    const flags = [
      ..."generate --dataset mnist-test --limit-examples 200 --sequence-length 100 --workers 0 --format zarr".split(
        " ",
      ),
      ..."--tasks 400 --chunk-tasks 50 --out".split(" "),
      out,
    ];
    const inside = (script: string, shard: string) =>
      run("unshare", [
        "-p",
        "-f",
        "--mount-proc",
        "sh",
        "-c",
        script,
        process.execPath,
        cliPath,
        ...flags,
        "--shard",
        shard,
      ]);
    // Process numbers of the first are higher than any of the second.
    const first = inside('i=0; while [ $i -lt 60 ]; do true & i=$((i+1)); done; wait; "$0" "$@"; exit $?', "0/2");
    await setTimeout(700);
    const second = inside('"$0" "$@"; exit $?', "1/2");
    for (const { code, stderr } of await Promise.all([first, second])) expect(code, stderr).toBe(0);
    expect((await verify(out)).faults).toEqual([]);
  });
});

test("a run that was killed while it started over is gone on with", async () => {
  const parent = temporaryFolder();
  const flags = [
    ..."generate --dataset mnist-test --limit-examples 100 --sequence-length 5 --workers 0 --format zarr".split(" "),
    ..."--chunk-tasks 1 --out".split(" "),
  ];
  const template = join(parent, "template");
  expect((await taskloom([...flags, template, "--tasks", "120", "--seed", "1"])).code).toBe(0);
  let struck = 0;
  for (let round = 0; round < 3; round++) {
    const out = join(parent, `${round}`);
    cpSync(template, out, { recursive: true });
    await taskloom([...flags, out, "--tasks", "20", "--seed", "2", "--force"], {
      onStart: (child) => {
        const look = setInterval(() => {
          if (existsSync(join(out, `targets/c/${round * 30}/0`)) && existsSync(join(out, "zarr.json"))) return;
          clearInterval(look);
          child.kill("SIGKILL");
        }, 1);
      },
    });
    if (!existsSync(join(out, "manifest.json"))) struck++;
    const again = await taskloom([...flags, out, "--tasks", "20", "--seed", "2", "--force"]);
    expect(again.code, again.stderr).toBe(0);
    const full = await verify(out, { recompute: true, workers: 0 });
    expect(full.faults).toEqual([]);
    expect(full.recipe.seed).toBe("2");
    expect(readdirSync(join(out, "inputs/c"))).toHaveLength(20);
    rmSync(out, { recursive: true });
  }
  expect(struck).toBeGreaterThan(0);
});
