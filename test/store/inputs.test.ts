import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatasetError, openStore, openTasks, RecipeError, readIdxDataset, StoreError } from "taskloom";
import { generate, inspect, openStoreFolder, preview, verify } from "taskloom/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "../support/cli.js";
import { fewDigits, mapOf, small } from "./support.js";

/** The promises of docs/store.md about files that somebody else made: they are refused soon, with a typed error. */

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

/** Changes the group's document of a copy. */
// biome-ignore lint/suspicious/noExplicitAny: a document to be changed
function edited(change: (document: any) => void): string {
  return copy((out) => {
    const path = join(out, "zarr.json");
    const document = JSON.parse(readFileSync(path, "utf8"));
    change(document);
    writeFileSync(path, JSON.stringify(document));
  });
}

const openings = {
  verify: (path: string) => verify(path),
  inspect: (path: string) => inspect(path),
  preview: (path: string) => preview(path),
  openStoreFolder: (path: string) => openStoreFolder(path),
  openTasks: (path: string) => openTasks(path),
};
const names = Object.keys(openings) as (keyof typeof openings)[];

describe("a pipe is refused: opening it would wait for a writer", () => {
  const pipe = (path: string) => execFileSync("mkfifo", [path]);

  test.each(names)("as the document of a store, by %s", async (name) => {
    const path = copy((out) => {
      rmSync(join(out, "zarr.json"));
      pipe(join(out, "zarr.json"));
    });
    const refused = expect(openings[name](path)).rejects;
    await refused.toThrow(StoreError);
    await expect(openings[name](path)).rejects.toThrow(/is not a regular file but a pipe/);
  });

  test("as a chunk", async () => {
    const chunk = "inputs/c/0/0/0";
    const path = copy((out) => {
      rmSync(join(out, chunk));
      pipe(join(out, chunk));
    });
    const store = await openStoreFolder(path);
    await expect(store.read(0)).rejects.toThrow(/is not a regular file/);
    const { faults } = await verify(path);
    expect(faults.map((fault) => fault.path)).toContain(chunk);
  });

  test("as a recipe, and as a file of a dataset", async () => {
    const path = join(temporaryFolder(), "recipe.json");
    pipe(path);
    await expect(openTasks(path)).rejects.toThrow(RecipeError);
    await expect(openTasks(path)).rejects.toThrow(/is not a regular file/);
    const files = { images: path, labels: path };
    await expect(readIdxDataset(files)).rejects.toThrow(DatasetError);
    await expect(readIdxDataset(files)).rejects.toThrow(/is not a regular file/);
  });
});

test("a device, which has no end, is refused", async () => {
  await expect(readIdxDataset({ images: "/dev/zero", labels: "/dev/zero" })).rejects.toThrow(/is not a regular file/);
});

describe("JSON that is nested deeper than any of ours is a typed error", () => {
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;

  test("in a recipe", async () => {
    await expect(openTasks(`{"format":${deep}}`, { dataset: await fewDigits() })).rejects.toThrow(RecipeError);
  });

  test.each(names)("in the document of a store, by %s", async (name) => {
    const path = copy((out) => writeFileSync(join(out, "zarr.json"), deep));
    await expect(openings[name](path)).rejects.toThrow(StoreError);
  });

  test("in a manifest", async () => {
    const path = copy((out) => writeFileSync(join(out, "manifest.json"), deep));
    await expect(verify(path)).rejects.toThrow(StoreError);
    const files = mapOf(whole).set("/manifest.json", new TextEncoder().encode(deep));
    await expect(openStore(files, { verify: true })).rejects.toThrow(StoreError);
  });
});

test.each([65_537, 2 ** 53])("a recipe of %i classes is refused", async (classes) => {
  const path = edited((document) => {
    document.attributes.taskloom.dataset.classes = classes;
  });
  for (const name of names) await expect(openings[name](path)).rejects.toThrow(RecipeError);
});

test.each(["../secret", "/etc/passwd", "..\\secret", "inputs/../../secret"])(
  "a manifest that names %s is refused before anything of it is read",
  async (key) => {
    const path = copy((out) => {
      const manifest = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
      manifest.documents[key] = "0".repeat(64);
      writeFileSync(join(out, "manifest.json"), JSON.stringify(manifest));
    });
    await expect(verify(path)).rejects.toThrow(/lists the documents/);
    await expect(openStoreFolder(path, { verify: true })).rejects.toThrow(/lists the documents/);
  },
);
