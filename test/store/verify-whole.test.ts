import { cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type OpenOptions, openStore, openTasks, StoreError, type TaskAugmentorOptions } from "taskloom";
import { type Fault, generate, inspect, openStoreFolder, verify } from "taskloom/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { taskloom, temporaryFolder } from "../support/cli.js";
import { fewDigits, mapOf, serveFolder, small } from "./support.js";

/** The promises of docs/store.md about opening and verifying: the files are those of the recipe, all of them, no others. */

const formats = ["npy", "safetensors", "zarr"] as const;
type Format = (typeof formats)[number];
const whole = {} as Record<Format, string>;
const integers = {} as Record<Format, string>;
beforeAll(async () => {
  for (const format of formats) {
    const make = async (options: TaskAugmentorOptions) => {
      const out = temporaryFolder(afterAll);
      const chunks = format === "zarr" ? { chunkTasks: 4 } : {};
      await generate(await fewDigits(), { ...small, ...options, format, out, ...chunks });
      return out;
    };
    whole[format] = await make({});
    integers[format] = await make({ labelFormat: "integer" });
  }
});

function copy(from: string, change: (path: string) => void): string {
  const out = temporaryFolder();
  cpSync(from, out, { recursive: true });
  change(out);
  return out;
}

function put(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

// biome-ignore lint/suspicious/noExplicitAny: a document to be changed
function editJson(path: string, change: (value: any) => void): void {
  const value = JSON.parse(readFileSync(path, "utf8"));
  change(value);
  writeFileSync(path, JSON.stringify(value));
}

/** Rewrites the header of a safetensors file, and its values if asked for. */
// biome-ignore lint/suspicious/noExplicitAny: a header to be changed
function editHeader(folder: string, change: (header: any) => void, values = (bytes: Buffer) => bytes): void {
  const path = join(folder, "tasks.safetensors");
  const file = readFileSync(path);
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString("utf8", 8, 8 + length));
  change(header);
  const text = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(path, Buffer.concat([size, text, values(file.subarray(8 + length))]));
}

/** Changes the recipe in a folder of any format. */
// biome-ignore lint/suspicious/noExplicitAny: a recipe to be changed
function editRecipe(folder: string, format: Format, change: (recipe: any) => void): void {
  if (format === "npy") editJson(join(folder, "recipe.json"), change);
  if (format === "zarr") editJson(join(folder, "zarr.json"), ({ attributes }) => change(attributes.taskloom));
  if (format !== "safetensors") return;
  editHeader(folder, ({ __metadata__ }) => {
    const recipe = JSON.parse(__metadata__.taskloom);
    change(recipe);
    __metadata__.taskloom = JSON.stringify(recipe);
  });
}

/** All ways to open a folder refuse it with the same error. */
async function expectRefused(folder: string, message: RegExp): Promise<void> {
  const { url } = await serveFolder(folder);
  for (const opening of [
    () => verify(folder),
    () => inspect(folder),
    () => openStoreFolder(folder),
    () => openStore(url),
    () => openTasks(url),
    () => openStore(mapOf(folder) as never),
  ]) {
    const error = await opening().catch((cause) => cause);
    expect(error).toBeInstanceOf(StoreError);
    expect(error.message).toMatch(message);
  }
}

describe.each(formats)("a %s set whose recipe makes other arrays is refused", (format) => {
  // biome-ignore lint/suspicious/noExplicitAny: a recipe to be changed
  const changes: [string, (recipe: any) => void, RegExp][] = [
    [
      "fewer tasks",
      (recipe) => (recipe.taskCount = 10),
      /inputs of float32 \[46, 5, 22\]; its recipe makes float32 \[20,/,
    ],
    ["more tasks", (recipe) => (recipe.taskCount = 40), /its recipe makes float32 \[80, 5, 22\]/],
    ["longer sequences", (recipe) => (recipe.sequenceLength = 7), /its recipe makes float32 \[46, 7, 22\]/],
    ["other features", (recipe) => (recipe.outFeatures = 11), /its recipe makes float32 \[46, 5, 21\]/],
    ["another type", (recipe) => (recipe.dtype = "float16"), /its recipe makes float16 \[46, 5, 22\]/],
    ["more classes", (recipe) => (recipe.dataset.classes = 12), /its recipe makes float32 \[46, 5, 24\]/],
    ["labels of two bytes", (recipe) => (recipe.specialTokens = 300), /its recipe makes float32 \[46, 5, 322\]/],
    ["labels as integers", (recipe) => (recipe.labelFormat = "integer"), /its recipe makes|labels/],
    ["no labels", (recipe) => (recipe.labelLayout = "none"), /its recipe makes float32 \[46, 5, 12\]/],
  ];
  test.each(changes)("%s", async (_, change, message) => {
    await expectRefused(
      copy(whole[format], (path) => editRecipe(path, format, change)),
      message,
    );
  });

  test("integer labels of two bytes, and special tokens that change only the type of the targets", async () => {
    const path = copy(integers[format], (out) => editRecipe(out, format, (recipe) => (recipe.specialTokens = 300)));
    await expectRefused(path, /targets of uint8 \[46, 5\]; its recipe makes uint16 \[46, 5\]/);
  });
});

describe("a safetensors file is tiled by its tensors", () => {
  const cases: [string, (path: string) => void, RegExp][] = [
    [
      "tensors that overlap",
      (path) =>
        editHeader(path, (header) => {
          header.targets.data_offsets = [0, 230];
        }),
      /tensor (inputs|targets) begins at byte \d+; the bytes before end at/,
    ],
    [
      "a gap",
      (path) =>
        editHeader(path, (header) => {
          header.targets.data_offsets = header.targets.data_offsets.map((at: number) => at + 8);
        }),
      /tensor targets begins at byte \d+; the bytes before end at \d+/,
    ],
    [
      "a tensor that its shape does not fill",
      (path) =>
        editHeader(path, (header) => {
          header.targets.data_offsets[1] += 1;
        }),
      /tensor targets takes 231 bytes, which its shape does not/,
    ],
    [
      "bytes behind the last",
      (path) => writeFileSync(join(path, "tasks.safetensors"), Buffer.alloc(3), { flag: "a" }),
      /tasks\.safetensors has \d+ bytes, not \d+: it is another file/,
    ],
    [
      "a file cut short",
      (path) => truncateSync(join(path, "tasks.safetensors"), 9000),
      /tasks\.safetensors has 9000 bytes, not \d+: it is truncated/,
    ],
    [
      "a header cut short",
      (path) => truncateSync(join(path, "tasks.safetensors"), 100),
      /tasks\.safetensors ends within its header/,
    ],
    [
      "a tensor more",
      (path) =>
        editHeader(path, (header) => {
          header.labels = header.targets;
        }),
      /labels/,
    ],
    [
      "a header that claims more than any of ours",
      (path) => writeFileSync(join(path, "tasks.safetensors"), Buffer.alloc(100, 0xff)),
      /bad header length/,
    ],
  ];
  test.each(cases)("%s", async (_, change, message) => {
    await expectRefused(copy(whole.safetensors, change), message);
  });
});

describe("a manifest lists exactly the documents that there are", () => {
  const cases: [string, (documents: Record<string, string>) => void][] = [
    [
      "none",
      (documents) => {
        for (const key of Object.keys(documents)) delete documents[key];
      },
    ],
    ["one less", (documents) => delete documents["inputs/zarr.json"]],
    ["one more", (documents) => (documents["labels/zarr.json"] = "0".repeat(64))],
    ["a name that leaves the folder", (documents) => (documents["../../../../etc/hostname"] = "0".repeat(64))],
    ["a device", (documents) => (documents["../../../../../../../dev/zero"] = "0".repeat(64))],
    ["a name from the root", (documents) => (documents["/etc/hostname"] = "0".repeat(64))],
  ];
  test.each(cases)("%s", async (_, change) => {
    const path = copy(whole.zarr, (out) => editJson(join(out, "manifest.json"), ({ documents }) => change(documents)));
    for (const opening of [() => verify(path), () => openStoreFolder(path, { verify: true })]) {
      await expect(opening()).rejects.toThrow(StoreError);
      await expect(opening()).rejects.toThrow(
        /manifest\.json lists the documents .*; the store has inputs\/zarr\.json, /,
      );
    }
  });

  test("zarr.json of another seed is noticed by verify and by opening with verify", async () => {
    const path = copy(whole.zarr, (out) => editRecipe(out, "zarr", (recipe) => (recipe.seed = "8")));
    const { faults } = await verify(path);
    expect(faults).toEqual([{ path: "zarr.json", kind: "digest", problem: "is not what was written" }]);
    for (const open of [openStoreFolder, openTasks]) {
      await expect(open(path, { verify: true })).rejects.toThrow(/zarr\.json is not what was written: its SHA-256 is/);
    }
  });
});

describe("files that do not belong are named", () => {
  const strangers: Record<Format, string[]> = {
    zarr: [
      "inputs/c/99/0/0",
      "inputs/c/6/0/0",
      "inputs/c/05/0/0",
      "inputs/c/5/0/1",
      "inputs/c/1e0/0/0",
      "inputs/notes.txt",
      "labels/c/0/0",
      "labels/zarr.json",
      "recipe.json",
      "unfinished/draft.txt",
      "unfinished/part-host-1-00000000-7-inputs",
      ".hidden",
    ],
    npy: ["labels.npy", "manifest.json", "tasks.safetensors.1-abcd.partial", "targets.npy.77-00ff00ff.partial"],
    safetensors: ["inputs.npy", "recipe.json", "tasks.safetensors.1-abcd.partial"],
  };
  test.each(formats)("%s", async (format) => {
    const path = copy(whole[format], (out) => {
      for (const name of [...strangers[format], "preview.png"]) put(join(out, name), "x");
      if (format !== "zarr") put(join(out, "anything/else.txt"), "x");
    });
    const { faults } = await verify(path);
    expect(faults.map(({ path, kind }) => [path, kind])).toEqual(
      strangers[format].sort().map((name) => [name, "foreign"]),
    );
    for (const { path: name, problem } of faults) {
      expect(problem).toMatch(/part-|\.partial$/.test(name) ? /left of a run that was broken off/ : /does not belong/);
    }
    const { code, stdout } = await taskloom(["verify", path]);
    expect(code).toBe(1);
    expect(stdout).toContain(`${strangers[format][0]} `);
  });

  test.each(formats)("a whole set of %s has none", async (format) => {
    for (const sets of [whole, integers]) expect((await verify(sets[format])).faults).toEqual([]);
  });

  test("working files of an unfinished store belong to it", async () => {
    const path = copy(whole.zarr, (out) => {
      rmSync(join(out, "manifest.json"));
      put(join(out, "unfinished/journal-host-1-00000000.jsonl"), "");
      put(join(out, "unfinished/part-host-1-00000000-7-inputs"), "");
      put(join(out, "unfinished/draft.txt"), "");
    });
    const { faults } = await verify(path);
    expect(faults.map(({ path, kind }) => [path, kind])).toEqual([
      ["manifest.json", "unfinished"],
      ["unfinished/draft.txt", "foreign"],
    ]);
  });

  test("of very many, a thousand", async () => {
    const path = copy(whole.zarr, (out) => {
      for (let i = 0; i < 1003; i++) writeFileSync(join(out, `stranger-${i}`), "");
    });
    const { faults } = await verify(path);
    expect(faults).toHaveLength(1001);
    expect(faults.at(-1)?.problem).toMatch(/^holds 3 more files/);
  });
});

describe("an unfinished store", () => {
  async function half(): Promise<string> {
    const out = temporaryFolder();
    await generate(await fewDigits(), { ...small, format: "zarr", chunkTasks: 4, out, shard: { index: 0, count: 2 } });
    return out;
  }
  const unfinished: Fault = {
    path: "manifest.json",
    kind: "unfinished",
    problem: "is missing: the store is unfinished, 3 of 6 chunks are not made; run generate again",
  };

  test.each([true, 6, 2])("is reported on by verify with recompute: %s", async (recompute) => {
    const path = await half();
    const { faults, recomputed, hashed } = await verify(path, { recompute, dataset: await fewDigits(), workers: 0 });
    expect(faults).toEqual([unfinished]);
    expect(hashed).toBe(6);
    if (recompute === 2) expect([0, 8, 16]).toContain(recomputed);
    else expect(recomputed).toBe(24);
  });

  test("has the documents of its arrays", async () => {
    const path = await half();
    editJson(join(path, "inputs/zarr.json"), (document) => {
      document.fill_value = 1;
    });
    rmSync(join(path, "targets/zarr.json"));
    const { faults } = await verify(path);
    expect(faults.map(({ path, kind }) => [path, kind])).toEqual([
      ["inputs/zarr.json", "digest"],
      ["targets/zarr.json", "missing"],
      ["manifest.json", "unfinished"],
    ]);
  });
});

describe("taskloom verify --recompute", () => {
  test.each([
    [["--recompute", "DIR"], 46],
    [["DIR", "--recompute"], 46],
    [["--recompute", "--", "DIR"], 46],
    [["--recompute", "2", "DIR"], undefined],
    [["--recompute", "DIR", "--workers", "0"], 46],
  ])("%j", async (args, recomputed) => {
    const { code, stdout, stderr } = await taskloom([
      "verify",
      "--json",
      ...args.map((arg) => arg.replace("DIR", whole.zarr)),
    ]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    if (recomputed === undefined) expect([14, 16]).toContain(report.recomputed);
    else expect(report.recomputed).toBe(recomputed);
  });

  test.each([
    [["--recompute"], /missing required argument 'dir'/],
    [["--recompute", "3"], /missing required argument 'dir'/],
    [[], /missing required argument 'dir'/],
    [["--recompute", "x", "DIR"], /'--recompute \[n\]' argument 'x' is invalid/],
    [["DIR", "--recompute", "1.5"], /argument '1\.5' is invalid/],
    [["DIR", "DIR", "DIR"], /too many arguments/],
  ])("%j is wrong usage", async (args, message) => {
    const { code, stderr } = await taskloom(["verify", ...args.map((arg) => arg.replace("DIR", whole.zarr))]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });
});

describe("openTasks(..., { verify: true })", () => {
  test("finds a flipped bit, which openTasks without it reads", async () => {
    const path = copy(whole.zarr, (out) => {
      const file = join(out, "inputs/c/1/0/0");
      const bytes = readFileSync(file);
      bytes[99] = (bytes[99] as number) ^ 1;
      writeFileSync(file, bytes);
    });
    const { url } = await serveFolder(path);
    for (const source of [path, url]) {
      await using plain = await openTasks(source);
      await plain.at(8);
      await using verified = await openTasks(source, { verify: true });
      await verified.at(0);
      await expect(verified.at(8)).rejects.toThrow(/inputs\/c\/1\/0\/0 is damaged: its SHA-256 is/);
    }
  });

  test.each(["npy", "safetensors"] as const)("is refused for %s, which has no digests", async (format) => {
    const opening = openTasks(whole[format], { verify: true });
    await expect(opening).rejects.toThrow(StoreError);
    await expect(opening).rejects.toThrow(`is of the format ${format}, which keeps no digests to verify`);
  });

  test("is refused for an open store, and for what is neither true nor false", async () => {
    const store = await openStoreFolder(whole.zarr);
    await expect(openTasks(store, { verify: true })).rejects.toThrow(
      /verify is true; allowed: false for a store that is open/,
    );
    await expect(openTasks(whole.zarr, { verify: 1 } as unknown as OpenOptions)).rejects.toThrow(/verify is 1/);
  });

  test("has the dataset of a recipe to check, as always", async () => {
    const recipe = join(whole.npy, "recipe.json");
    await using tasks = await openTasks(recipe, { verify: true, dataset: await fewDigits(), workers: 0 });
    expect(tasks.length).toBe(46);
    await expect(openTasks(recipe, { verify: true, dataset: (await fewDigits()).head(99) })).rejects.toThrow(/digest/);
  });
});

describe("openTasks opens every format, from anywhere", () => {
  test.each(formats)("%s", async (format) => {
    const { url } = await serveFolder(whole[format]);
    await using expected = await openTasks(whole.zarr);
    const all = await expected.range(0, 46);
    for (const source of [whole[format], url, await openStore(mapOf(whole[format]) as never)]) {
      await using tasks = await openTasks(source as string);
      expect(await tasks.range(0, 46)).toEqual(all);
      expect(await tasks.at(45)).toEqual(await expected.at(45));
    }
    await using labelled = await openTasks(integers[format]);
    await using same = await openTasks(integers.zarr);
    expect(await labelled.range(3, 40)).toEqual(await same.range(3, 40));
  });

  test("and reads no document twice", async () => {
    for (const format of formats) {
      const seen: string[] = [];
      const { url } = await serveFolder(whole[format], {
        answer: ({ url, headers }) => {
          seen.push(`${url} ${headers.range ?? ""}`);
          return false;
        },
      });
      await using tasks = await openTasks(url);
      await tasks.at(1);
      expect(new Set(seen).size).toBe(seen.length);
    }
  });

  test("without ranges, whole files are read and held", async () => {
    const files = mapOf(whole.npy);
    let reads = 0;
    const store = {
      get: (key: `/${string}`) => {
        if (key.endsWith("inputs.npy")) reads++;
        return files.get(key);
      },
    };
    const reader = await openStore(store);
    for (let item = 0; item < 46; item++) await reader.read(item);
    // Once for the header, once for the values.
    expect(reads).toBe(2);
  });
});
