import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OutputError } from "taskloom";
import { generate } from "taskloom/node";
import { describe, expect, test } from "vitest";
import { fewDigits, filesIn, small } from "../store/support.js";
import { taskloom, temporaryFolder } from "../support/cli.js";
import { namesIn, soundSeed, start, until } from "./support.js";

/** The names of the files of each format, in order. */
const NAMES = {
  npy: ["inputs.npy", "recipe.json", "targets.npy"],
  safetensors: ["tasks.safetensors"],
} as const;
const FORMATS = ["npy", "safetensors"] as const;

/** Large enough to be struck while it is written: some 100 MB. */
const LONG = "generate --dataset mnist-test --limit-examples 100 --tasks 400 --workers 0".split(" ");

describe.each(FORMATS)("%s: two runs into one folder", (format) => {
  test.each([false, true])(
    "of a run and one that starts later (force: %s) one succeeds, and no file is of the other",
    async (force) => {
      const dataset = await fewDigits();
      // Pieces have 4 MiB, so that there are several of them.
      const long = { ...small, taskCount: 40, samplesPerTask: 1, sequenceLength: 100, outFeatures: 784, seed: 1 };
      for (let round = 0; round < 6; round++) {
        const out = temporaryFolder();
        let reports = 0;
        let other: Promise<unknown> | undefined;
        const begin = () => {
          other ??= generate(dataset, { ...small, seed: 2, format, out, force });
          other.catch(() => undefined);
        };
        const one = generate(dataset, {
          ...long,
          format,
          out,
          onProgress: () => {
            if (reports++ === round % 3) begin();
          },
        });
        const [first] = await Promise.allSettled([one]);
        const [second] = await Promise.allSettled([other]);
        expect([first.status, second?.status].sort()).toEqual(["fulfilled", "rejected"]);
        expect(await soundSeed(out, dataset)).toBe(first.status === "fulfilled" ? 1 : 2);
        expect(namesIn(out)).toEqual(NAMES[format]);
      }
    },
  );

  test("a foreign file that appears while a run works stays as it is", async () => {
    const dataset = await fewDigits();
    const out = temporaryFolder();
    const name = NAMES[format].at(-1) as string;
    const attempt = generate(dataset, {
      ...small,
      format,
      out,
      onProgress: () => writeFileSync(join(out, name), "mine"),
    });
    await expect(attempt).rejects.toThrow(OutputError);
    expect(namesIn(out)).toEqual([name]);
    expect(readFileSync(join(out, name), "utf8")).toBe("mine");
  });
});

describe.each(FORMATS)("%s: runs that are ended", (format) => {
  /** Starts a long run and waits until it has written some MB. */
  async function underWay(out: string) {
    const run = start([...LONG, "--format", format, "--out", out]);
    const large = () => namesIn(out).some((name) => size(join(out, name)) > 2_000_000);
    await until(large, "some MB");
    return run;
  }

  test("what kill -9 left goes with the next run, forced or not; foreign .partial files stay", async () => {
    const dataset = await fewDigits();
    for (const force of [false, true]) {
      const out = temporaryFolder();
      const { child, finished } = await underWay(out);
      child.kill("SIGKILL");
      await finished;
      expect(namesIn(out).some((name) => name.endsWith(".partial"))).toBe(true);
      writeFileSync(join(out, "inputs.npy.partial"), "a download");
      await generate(dataset, { ...small, format, out, force });
      expect(namesIn(out)).toEqual([...NAMES[format], "inputs.npy.partial"].sort());
      rmSync(join(out, "inputs.npy.partial"));
      expect(await soundSeed(out, dataset)).toBe(small.seed);
    }
  });
});

test("with force, a folder of an output's name is an error that leaves the earlier result whole", async () => {
  const dataset = await fewDigits();
  const out = temporaryFolder();
  await generate(dataset, { ...small, out });
  rmSync(join(out, "targets.npy"));
  mkdirSync(join(out, "targets.npy"));
  const before = filesIn(out);
  await expect(generate(dataset, { ...small, seed: 1, out, force: true })).rejects.toThrow(OutputError);
  expect(filesIn(out)).toEqual(before);
  expect(statSync(join(out, "targets.npy")).isDirectory()).toBe(true);
});

test("a folder of an output's name that appears while a forced run works leaves the earlier result whole", async () => {
  const dataset = await fewDigits();
  const out = temporaryFolder();
  await generate(dataset, { ...small, out });
  const recipe = readFileSync(join(out, "recipe.json"), "utf8");
  const attempt = generate(dataset, {
    ...small,
    seed: 1,
    out,
    force: true,
    onProgress: (done) => {
      if (done > 0) return;
      rmSync(join(out, "targets.npy"));
      mkdirSync(join(out, "targets.npy"));
    },
  });
  await expect(attempt).rejects.toThrow(OutputError);
  expect(readFileSync(join(out, "recipe.json"), "utf8")).toBe(recipe);
  expect(readdirSync(out).sort()).toEqual(NAMES.npy);
});

test("the command's exit code says that an existing result will stay in the way", async () => {
  const out = temporaryFolder();
  const flags = "generate --dataset mnist-test --tasks 2 --limit-examples 50 --workers 0 --out".split(" ");
  expect((await taskloom([...flags, out])).code).toBe(0);
  expect((await taskloom([...flags, out])).code).toBe(3);
});

function size(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
