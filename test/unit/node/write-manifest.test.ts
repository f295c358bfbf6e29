import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generate } from "taskloom/node";
import { expect, test } from "vitest";
import { FolderSink } from "../../../src/node/write/folder-sink.js";
import { KnownChunks } from "../../../src/node/write/known-chunks.js";
import { readStore } from "../../../src/node/write/store-documents.js";
import { writeManifest } from "../../../src/node/write/write-manifest.js";
import type { StoreLayout } from "../../../src/store/zarr.js";
import { fewDigits, small } from "../../store/support.js";
import { temporaryFolder } from "../../support/cli.js";

const zarr = { ...small, format: "zarr", chunkTasks: 4 } as const;

/** A store without its manifest, and the zarr.json of another seed. */
async function stores() {
  const [out, other] = [temporaryFolder(), temporaryFolder()];
  const dataset = await fewDigits();
  await generate(dataset, { ...zarr, out });
  await generate(dataset, { ...zarr, seed: 8, out: other });
  const sink = new FolderSink(out);
  const layout = (await readStore(sink)) as StoreLayout;
  const known = new KnownChunks(sink, layout);
  await known.read();
  const startOver = () => writeFileSync(join(out, "zarr.json"), readFileSync(join(other, "zarr.json")));
  return { out, sink, layout, known, startOver };
}

test("a run that starts over while another one writes the manifest never gets its digests", async () => {
  const { out, sink, layout, known, startOver } = await stores();
  const own = readFileSync(join(out, "manifest.json"), "utf8");
  const { get } = sink.files;
  let reads = 0;
  // The run is suspended at its second document.
  sink.files.get = async (...args) => {
    if (++reads === 2) startOver();
    return get(...args);
  };
  await expect(writeManifest(sink, layout, known)).rejects.toThrow(/has a store of something else: seed/);
  expect(readFileSync(join(out, "manifest.json"), "utf8")).toBe(own);
});

test("a run that was started over while it wrote the manifest does not succeed", async () => {
  const { out, sink, layout, known, startOver } = await stores();
  const put = sink.put.bind(sink);
  sink.put = async (key, text) => {
    startOver();
    await sink.begin();
    await put(key, text);
  };
  await expect(writeManifest(sink, layout, known)).rejects.toThrow(/has a store of something else: seed/);
  expect(existsSync(join(out, "manifest.json"))).toBe(true);
});
