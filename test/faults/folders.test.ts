import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { OutputError } from "taskloom";
import { generate } from "taskloom/node";
import { describe, expect, test } from "vitest";
import { fewDigits, filesIn, small } from "../store/support.js";
import { taskloom, temporaryFolder } from "../support/cli.js";
import { namesIn, outcomes, ROUNDS, soundSeed } from "./support.js";

const zarr = { ...small, format: "zarr", chunkTasks: 4 } as const;

describe("files that are not the store's", () => {
  test.each([
    ["manifest.json", "manifest.json", '{"name":"app"}'],
    ["a folder unfinished", "unfinished/draft.txt", "draft"],
    ["a file unfinished", "unfinished", "draft"],
    ["an array", "inputs/mine.txt", "mine"],
    ["npy files", "inputs.npy", "npy"],
  ])("%s is in the way of a new store, and stays", async (_, name, text) => {
    const out = temporaryFolder();
    mkdirSync(join(out, name, ".."), { recursive: true });
    writeFileSync(join(out, name), text);
    const dataset = await fewDigits();
    for (const force of [false, true]) {
      const attempt = generate(dataset, { ...zarr, out, force });
      await expect(attempt).rejects.toThrow(OutputError);
      await expect(attempt).rejects.toMatchObject({ permanent: true });
    }
    expect(readFileSync(join(out, name), "utf8")).toBe(text);
    expect(existsSync(join(out, "zarr.json"))).toBe(false);
  });

  test.each(['{"name":"app"}', "my notes"])(
    "a manifest.json beside a store of ours that is not its own stays: %s",
    async (text) => {
      const out = temporaryFolder();
      const dataset = await fewDigits();
      await generate(dataset, { ...zarr, out, shard: { index: 0, count: 2 } });
      writeFileSync(join(out, "manifest.json"), text);
      for (const force of [false, true]) {
        await expect(generate(dataset, { ...zarr, out, force })).rejects.toThrow(
          /manifest\.json that is not the store's/,
        );
      }
      expect(readFileSync(join(out, "manifest.json"), "utf8")).toBe(text);
    },
  );

  test("they stay in the folders of a store that is finished, or started over", async () => {
    const out = temporaryFolder();
    const dataset = await fewDigits();
    await generate(dataset, { ...zarr, out, shard: { index: 0, count: 2 } });
    const foreign = ["unfinished/draft.txt", "inputs/notes.txt", "inputs/c.0.0/mine", "labels/annot.csv"];
    for (const name of foreign) {
      mkdirSync(join(out, name, ".."), { recursive: true });
      writeFileSync(join(out, name), name);
    }
    await generate(dataset, { ...zarr, out });
    expect(Object.keys(filesIn(out))).toEqual(expect.arrayContaining(["manifest.json", ...foreign]));
    await generate(dataset, { ...zarr, out, seed: 9, chunkTasks: 5, force: true });
    expect(Object.keys(filesIn(out))).toEqual(expect.arrayContaining(foreign));
    for (const name of foreign) expect(readFileSync(join(out, name), "utf8")).toBe(name);
    expect(namesIn(join(out, "unfinished"))).toEqual(["draft.txt"]);
  });

  test("journals of another store are ignored and reported", async () => {
    const out = join(temporaryFolder(), "store");
    const flags = [
      ..."generate --dataset mnist-test --limit-examples 100 --sequence-length 5 --workers 0 --format zarr".split(" "),
      ..."--tasks 12 --chunk-tasks 2 --out".split(" "),
    ];
    const elsewhere = join(temporaryFolder(), "store");
    expect((await taskloom([...flags, elsewhere, "--seed", "2", "--shard", "0/2"])).code).toBe(0);
    expect((await taskloom([...flags, out, "--seed", "1", "--shard", "1/2"])).code).toBe(0);
    const [journal] = namesIn(join(elsewhere, "unfinished")) as [string];
    writeFileSync(join(out, "unfinished", journal), readFileSync(join(elsewhere, "unfinished", journal)));
    for (const chunk of [0, 1, 2]) {
      const name = `inputs/c.${chunk}.0.0`;
      mkdirSync(join(out, name, ".."), { recursive: true });
      writeFileSync(join(out, name), readFileSync(join(elsewhere, name)));
    }
    const { code, stderr } = await taskloom([...flags, out, "--seed", "1"]);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(`${journal} is a journal of another store`);
    expect((await taskloom(["verify", out, "--recompute", "--workers", "0"])).code).toBe(0);
  });
});

test("working files are left over by their age, whatever their names say", async () => {
  const out = temporaryFolder();
  const dataset = await fewDigits();
  const shard = { index: 0, count: 2 };
  await generate(dataset, { ...zarr, out, shard });
  // A process number of this machine that is no more may be a living one of another container.
  const [young, old] = ["part-host-999999-00000000-5-inputs", "part-host-1-00000000-5-inputs"] as const;
  for (const name of [young, old]) writeFileSync(join(out, "unfinished", name), "");
  const twoHoursAgo = Date.now() / 1000 - 7200;
  utimesSync(join(out, "unfinished", old), twoHoursAgo, twoHoursAgo);
  await generate(dataset, { ...zarr, out, shard });
  expect(namesIn(join(out, "unfinished"))).toContain(young);
  expect(namesIn(join(out, "unfinished"))).not.toContain(old);
  await generate(dataset, { ...zarr, out });
  expect(namesIn(out)).not.toContain("unfinished");
});

describe.each(["npy", "safetensors"] as const)("%s", (format) => {
  const set = { ...small, format } as const;

  test("of several runs at once into one folder exactly one succeeds, and its files are whole", async () => {
    const dataset = await fewDigits();
    const parent = temporaryFolder();
    for (let round = 0; round < ROUNDS; round++) {
      const out = join(parent, `${round}`);
      const { values, errors } = await outcomes([1, 2, 3].map((seed) => generate(dataset, { ...set, out, seed })));
      expect(values).toHaveLength(1);
      for (const error of errors) expect(error).toBeInstanceOf(OutputError);
      expect(await soundSeed(out, dataset)).toBe(Number(values[0]?.recipe.seed));
      expect(namesIn(out).filter((name) => name.endsWith(".partial"))).toEqual([]);
    }
  });

  test("forced runs at once: what is there is of one run, or nothing says that it is whole", async () => {
    const dataset = await fewDigits();
    const parent = temporaryFolder();
    for (let round = 0; round < ROUNDS; round++) {
      const out = join(parent, `${round}`);
      if (round % 2 === 1) await generate(dataset, { ...set, out, seed: 9 });
      const { values, errors } = await outcomes(
        [1, 2].map((seed) => generate(dataset, { ...set, out, seed, force: true })),
      );
      expect(values.length).toBeLessThanOrEqual(1);
      for (const error of errors) expect(error).toBeInstanceOf(OutputError);
      if (values.length === 1) expect(await soundSeed(out, dataset)).toBe(Number(values[0]?.recipe.seed));
      expect(namesIn(out).filter((name) => name.endsWith(".partial"))).toEqual([]);
    }
  });

  test("temporary files of runs that were killed go with the next one that succeeds", async () => {
    const out = temporaryFolder();
    const name = format === "npy" ? "inputs.npy" : "tasks.safetensors";
    writeFileSync(join(out, `${name}.4711-0badcafe.partial`), "left over");
    writeFileSync(join(out, "mine.4711-0badcafe.partial"), "not ours");
    await generate(await fewDigits(), { ...set, out });
    expect(namesIn(out).filter((entry) => entry.endsWith(".partial"))).toEqual(["mine.4711-0badcafe.partial"]);
  });
});

test("preview.png is a file of its own, never written through a link", async () => {
  const out = join(temporaryFolder(), "tasks");
  const target = join(temporaryFolder(), "precious.txt");
  writeFileSync(target, "precious");
  const flags = "generate --dataset mnist-test --tasks 2 --sequence-length 5 --workers 0 --out".split(" ");
  expect((await taskloom([...flags, out])).code).toBe(0);
  symlinkSync(target, join(out, "preview.png"));
  expect((await taskloom(["preview", out])).code).toBe(0);
  expect(readFileSync(target, "utf8")).toBe("precious");
  expect(readFileSync(join(out, "preview.png")).subarray(1, 4).toString()).toBe("PNG");
});

test.skipIf(process.platform === "win32")("a device that a preview is to be written to stays a device", async () => {
  const out = join(temporaryFolder(), "tasks");
  const link = join(temporaryFolder(), "nowhere");
  const flags = "generate --dataset mnist-test --tasks 2 --sequence-length 5 --workers 0 --out".split(" ");
  expect((await taskloom([...flags, out])).code).toBe(0);
  symlinkSync("/dev/null", link);
  expect((await taskloom(["preview", out, "--out", link])).code).toBe(0);
  expect(readlinkSync(link)).toBe("/dev/null");
});

test("with force, files that changed since the run began stay, all of them", async () => {
  const out = temporaryFolder();
  const dataset = await fewDigits();
  await generate(dataset, { ...small, out });
  const targets = readFileSync(join(out, "targets.npy"));
  let changed = false;
  const attempt = generate(dataset, {
    ...small,
    out,
    seed: 9,
    force: true,
    onProgress: () => {
      if (changed) return;
      changed = true;
      linkSync(join(out, "recipe.json"), join(out, "kept"));
      rmSync(join(out, "inputs.npy"));
      writeFileSync(join(out, "inputs.npy"), "another run's");
    },
  });
  await expect(attempt).rejects.toThrow(/another run has written here meanwhile/);
  expect(readdirSync(out).sort()).toEqual(["inputs.npy", "kept", "recipe.json", "targets.npy"]);
  expect(readFileSync(join(out, "inputs.npy"), "utf8")).toBe("another run's");
  expect(readFileSync(join(out, "targets.npy"))).toEqual(targets);
  expect(readFileSync(join(out, "recipe.json"))).toEqual(readFileSync(join(out, "kept")));
});

test.each(["zarr.json", "manifest.json"])("a folder %s is in the way for ever", async (name) => {
  const out = join(temporaryFolder(), "store");
  const flags = "generate --dataset mnist-test --limit-examples 50 --sequence-length 5 --workers 0 --format zarr".split(
    " ",
  );
  if (name === "manifest.json")
    expect((await taskloom([...flags, "--shard", "0/2", "--tasks", "4", "--out", out])).code).toBe(0);
  mkdirSync(join(out, name), { recursive: true });
  for (const force of [[], ["--force"]]) {
    const { code, stderr } = await taskloom([...flags, ...force, "--tasks", "4", "--out", out]);
    expect([code, stderr]).toEqual([
      3,
      expect.stringMatching(/is in the way, as it is a folder; move it, or give another/),
    ]);
  }
});
